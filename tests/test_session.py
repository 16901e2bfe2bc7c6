"""A run made ready from its description: the one place where a runner is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import attune_sim as at
from attune_sim.engine.events import StartAction
from attune_sim.executors import executor_named
from attune_sim.journal.file import Journal
from attune_sim.runspec import History, RunSpec
from attune_sim.scope import NAMESPACES
from attune_sim.session import session_of
from attune_sim.workflow import Task, Transition, Workflow

EACH = Task("each", action="t.each", with_items="{{ parameters.numbers }}", input={"n": "{{ item + extra }}"})
WORKFLOW = Workflow((EACH,), ref="demo.each", parameters={"numbers": {"type": "array", "required": True}})


def described(**options: Any) -> RunSpec:
    return RunSpec(workflow=WORKFLOW, parameters={"numbers": [1, 2, 3]}, variables={"extra": 10}, **options)


class Tasks:
    """An observer that notes what ended."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        self.ended.append((task, status))


def test_a_session_is_driven_to_the_end_that_its_description_says() -> None:
    tasks = Tasks()
    session = session_of(described(), {"t.each": lambda n: n * 2}, observers=[tasks])
    ending = executor_named("inline").run(session.job)

    assert (ending.status, session.state.status) == ("succeeded", "succeeded")
    assert session.state.task_results["each"]["results"] == [22, 24, 26]
    assert tasks.ended == [("each", "succeeded")]


def test_the_context_begins_with_what_the_description_holds() -> None:
    spec = described(
        history=History(tasks=2, bytes_each=50), config={"city": "Bern"}, keystore={"key": "k"},
        started_at="2026-01-01T00:00:00Z", seed=4,
    )  # fmt: skip
    opened, _ = session_of(spec, {"t.each": lambda n: n}).steps.start()

    begun = {name: opened.offer.context.resolve(name) for name in NAMESPACES}
    assert begun["parameters"] == {"numbers": [1, 2, 3]}
    assert begun["workflow"] == {"extra": 10}
    assert (begun["config"], begun["keystore"]) == ({"city": "Bern"}, {"key": "k"})
    assert begun["system"] == {"workflow_start": "2026-01-01T00:00:00Z"}
    assert [len(json.dumps(one, separators=(",", ":"))) for one in begun["task"].values()] == [50, 50]
    assert list(begun["task"]) == ["step_000", "step_001"]


@pytest.mark.parametrize("strategy", list(at.strategies))
def test_the_strategy_that_is_named_is_the_one_that_forks(strategy: str) -> None:
    session = session_of(described(strategy=strategy), {"t.each": lambda n: n})
    _, start = session.steps.start()

    assert type(start) is StartAction
    assert dict(start.offer.prepare(start.slot).input) == {"n": 11}
    assert type(start.offer.context) is type(at.strategies[strategy]().begin({}))


def test_eager_is_a_policy_of_who_performs_and_the_same_commands_follow() -> None:
    eager, windowed = (
        session_of(described(dispatch=dispatch), {"t.each": lambda n: n})  # type: ignore[arg-type]
        for dispatch in ("eager", "windowed")
    )

    assert (eager.job.eager, windowed.job.eager) == (True, False)
    assert eager.steps.start() == windowed.steps.start()


def test_parameters_that_do_not_fit_are_refused_before_a_journal_has_begun(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run.jsonl")

    with pytest.raises(at.ParametersError, match="numbers"):
        session_of(RunSpec(workflow=WORKFLOW), {}, journal=journal)
    assert journal.empty


def test_a_journal_holds_one_run_and_says_when_it_is_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run.jsonl")
    session = session_of(described(), {"t.each": lambda n: n}, journal=journal, executor="inline")
    executor_named("inline").run(session.job)
    session.close()

    with pytest.raises(at.JournalError, match="holds a run already"):
        session_of(described(), {}, journal=journal)
    header, *lines = (json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines())
    assert (header["executor"], header["dispatch"]) == ("inline", "windowed")
    assert [line[0] for line in lines] == [*"sesese", "x"]


def test_two_sessions_of_one_description_share_nothing() -> None:
    spec = RunSpec(
        workflow=Workflow(
            (Task("first", action="t.first", next=(Transition(publish=({"seen": "{{ result() }}"},)),)),),
            ref="demo.first",
        )
    )
    first, second = (session_of(spec, {"t.first": lambda: [1]}) for _ in range(2))
    executor_named("inline").run(first.job)

    assert first.state.variables == {"seen": [1]}
    assert (second.state.variables, second.state.task_results, second.state.status) == ({}, {}, None)
    assert "demo.first" in repr(second)
