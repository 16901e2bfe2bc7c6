"""One run written down in memory, and the same results given again to another version of the workflow, in virtual time.

Attempts are known by their places (task, visit, item, try), so that the task of a sub-workflow that took a task's place
answers as that one did. Nothing is called a second time.
"""

from __future__ import annotations

import copy
import re
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

from attune_sim.actions.script import Script, made
from attune_sim.canonical import as_json
from attune_sim.engine.events import ActionEnded, Outcome, StartAction
from attune_sim.engine.offer import Offer
from attune_sim.engine.state import RunState
from attune_sim.errors import InputError, Interrupted, counted
from attune_sim.executors import executor_named
from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fate, Foretold
from attune_sim.executors.readied import Action
from attune_sim.executors.simulated import SimulatedPerformer
from attune_sim.executors.timeline import RealTimeline, VirtualTimeline
from attune_sim.recording.attendance import Attendance
from attune_sim.recording.file import Place
from attune_sim.rehearsal import AnyAction
from attune_sim.runspec import RunSpec
from attune_sim.session import Session, session_of

_UNKNOWN: Final = Fate("succeeded", {}, None, 1.0)
"""How an attempt ends of which nothing is known."""


class Told(NamedTuple):
    """How an attempt ended, and when, in seconds of the run."""

    outcome: Outcome
    result: Any
    error: str | None
    ended: float


class Take:
    """The run that was: how every attempt ended, with which input it was called, and what the run came to."""

    def __init__(self) -> None:
        self.endings: dict[Place, Told] = {}
        self.inputs: list[tuple[Place, str]] = []
        self.session: Session | None = None

    @property
    def state(self) -> RunState:
        """What the run has come to."""
        assert self.session is not None, "it is taken before it is read"
        return self.session.state

    def called(self, command: StartAction, input: Mapping[str, Any]) -> None:
        self.inputs.append((Place.of(command), digest(input)))

    def returned(self, command: StartAction, input: Mapping[str, Any]) -> None:
        """What an action leaves its input as is nothing that is compared."""

    def ended(self, command: StartAction, event: ActionEnded) -> None:
        # an action may write into what it gave, later: what counts is what it was
        kept = Told(event.outcome, _copied(event.result), event.error, event.ended)
        self.endings[Place.of(command)] = kept

    def __repr__(self) -> str:
        return f"<Take: {len(self.endings)} attempts>"


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except MemoryError:
        raise
    except Exception:  # whatever a class raises that cannot be copied
        return value


_KEY: Final = secrets.token_bytes(16)


def digest(value: Any) -> str:
    """What tells inputs from others, in this process; of short secrets it tells nothing."""
    return blake2b(as_json(value), key=_KEY, digest_size=16).hexdigest()


def real_take(spec: RunSpec, actions: Mapping[str, Action]) -> Take:
    """Call the actions once, for real, one after the other.

    Raises `InputError` for one that does not exist, before that, and `Interrupted` where it was stopped: half a run proves nothing.
    """
    take = Take()
    attendance = Attendance(take)
    take.session = session_of(spec, attendance.actions(actions))
    unknown = [problem for tasks in take.session.runner.problems.values() for problem in tasks.values()]
    if unknown:
        raise InputError("\n".join(unknown))
    job = replace(take.session.job, steps=attendance.steps(take.session.job.steps))
    timeline = RealTimeline()
    executor_named("inline").run(job, timeline)
    if timeline.interrupts.requested:
        called = counted(len(take.endings), "attempt")
        raise Interrupted(f"the run of {spec.name} that proves it was stopped after {called}")
    return take


