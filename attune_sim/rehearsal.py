"""A workflow against scripted results in virtual time: does it do what was expected of it?

Nothing real is called, no time passes, and two rehearsals of the same script are equal to the letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Final

from attune_sim.actions.script import Answer, Script, made
from attune_sim.differences import Difference, differences
from attune_sim.display import Displayed
from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.engine.state import RunState
from attune_sim.errors import ScriptError, counted, did_you_mean
from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fate, Foretold
from attune_sim.executors.simulated import SimulatedPerformer
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.loader import load
from attune_sim.runspec import EPOCH, Dispatch, RunSpec
from attune_sim.secrecy.secrets import Secrets
from attune_sim.session import session_of
from attune_sim.workflow import Workflow

_ACTUAL: Final[Mapping[str, Callable[[RunState, Stage], Any]]] = {
    "status": lambda run, stage: run.status,
    "starts": lambda run, stage: run.task_starts,
    "task_status": lambda run, stage: run.task_statuses,
    "variables": lambda run, stage: run.variables,
    "output": lambda run, stage: run.output,
    "result": lambda run, stage: run.result,
    "inputs": lambda run, stage: stage.inputs,
    "start_times": lambda run, stage: stage.start_times,
    "max_in_flight": lambda run, stage: stage.max_in_flight,
    "completed_tasks": lambda run, stage: sorted(name for name in run.task_results if name not in run.failed),
    "failed_tasks": lambda run, stage: sorted(run.failed),
    "retries": lambda run, stage: stage.retries,
    "error": lambda run, stage: run.error,
    "warnings": lambda run, stage: list(run.warnings),
}
EXPECTATIONS: Final = tuple(_ACTUAL)
"""The keys that a script's `expect` may have, each answered by `Rehearsal.actual`."""

_SETS: Final = ("completed_tasks", "failed_tasks")
_TIMED: Final = ("start_times", "retries")
"""What holds readings of a clock, on which 1 and 1.0 are the same moment."""


@dataclass(frozen=True)
class Rehearsal(Displayed):
    """What came of it. `ok` is true where every expectation was met; `differences` holds (path, expected, actual).

    `actual` answers every key of `EXPECTATIONS`, `expected` holds those that the script has; `run` is the state of the
    run: status, output, variables, ...

    >>> import attune_sim as at
    >>> text = '''
    ... version: 1.0.0
    ... tasks: [{name: fetch, action: my.fetch}]
    ... '''
    >>> script = {"actions": {"fetch": [{"status": "failed"}]}, "expect": {"status": "succeeded"}}
    >>> at.rehearse(text, script).differences
    (('status', 'succeeded', 'failed'),)
    """

    run: RunState
    actual: Mapping[str, Any]
    differences: tuple[Difference, ...]
    expected: Mapping[str, Any] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=lambda: Secrets({}), repr=False)

    @property
    def ok(self) -> bool:
        return not self.differences

    @property
    def shown(self) -> tuple[Difference, ...]:
        """The differences as they may be shown: secrets of the script are masked."""
        mask = self.secrets.shown
        return tuple((path, mask(expected), mask(actual)) for path, expected, actual in self.differences)

    def __repr__(self) -> str:
        if self.ok:
            return f"<Rehearsal: ok, {self.run.status}, {counted(len(self.run.starts), 'attempt')}>"
        path, expected, actual = self.shown[0]
        more = f" and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
        return f"<Rehearsal: {path} is {actual!r:.60}, expected {expected!r:.60}{more}; see .differences>"


def rehearse(
    workflow: Workflow | str | PathLike[str],
    script: Mapping[str, Any] | str | PathLike[str] | Script,
    *,
    workflows: Iterable[Workflow] = (),
    strategy: str = "shared",
    dispatch: Dispatch = "windowed",
) -> Rehearsal:
    """Run a workflow against a script of results in virtual time, and compare with what the script expects.

    Each task's entries answer its calls in order, the last one repeats; `index` and `attempt` (from 0) single out an
    item and a try; a call without an entry succeeds with `{}` after one second. Sub-workflows are named by
    `sub_workflows` (ref -> path beside the script, or a `Workflow`), by `workflows`, or are scripted like any action.

    Raises `ScriptError`, `WorkflowError` or `ParametersError` before anything runs.

    >>> text = "version: '1'\\ntasks:\\n  - name: greet\\n    action: demo.greet\\n"
    >>> rehearse(text, {"actions": {"greet": [{"status": "failed", "duration": 3}]}, "expect": {"status": "failed"}})
    <Rehearsal: ok, failed, 1 attempt>
    """
    ready = Script.read(script)
    definition = workflow if isinstance(workflow, Workflow) else load(workflow)
    expected = _checked_expectations(ready.expect or {})
    spec = RunSpec(
        workflow=definition,
        name=definition.name,
        parameters=ready.parameters,
        workflows=(*workflows, *ready.workflows()),
        strategy=strategy,
        dispatch=dispatch,
        config=ready.config,
        keystore=ready.keystore,
        started_at=ready.started_at or EPOCH,
    )
    timeline = VirtualTimeline()
    stage = Stage(ready, timeline.now, lambda run: session.runner.called(run))
    session = session_of(spec, AnyAction(), observers=[stage])
    Drive(session.job, timeline, SimulatedPerformer(Foretold(stage.foretell, stage.delay))).run()
    actual = {name: answer(session.state, stage) for name, answer in _ACTUAL.items()}
    differences = [
        difference for key, value in expected.items() for difference in _differences(key, value, actual[key])
    ]
    return Rehearsal(session.state, actual, tuple(differences), expected, session.secrets)


