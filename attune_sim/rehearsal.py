"""A workflow against scripted results in virtual time: does it do what was expected of it?

Nothing real is called, no time passes, and two rehearsals of the same script are equal to the letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Final

from attune_sim.actions.script import Script, made
from attune_sim.contexts.registry import strategies
from attune_sim.differences import Difference, differences
from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.engine.runner import Runner
from attune_sim.engine.secrets import Secrets
from attune_sim.engine.state import RunState
from attune_sim.errors import ScriptError, did_you_mean
from attune_sim.executors.virtual import Foretold, VirtualExecutor
from attune_sim.loader import load
from attune_sim.workflow import Workflow

EXPECTATIONS: Final = (
    "status",
    "starts",
    "task_status",
    "variables",
    "output",
    "result",
    "inputs",
    "start_times",
    "max_in_flight",
    "completed_tasks",
    "failed_tasks",
    "retries",
    "error",
    "warnings",
)
"""The keys that a script's `expect` may have, each answered by `Rehearsal.actual`."""

_SETS: Final = ("completed_tasks", "failed_tasks")
_TIMED: Final = ("start_times", "retries")
"""What holds readings of a clock, on which 1 and 1.0 are the same moment."""


@dataclass(frozen=True)
class Rehearsal:
    """What came of it. `ok` is true where every expectation was met; `differences` holds (path, expected, actual).

    `actual` answers every key of `EXPECTATIONS`, `expected` holds those that the script has; `run` is the state of the run: status, output, variables, ...
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
            return f"<Rehearsal: ok, {self.run.status}, {len(self.run.starts)} attempts>"
        path, expected, actual = self.shown[0]
        more = f" and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
        return f"<Rehearsal: {path} is {actual!r:.60}, expected {expected!r:.60}{more}; see .differences>"


def rehearse(
    workflow: Workflow | str | PathLike[str],
    script: Mapping[str, Any] | str | PathLike[str] | Script,
    *,
    workflows: Iterable[Workflow] = (),
    strategy: str = "shared",
    dispatch: Any = "windowed",
) -> Rehearsal:
    """Run a workflow against a script of results in virtual time, and compare with what the script expects.

    Each task's entries answer its calls in order, the last one repeats; `index` and `attempt` (from 0) single out an
    item and a try; a call without an entry succeeds with `{}` after one second. Sub-workflows are named by
    `sub_workflows` (ref -> path beside the script, or a `Workflow`), by `workflows`, or are scripted like any action.

    Raises `ScriptError`, `WorkflowError` or `ParametersError` before anything runs.

    >>> text = "version: '1'\\ntasks:\\n  - name: greet\\n    action: demo.greet\\n"
    >>> rehearse(text, {"actions": {"greet": [{"status": "failed", "duration": 3}]}, "expect": {"status": "failed"}})
    <Rehearsal: ok, failed, 1 attempts>
    """
    ready = Script.read(script)
    definition = workflow if isinstance(workflow, Workflow) else load(workflow)
    expected = _checked_expectations(ready.expect or {})
    stage = _Stage(ready)
    runner = Runner(
        definition,
        ready.parameters,
        strategy=strategies[strategy](),
        dispatch=dispatch,
        actions=AnyAction(),
        workflows=[*workflows, *ready.workflows()],
        config=ready.config,
        keystore=ready.keystore,
        observers=[stage],
        started_at=ready.started_at or "1970-01-01T00:00:00Z",
    )
    stage.sub_workflow = runner.called
    stage.executor.run(runner)
    actual = _actual(runner.state, stage)
    differences = [
        difference for key, value in expected.items() for difference in _differences(key, value, actual[key])
    ]
    return Rehearsal(runner.state, actual, tuple(differences), expected, runner.secrets)


class AnyAction(Mapping[str, Callable[..., Any]]):
    """Where nothing real is called, every action exists."""

    def __contains__(self, ref: object) -> bool:
        return isinstance(ref, str) and bool(ref)

    def __getitem__(self, ref: str) -> Callable[..., Any]:
        raise KeyError(ref)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Stage:
    """The script's answers, and an observer that notes what `expect` may ask for."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._calls: Counter[tuple[str | None, str]] = Counter()
        self.sub_workflow: Callable[[int], str | None] = lambda run: None
        self.executor = VirtualExecutor(self.foretell)
        self.inputs: list[list[Any]] = []
        self.start_times: list[list[Any]] = []
        self.retries: list[dict[str, Any]] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self._ended: dict[tuple[str, int | None], float] = {}

    def foretell(self, command: StartAction) -> Foretold:
        # A sub-workflow that is called again goes on in the script, so that its second try may end better.
        place = (self.sub_workflow(command.run), command.task)
        call = self._calls[place]
        self._calls[place] += 1
        answer = self._script.answer(command.task, call=call, index=command.index, attempt=command.attempt)
        error = None if answer.status == "succeeded" else answer.reason
        return Foretold(answer.status, made(answer.result, f"{command.task}.{call}"), error, answer.duration)

    def action_started(self, command: StartAction) -> None:
        name = command.task if command.index is None else f"{command.task}[{command.index}]"
        self.inputs.append([name, command.input])
        self.start_times.append([name, self.executor.now])
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        if command.attempt:
            pause = self.executor.now - self._ended[(command.task, command.index)]
            index = {} if command.index is None else {"index": command.index}
            self.retries.append({"task": command.task, **index, "attempt": command.attempt, "delay": pause})

    def action_ended(self, event: ActionEnded) -> None:
        self.in_flight -= 1
        self._ended[(event.task, event.index)] = self.executor.now


def _actual(state: RunState, stage: _Stage) -> dict[str, Any]:
    return {
        "status": state.status,
        "starts": state.task_starts,
        "task_status": state.task_statuses,
        "variables": state.variables,
        "output": state.output,
        "result": state.result,
        "inputs": stage.inputs,
        "start_times": stage.start_times,
        "max_in_flight": stage.max_in_flight,
        "completed_tasks": sorted(name for name in state.task_results if name not in state.failed),
        "failed_tasks": sorted(state.failed),
        "retries": stage.retries,
        "error": state.error,
        "warnings": list(state.warnings),
    }


def _checked_expectations(expect: Mapping[str, Any]) -> dict[str, Any]:
    for key in expect:
        if key not in (*EXPECTATIONS, "note", "notes"):
            guess = did_you_mean(str(key), EXPECTATIONS)
            hint = f" ({guess})" if guess else ""
            raise ScriptError(f"expect: unknown key {key!r}{hint}; choose from: {', '.join(EXPECTATIONS)}")
    found = {key: value for key, value in expect.items() if key in EXPECTATIONS}
    if found.get("status") == "completed":  # the original's word for it
        found["status"] = "succeeded"
    return found


def _differences(key: str, expected: Any, actual: Any) -> Iterable[Difference]:
    """Where an expectation was not met; 1, 1.0 and true differ."""
    if key in _SETS:
        return [] if sorted(expected) == actual else [(key, expected, actual)]
    return differences(expected, actual, key, kinds=(bool,) if key in _TIMED else (bool, int, float))
