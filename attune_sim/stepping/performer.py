"""Attempts that wait to be looked at: each is forked and rendered as it starts, called when its end comes up on a virtual timeline.

Every fork that a real performer with so many workers would keep alive is alive here, held the same way: nothing is copied or kept for those
who look. Nobody waits: what a script says an attempt takes, and one second for real actions, passes on the timeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import Any, Final, NamedTuple

from attune_sim.actions.synthetic import Scripted
from attune_sim.contexts.strategy import Fork
from attune_sim.engine.events import ActionEnded, AttemptKey, OpenFanOut, Outcome, StartAction, StopAction
from attune_sim.engine.offer import Offer
from attune_sim.executors.agenda import Appointment
from attune_sim.executors.attempts import cancelled, ended_by, late
from attune_sim.executors.drive import Drive
from attune_sim.executors.preparing import Unprepared
from attune_sim.executors.readied import Action, Readied
from attune_sim.executors.stoppable import StoppableCalls
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.results import require_view

SECONDS: Final = 1.0
"""What an action takes that is called for real: how long it really takes would make each stepping another one."""


class Alive(NamedTuple):
    """A fork that is alive, and the attempt that it is for."""

    offer: Offer
    slot: int
    attempt: int
    state: str
    fork: Fork


@dataclass(slots=True, eq=False)
class _Begun:
    """An attempt under way."""

    command: StartAction
    fork: Fork
    input: Mapping[str, Any]
    call: Action
    began: float
    is_late: bool
    end: Appointment | None = None


class SteppedPerformer:
    """Performs one attempt a step. `offers` are those that are open, `alive()` the forks that exist now."""

    def __init__(self, timeline: VirtualTimeline) -> None:
        self.offers: dict[int, Offer] = {}  # by their identity
        self._timeline = timeline
        self._begun: dict[AttemptKey, _Begun] = {}
        self._ended: set[tuple[int, int]] = set()  # offer and slot, of those that were forked ahead
        self._calls = StoppableCalls()
        self._numbers: dict[str, count[int]] = {}

    def enter(self, drive: Drive) -> None:
        self._drive, self._attempts = drive, drive.attempts

    # -- what is alive -------------------------------------------------------------------------------------------------

    def alive(self) -> list[Alive]:
        """The forks that exist now: of attempts under way, in the order in which they began, then those that were made ahead."""
        known, found = set(), []
        for begun in self._begun.values():
            known.add(id(begun.fork))
            command = begun.command
            found.append(Alive(command.offer, command.slot, command.attempt, "under way", begun.fork))
        found += (one for one in self._made_ahead() if id(one.fork) not in known)
        return found

    def _made_ahead(self) -> Iterator[Alive]:
        for offer in self.offers.values():
            kept = enumerate(self._attempts.forks_kept(offer))
            made = [(slot, fork, (id(offer), slot) in self._ended) for slot, fork in kept if fork is not None]
            for slot, fork, is_over in sorted(made, key=lambda one: (one[2], one[0])):
                yield Alive(offer, slot, 0, "ended" if is_over else "waiting", fork)

    # -- attempts ------------------------------------------------------------------------------------------------------

    def open(self, command: OpenFanOut) -> None:
        self.offers[id(command.offer)] = command.offer
        self._attempts.open(command)

    def start(self, command: StartAction) -> None:
        drive, now = self._drive, self._timeline.now()
        drive.job.steps.begin(command)
        try:
            fork, input, *_ = self._attempts.prepare(command)
        except Unprepared as failed:
            self._timeline.at(now, drive.tell, self._attempts.unprepared(command, failed, now))
            return
        action = drive.job.actions[command.action]
        seconds, limit = self._seconds(action, command), inf if command.timeout is None else command.timeout
        is_late = isinstance(action, Scripted) and seconds > limit
        begun = _Begun(command, fork, input, self._ready(action, command), now, is_late)
        self._begun[command.key] = begun
        begun.end = self._timeline.at(now + min(seconds, limit), self._end, begun)

    def _seconds(self, action: Action, command: StartAction) -> float:
        if not isinstance(action, Scripted):
            return SECONDS
        number = next(self._numbers.setdefault(command.action, count()))
        answer = action.script.answer(action.task, call=number, index=command.index, attempt=command.attempt)
        return answer.duration

    def _ready(self, action: Action, command: StartAction) -> Action:
        """What is called for an attempt, and returns: it raises `ActionTimeout` if it takes too much real time."""
        call = action.ready(command) if isinstance(action, Readied) else action
        return self._calls.returning(action, call, command)

    def _end(self, begun: _Begun) -> None:
        """Call the action, and tell how it ended."""
        try:
            event = self._called(begun)
        except BaseException:  # who steps stopped it, or memory ran out: the next step calls it anew
            begun.end = self._timeline.at(self._timeline.now(), self._end, begun)
            raise
        if event.ended > self._timeline.now():
            begun.end = self._timeline.at(event.ended, self._tell, (begun, event))
        else:
            self._tell((begun, event))

    def _called(self, begun: _Begun) -> ActionEnded:
        command, now = begun.command, self._timeline.now()
        outcome: Outcome = "succeeded"
        error = None
        try:
            if begun.is_late:
                raise late(command.timeout)
            result = begun.call(**begun.input)
            if command.offer.plain:
                require_view(result)
        except (MemoryError, KeyboardInterrupt):
            raise
        except BaseException as raised:
            outcome, result, error = ended_by(raised, command.action, begun.input)
        ended = now
        if command.timeout is not None and outcome == "timed_out":
            ended = max(now, begun.began + command.timeout)
        key = command.key
        return ActionEnded(
            key.task, key.visit, key.index, key.attempt, outcome, result, error, begun.began, ended, key.run
        )

    def _tell(self, ended: tuple[_Begun, ActionEnded]) -> None:
        begun, event = ended
        self._let_go(begun)
        self._drive.tell(event)

    def _let_go(self, begun: _Begun) -> None:
        """Of fork and input, as every performer does before it tells of the end."""
        command = begun.command
        del self._begun[command.key], begun.fork, begun.input
        self._ended.add((id(command.offer), command.slot))

    # -- ends before their time ----------------------------------------------------------------------------------------

    def stop(self, command: StopAction) -> None:
        begun = self._begun.get(command.key)
        if begun is not None:
            assert begun.end is not None
            begun.end.cancel()
            self._let_go(begun)
            now = self._timeline.now()
            self._timeline.at(now, self._drive.tell, cancelled(begun.command, now, begun.began))

    def withdraw(self) -> list[StartAction]:
        """Nothing: whatever was asked for has begun."""
        return []

    def close(self, offer: Offer) -> None:
        self.offers.pop(id(offer), None)
        self._ended = {one for one in self._ended if one[0] != id(offer)}
        self._attempts.close(offer)

    def leave(self) -> None:
        """Let go of threads, and of what was under way."""
        self._calls.close()
        self._begun.clear()
        self.offers.clear()

    def __repr__(self) -> str:
        return f"<SteppedPerformer: {len(self._begun)} under way>"