class AnyAction(dict[str, Callable[..., Any]]):
    """Where nothing real is called, every action exists."""

    def __contains__(self, ref: object) -> bool:
        return isinstance(ref, str) and bool(ref)


class Stage:
    """The script's answers, and an observer that notes what `expect` may ask for.

    `now` gives run time, `sub_workflow` the ref by which the sub-workflow of a run was called (None: it is the workflow itself).
    """

    def __init__(
        self, script: Script, now: Callable[[], float], sub_workflow: Callable[[int], str | None]
    ) -> None:
        self._script, self._now, self._sub_workflow = script, now, sub_workflow
        self._calls: Counter[tuple[str | None, str, bool]] = Counter()
        self._attempts: Counter[tuple[str, int | None]] = Counter()
        self.inputs: list[list[Any]] = []
        self.start_times: list[list[Any]] = []
        self.retries: list[dict[str, Any]] = []
        self.in_flight: int = 0
        self.max_in_flight: int = 0
        self._ended: dict[tuple[str, int | None], float] = {}

    def foretell(self, command: StartAction) -> Fate:
        answer, call = self._answer(command, prepared=True)
        assert answer.status != "unprepared"
        error = None if answer.status == "succeeded" else answer.reason
        return Fate(answer.status, made(answer.result, f"{command.task}.{call}"), error, answer.duration)

    def delay(self, command: StartAction) -> float:
        """After how many seconds a call ends that could not be prepared."""
        return self._answer(command, prepared=False)[0].duration

    def _answer(self, command: StartAction, *, prepared: bool) -> tuple[Answer, int]:
        # A sub-workflow that is called again goes on in the script, so that its second try may end better.
        place = (self._sub_workflow(command.run), command.task, prepared)
        call = self._calls[place]
        self._calls[place] += 1
        answer = self._script.answer(
            command.task, call=call, index=command.index, attempt=command.attempt, prepared=prepared
        )
        return answer, call

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        for place in [place for place in self._attempts if place[0] == task]:
            del self._attempts[place]

    def prepared(self, task: str, index: int | None, fork: Any, input: Any) -> None:
        name = task if index is None else f"{task}[{index}]"
        self.inputs.append([name, input])
        self.start_times.append([name, self._now()])
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        if attempt := self._attempts[task, index]:
            place = {} if index is None else {"index": index}
            pause = self._now() - self._ended[task, index]
            self.retries.append({"task": task, **place, "attempt": attempt, "delay": pause})
        self._attempts[task, index] += 1

    def action_ended(self, event: ActionEnded) -> None:
        self.in_flight -= 1
        self._ended[event.task, event.index] = self._now()

    def __repr__(self) -> str:
        return f"<Stage of {self._script!r}: {counted(len(self.inputs), 'attempt')} so far>"


def _checked_expectations(expect: Mapping[str, Any]) -> dict[str, Any]:
    for key in expect:
        if key not in (*EXPECTATIONS, "note", "notes"):
            guess = did_you_mean(str(key), EXPECTATIONS)
            hint = f" ({guess})" if guess else ""
            raise ScriptError(f"expect: unknown key {key!r}{hint}; choose from: {', '.join(EXPECTATIONS)}")
    expected = {key: value for key, value in expect.items() if key in EXPECTATIONS}
    if expected.get("status") == "completed":  # the original's word for it
        expected["status"] = "succeeded"
    return expected


def _differences(key: str, expected: Any, actual: Any) -> Iterable[Difference]:
    """Where an expectation was not met; 1, 1.0 and true differ."""
    if key in _SETS:
        return [] if sorted(expected) == actual else [(key, expected, actual)]
    return differences(expected, actual, key, kinds=(bool,) if key in _TIMED else (bool, int, float))
