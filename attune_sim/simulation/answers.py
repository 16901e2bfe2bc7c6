"""What attempts come to, without a clock: from a plan, a script, or a call of the action itself.

By the ref of the action: what a scenario *plans* (it knows how each of its servers behaves), what a script says, what a function
returns, which is called with the rendered input, and costs no simulated time of its own. What nobody gives succeeds with `{}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, TypeAlias
from weakref import finalize

from attune_sim.actions.script import Answer, made
from attune_sim.actions.synthetic import Scripted
from attune_sim.engine.events import StartAction
from attune_sim.engine.offer import Offer
from attune_sim.executors.attempts import ended_by
from attune_sim.executors.readied import Action, Readied
from attune_sim.executors.stoppable import StoppableCalls
from attune_sim.results import require_view
from attune_sim.scenarios.planned import Planned, Planner
from attune_sim.scenarios.workload import Workload

Answering: TypeAlias = Callable[[StartAction, Mapping[str, Any]], Planned]

WAY_S: Final = 0.001
"""What a call that is planned takes besides, there and back on one machine, if no latency says how long."""

_SECONDS: Final = 1.0
"""What a call takes of which nobody says it, as in a rehearsal."""


@dataclass(frozen=True)
class Answers:
    """Who answers: `plan` before `actions`, both by the ref of an action."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    plan: Mapping[str, Planner] = field(default_factory=dict)

    @classmethod
    def of(cls, workload: Workload) -> Answers:
        """Those of a workload: its script, its plan of what real calls come to, the user's own functions and the replays."""
        plan = {ref: planner for ref, planner in workload.plan.items() if ref not in workload.own}
        return cls(workload.actions(), plan)

    def begun(self) -> Answerer:
        """The answers of one simulation."""
        return Answerer(self)

    def __repr__(self) -> str:
        return f"<Answers to {', '.join({**self.plan, **self.actions}) or 'nothing'}>"


@dataclass(frozen=True, slots=True)
class Same:
    """The same answer to every attempt."""

    answer: Planned

    def __call__(self, command: StartAction, input: Mapping[str, Any]) -> Planned:
        return self.answer


class Answerer:
    """Answers the attempts of one simulation, of all its cycles."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._numbers: dict[tuple[int, str], count[int]] = {}  # of the calls of an action in a cycle
        self._said: dict[int, Planned] = {}  # by the identity of an answer
        self._kept: list[Answer] = []
        self._calls = StoppableCalls()
        finalize(self, self._calls.close)

    def opened(self, offer: Offer, cycle: int, *, is_timed: bool) -> Answering:
        """What answers attempts over an offer. `is_timed` tells that a latency says how long they take."""
        planner, action = self._answers.plan.get(offer.action), self._answers.actions.get(offer.action)
        if planner is not None:
            return self._planned(planner, is_timed)
        if isinstance(action, Scripted):
            return self._scripted(action, offer, cycle, is_timed)
        untimed = Planned("succeeded", {}, None, 0.0 if is_timed else _SECONDS)
        if action is None:
            return Same(untimed)
        return self._called(action, offer, untimed)

    def _planned(self, planner: Planner, is_timed: bool) -> Answering:
        def answering(command: StartAction, input: Mapping[str, Any]) -> Planned:
            planned = planner(**input)
            if is_timed or planned.is_whole:
                return planned
            return Planned(*planned[:3], planned.seconds + WAY_S)

        return answering

    def _scripted(self, action: Scripted, offer: Offer, cycle: int, is_timed: bool) -> Answering:
        seed = f"{action.seed} {action.task}"
        if (only := _only_answer(action)) is not None:
            return Same(self._say(only, seed, is_timed))
        answer_of, task, said = action.script.answer, action.task, self._said
        numbers = self._numbers.setdefault((cycle, offer.action), count())
        told = said.get

        def answering(command: StartAction, input: Mapping[str, Any]) -> Planned:
            answer = answer_of(task, call=next(numbers), index=command.index, attempt=command.attempt)
            return told(id(answer)) or self._say(answer, seed, is_timed)

        return answering

    def _say(self, answer: Answer, seed: str, is_timed: bool) -> Planned:
        """What an answer of a script comes to, the same object whenever it is asked: a million items share a result."""
        outcome = "failed" if answer.status == "unprepared" else answer.status
        error = None if outcome == "succeeded" else answer.reason
        seconds = 0.0 if is_timed else answer.duration
        said = Planned(outcome, made(answer.result, seed), error, seconds)
        self._said[id(answer)] = said
        self._kept.append(answer)  # so that no other one has its identity
        return said

    def _called(self, action: Action, offer: Offer, untimed: Planned) -> Answering:
        plain, ref = offer.plain, offer.action

        def answering(command: StartAction, input: Mapping[str, Any]) -> Planned:
            try:
                result = self._ready(action, command)(**input)
                if plain:  # the view of a fan-out's aggregate is safe
                    require_view(result)
            except (MemoryError, KeyboardInterrupt):
                raise
            except BaseException as raised:
                return Planned(*ended_by(raised, ref, input), untimed.seconds)
            return untimed._replace(result=result)

        return answering

    def _ready(self, action: Action, command: StartAction) -> Action:
        """What is called for an attempt, and returns: it raises `ActionTimeout` if it takes too much real time."""
        call = action.call_for(command) if isinstance(action, Readied) else action
        return self._calls.returning(action, call, command)

    def unprepared(self, command: StartAction) -> float:
        """After how many seconds an attempt ends that cannot be prepared: at once, unless a script says more."""
        action = self._answers.actions.get(command.action)
        if not isinstance(action, Scripted):
            return 0.0
        answer = action.script.answer(
            action.task, call=0, index=command.index, attempt=command.attempt, prepared=False
        )
        return answer.duration

    def __repr__(self) -> str:
        return f"<Answerer: {self._answers!r}>"


def _only_answer(action: Scripted) -> Answer | None:
    """What a script says of every call of a task, if that is one thing."""
    answers = [one for one in action.script.tasks.get(action.task, ()) if one.status != "unprepared"]
    if len(answers) > 1 or any(one.index is not None or one.attempt is not None for one in answers):
        return None
    return answers[0] if answers else Answer()
