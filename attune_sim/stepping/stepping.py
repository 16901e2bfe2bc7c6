"""A run that goes on only when it is asked to: one event at a time, each looked at once and kept as a `Moment`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from attune_sim.engine.events import Command, EndRun, Event, StartAction
from attune_sim.engine.runner import Steps
from attune_sim.errors import counted
from attune_sim.executors.drive import Drive
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.session import Session
from attune_sim.stepping.look import Look, look_at
from attune_sim.stepping.performer import SteppedPerformer
from attune_sim.stepping.step import Moment, Told
from attune_sim.stepping.told import BEGUN, call_place, told_of_commands, told_of_event

Wanted = Callable[[Told, tuple[Told, ...], str | None], bool]
"""Whether a step is to be looked into, by its event, its commands, and the status of a run that it ends."""


def always(event: Told, commands: tuple[Told, ...], status: str | None) -> bool:
    """Every step is looked into."""
    return True


class Stepping:
    """One run on its way. `steps` are those that were taken, the beginning first; they are never taken again.

    `followed` counts the objects that looks have followed.
    """

    def __init__(self, session: Session) -> None:
        self.steps: list[Moment] = []
        self._timeline = VirtualTimeline()
        self.session = session
        self._performer = SteppedPerformer(self._timeline)
        noted = _Noted(self.session.steps, self)
        self._drive = Drive(replace(self.session.job, steps=noted), self._timeline, self._performer)
        self._untold: tuple[Told, tuple[Told, ...], str | None] | None = None
        self._has_begun = False
        self._is_wanted: Wanted = always
        self._is_halted = False
        self.followed = 0

    @property
    def name(self) -> str:
        """What is stepped through, as it may be shown."""
        spec = self.session.spec
        return self.session.secrets.text(spec.name or spec.workflow.name)

    @property
    def is_over(self) -> bool:
        """Whether no further step will be taken."""
        return self._drive.ending is not None and self._untold is None

    def advance(self, is_wanted: Wanted = always) -> bool:
        """Take one more step, or the few that follow from one event at once; false where the run is over.

        What an action raises becomes an event; `KeyboardInterrupt` and `MemoryError` come through, and the action is called anew
        when the run goes on.
        """
        self._is_wanted = is_wanted
        taken = len(self.steps)
        while len(self.steps) == taken:
            if self.is_over:
                return False
            if self._has_begun:
                self._timeline.step()
            else:
                self._has_begun = True
                self._drive.begin()
            self.settle()
        if self.is_over:
            self._performer.leave()
        if self._is_halted:
            self._is_halted = False
            raise KeyboardInterrupt
        return True

    def close(self) -> None:
        """Let go of what is under way: no further step is taken."""
        self._timeline.clear()
        self._performer.leave()

    # -- noting --------------------------------------------------------------------------------------------------------

    def note(self, event: Event | None, commands: list[Command]) -> None:
        """Told of an event and what follows from it, before that is carried out."""
        mask = self.session.secrets.text
        told = BEGUN if event is None else told_of_event(event, mask)
        ending = next((one for one in commands if type(one) is EndRun and not one.run), None)
        status = None if ending is None else ending.status
        self._untold = told, told_of_commands(commands, mask), status

    def settle(self) -> None:
        """Look at what the last event has led to, if that was not done."""
        if self._untold is None:
            return
        event, commands, status = self._untold
        self._untold = None
        spec, is_wanted = self.session.spec, self._is_wanted(event, commands, status)
        try:
            look = self._look() if is_wanted else _passed_by(self._performer)
        except KeyboardInterrupt:  # the event has been handled: the step is one that was passed by
            look, is_wanted, self._is_halted = _passed_by(self._performer), False, True
        self.followed += look.followed
        self.steps.append(
            Moment(
                workload=self.name,
                strategy=spec.strategy_name,
                dispatch=spec.dispatch,
                number=len(self.steps),
                at_s=self._timeline.now(),
                event=event,
                commands=commands,
                forks=look.forks,
                heap=look.heap,
                heap_bytes=look.heap_bytes,
                more_forks=look.more_forks,
                more_values=look.more_values,
                status=status,
                is_whole=look.is_whole,
                is_looked_into=is_wanted,
            )
        )

    def _look(self) -> Look:
        secrets = self.session.secrets
        mask: Callable[[Any], Any] = secrets.shown if secrets else lambda value: value
        return look_at(self._performer.alive(), self._contexts(), self._performer.offers.values(), mask)

    def _contexts(self) -> Mapping[str, Any]:
        """The context of the run as it is now, and those of sub-workflows as their tasks were dispatched."""
        offers = self._performer.offers.values()
        of_calls = {
            call_place(offer.within): offer.context
            for offer in offers
            if offer.run and offer.context is not None
        }
        return {"": self.session.state.context, **of_calls}

    def __repr__(self) -> str:
        return f"<Stepping of {self.session!r}: {counted(len(self.steps), 'step')}>"


def _passed_by(performer: SteppedPerformer) -> Look:
    return Look((), len(performer.alive()), (), 0, 0, True, 0)


class _Noted:
    """Stands around a run, and notes each event with the commands that follow."""

    def __init__(self, inner: Steps, stepping: Stepping) -> None:
        self._inner, self._stepping = inner, stepping

    def start(self) -> list[Command]:
        commands = self._inner.start()
        self._stepping.note(None, commands)
        return commands

    def begin(self, command: StartAction) -> None:
        self._inner.begin(command)

    def handle(self, event: Event) -> list[Command]:
        self._stepping.settle()  # the call of a sub-workflow is an event that follows at once
        commands = self._inner.handle(event)
        self._stepping.note(event, commands)
        return commands

    def __repr__(self) -> str:
        return f"<Noted {self._inner!r}>"