class Replay:
    """A run in virtual time whose attempts end as an answer says. An observer of it too.

    `fan_out` is the offer of the last visit of the task of this name; `unknown` counts attempts of which nothing is known.
    """

    def __init__(self, fan_out: str | None, answer: _Answer) -> None:
        self._name, self._answer = fan_out, answer
        self.fan_out: Offer | None = None
        self.unknown = 0
        self.inputs: list[tuple[Place, str]] = []
        self.foretold: dict[Place, Fate] = {}
        self.place: Callable[[Place], Place] = lambda place: place

    def run(self, spec: RunSpec) -> Replay:
        """Do it."""
        self.session = session_of(spec, AnyAction(), observers=[self])
        self._timeline = VirtualTimeline()
        performer = SimulatedPerformer(Foretold(self._foretell, self._delay))
        Drive(self.session.job, self._timeline, performer).run()
        return self

    @property
    def state(self) -> RunState:
        return self.session.state

    def fan_out_opened(self, offer: Offer) -> None:
        if offer.run == 0 and offer.task == self._name and not offer.plain:
            self.fan_out = offer

    def _foretell(self, command: StartAction) -> Fate:
        place = self.place(Place.of(command))
        self.inputs.append((place, digest(command.offer.prepare(command.slot).input)))
        return self._answered(place, command, prepared=True)

    def _delay(self, command: StartAction) -> float:
        """After how many seconds an attempt ends that could not be prepared."""
        return self._answered(self.place(Place.of(command)), command, prepared=False).duration

    def _answered(self, place: Place, command: StartAction, *, prepared: bool) -> Fate:
        foretold = self._answer(self, command, prepared)
        if foretold is None:
            self.unknown += 1
            foretold = _UNKNOWN
        self.foretold[place] = foretold
        return foretold

    def now(self) -> float:
        """Seconds of the run so far."""
        return self._timeline.now()

    def __repr__(self) -> str:
        return f"<Replay: {self.state.status}, {len(self.inputs)} attempts>"


_Answer: TypeAlias = Callable[[Replay, StartAction, bool], Fate | None]
"""How an attempt ends that could, or could not, be prepared; None: nobody knows."""


def scripted(script: Script, fan_out: str | None) -> Replay:
    """A replay of a script, as a rehearsal plays it."""
    calls: Counter[tuple[str | None, str, bool]] = Counter()

    def answer(replay: Replay, command: StartAction, prepared: bool) -> Fate:
        place = (replay.session.runner.called(command.run), command.task, prepared)
        call = calls[place]
        calls[place] += 1
        found = script.answer(
            command.task, call=call, index=command.index, attempt=command.attempt, prepared=prepared
        )
        if found.status == "unprepared":
            return _UNKNOWN._replace(duration=found.duration)
        reason = None if found.status == "succeeded" else found.reason
        return Fate(found.status, made(found.result, f"{command.task}.{call}"), reason, found.duration)

    return Replay(fan_out, answer)


class Again:
    """Makes replays of one run: of the workflow as it was, and of versions in which tasks were moved."""

    def __init__(self, told: Mapping[Place, Told | Fate]) -> None:
        self._told = told

    def replay(
        self, spec: RunSpec, fan_out: str | None, moved: Collection[str] = (), failing: str | None = None
    ) -> Replay:
        """`failing` is a task whose every attempt fails, with nothing but a reason."""
        places = original_place(moved)

        def answer(replay: Replay, command: StartAction, prepared: bool) -> Fate | None:
            place = places(Place.of(command))
            if place.task == failing and not place.within:
                return Fate("failed", {"error": "failed"}, "failed", 1.0)
            told = self._told.get(place)
            return None if told is None else _foretold(told, replay.now(), command.timeout)

        replay = Replay(fan_out, answer)
        replay.place = places
        return replay.run(spec)


def _foretold(told: Told | Fate, now: float, timeout: float | None) -> Fate:
    """As late as it was: the order of ends is that of the run, though nothing between them takes time here."""
    if isinstance(told, Fate):
        return told
    took = max(told.ended - now, 0.0)
    if timeout is not None and told.outcome != "timed_out":
        took = min(took, timeout)
    return Fate(told.outcome, told.result, told.error, took)


def original_place(moved: Collection[str]) -> Callable[[Place], Place]:
    """What gives an attempt in a moved task's sub-workflow the place that it had before.

    >>> place = original_place(["load"])
    >>> print(place(Place("load:1:0/", "load", 0, None, 2)), place(Place("", "load", 0, None, 0)), sep=" | ")
    task 'load', visit 2, attempt 3 | task 'load'
    """
    if not moved:
        return lambda place: place
    names = "|".join(map(re.escape, sorted(moved, key=len, reverse=True)))
    call = re.compile(rf"({names})(?:\[(\d+)\])?:(\d+):0/")

    def original(place: Place) -> Place:
        if (found := call.match(place.within)) is None:
            return place
        name, index, visit = found[1], found[2], int(found[3])
        rest = place.within[found.end() :]
        if not rest and place.task == name:
            return Place("", name, visit, None if index is None else int(index), place.attempt)
        inner = re.match(rf"{re.escape(name)}:0:(\d+)/", rest)
        if inner is None:
            return place
        item = "" if index is None else f"[{index}]"
        return place._replace(within=f"{name}{item}:{visit}:{inner[1]}/{rest[inner.end() :]}")

    return original
