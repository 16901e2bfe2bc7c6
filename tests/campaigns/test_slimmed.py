"""Random workflows with heavy results: whatever slim proposes, an independent rehearsal of both versions agrees."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, event, given, reject, settings
from hypothesis import strategies as st

import attune_sim as at
from attune_sim.workflow import Retry, Task, Transition, Workflow

EXAMPLES = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0")) or 100

BULK = "x" * 6_000

PHASES = [Phase.explicit, Phase.generate]  # what fails is told as it was drawn: making it small takes minutes

READS = [
    *["plain"] * 4, "{{ task.NAME.n }}", "{{ task.NAME.a.b }}", "{{ task.NAME.a.c | default(1) }}", "{{ result().n | default(2) }}",
    "{{ task.NAME.status }}", "{{ task.NAME.error is defined }}", "{{ task.NAME.items[0] }}", "{{ task.NAME }}", "{{ last.n | default(3) }}",
    "{{ task.NAME.total }}", "{{ task.NAME.results | default([]) | length }}", "{{ task.NAME.data.k }}", "{{ task.NAME.k }}",
    "{{ task.NAME.result.n }}", "{{ task['NA' ~ 'ME'].n }}", "{{ task.NAME.missing is defined }}", "{{ task.NAME.succeeded }}",
]  # fmt: skip
CONDITIONS = [
    None, None, "{{ succeeded() }}", "{{ succeeded() }}", "{{ failed() }}", "{{ timed_out() }}", "count < 3", "not failed()",
    "{{ result().n > 2 }}", "{{ succeeded() and result().a.b == 1 }}",
]  # fmt: skip
PUBLISHED: list[tuple[Any, ...]] = [
    *[()] * 3, ({"count": "{{ count + 1 }}"},), ("last",), ({"last": "{{ result().a }}"},), ({"x": "{{ result().a.b }}"},),
]  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> str:
    """The YAML of a graph of up to five tasks: cycles, joins, fan-outs, retries, parallel blocks, and what they read."""
    names = [f"t{n}" for n in range(draw(st.integers(2, 5)))]
    tasks = [_task(draw, name, names) for name in names]
    main = Task("each", action="t.each", with_items="{{ [1, 2] }}", input={"v": _read(draw, names)})
    reached = (Transition(do=("each",)),)
    last = tasks[-1]
    tasks[-1] = Task(**{**_fields(last), "next": (*last.next, *reached)})
    read = draw(st.dictionaries(st.sampled_from("pq"), st.sampled_from(READS), max_size=2))
    mapped = {key: value.replace("NAME", names[0]) for key, value in read.items()}
    return _yaml(Workflow((*tasks, main), ref="t.random", vars={"count": 0}, output_map=mapped or None))


def _read(draw: st.DrawFn, names: list[str]) -> str:
    return draw(st.sampled_from(READS)).replace("NAME", draw(st.sampled_from(names)))


def _task(draw: st.DrawFn, name: str, names: list[str], nested: bool = False) -> Task:
    later = names[names.index(name) + 1 :] or names
    targets = st.lists(st.sampled_from([*later, *later, *names]), max_size=2, unique=True)
    steps = tuple(
        Transition(
            when=draw(st.sampled_from(CONDITIONS)), publish=draw(st.sampled_from(PUBLISHED)), do=tuple(draw(targets))
        )
        for _ in range(draw(st.integers(0, 2)))
    )  # fmt: skip
    kind = draw(st.sampled_from(["plain"] * 5 + ["items"] * 2 + ([] if nested else ["parallel"])))
    common: dict[str, Any] = {"next": steps, "join": draw(st.sampled_from([None] * 4 + [1, "all"]))}
    if kind == "parallel":
        inner = [f"{name}_{n}" for n in range(draw(st.integers(1, 2)))]
        return Task(
            name, type="parallel", tasks=tuple(_task(draw, one, inner, True) for one in inner), **common
        )
    retry = draw(st.sampled_from([None, None, Retry(2, 1), Retry(1, 0, on_error="result().n < 5")]))
    return Task(
        name, action="t.act", with_items="{{ range(2) }}" if kind == "items" else None, retry=retry,
        input={"v": _read(draw, names), "w": "{{ count }}"}, when=draw(st.sampled_from([None] * 5 + ["count < 2"])),
        timeout=draw(st.sampled_from([None] * 5 + [9])), **common,
    )  # fmt: skip


def _fields(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in Task.__dataclass_fields__}


def _yaml(workflow: Workflow) -> str:
    form: dict[str, Any] = {"version": "1.0.0", "ref": workflow.ref, "vars": dict(workflow.vars)}
    form |= {"tasks": [_entry(task) for task in workflow.tasks], "output_map": workflow.output_map}
    return yaml.safe_dump({key: value for key, value in form.items() if value is not None}, sort_keys=False)


def _entry(task: Task) -> dict[str, Any]:
    steps = [
        {key: value for key, value in (("when", step.when), ("publish", list(step.publish)), ("do", list(step.do or ()))) if value}
        for step in task.next
    ]  # fmt: skip
    fields = {
        name: getattr(task, name)
        for name in ("name", "type", "action", "with_items", "when", "timeout", "join")
    }
    retry = (
        None
        if task.retry is None
        else {key: value for key, value in asdict(task.retry).items() if value is not None}
    )
    more = {
        "input": dict(task.input),
        "retry": retry,
        "next": steps,
        "tasks": [_entry(inner) for inner in task.tasks],
    }
    return {key: value for key, value in {**fields, **more}.items() if value}


@st.composite
def scripts(draw: st.DrawFn) -> dict[str, Any]:
    """Answers of every task, some of which fail or are late, all of them heavy."""
    names = [f"t{n}" for n in range(5)]
    ends = st.sampled_from(["succeeded"] * 8 + ["failed", "timed_out"])
    heavy = {"a": {"b": 1, "c": BULK}, "items": [1, 2], "data": {"k": 4, "l": BULK}, "rows": BULK}

    def answers(name: str) -> list[dict[str, Any]]:
        return [
            {
                "status": draw(ends),
                "result": {**heavy, "n": draw(st.integers(0, 9))},
                "duration": draw(st.integers(1, 9)),
            }
            for _ in range(draw(st.integers(1, 3)))
        ]

    every = [*names, *(f"{name}_{n}" for name in names for n in range(2))]
    return {name: answers(name) for name in every}


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(texts(), scripts())
def test_both_versions_of_a_slimmed_workflow_answer_alike(text: str, answers: dict[str, Any]) -> None:
    try:
        workflow = at.load(text)
    except at.WorkflowError:  # a join that nothing asks for, a level on which nothing can begin
        reject()
    names = {task.name for task in workflow.walk()}
    script = {"actions": {name: entries for name, entries in answers.items() if name in names}}

    found = at.slim(text, script=script)

    event(f"{len(found.moves)} moved")
    if not found.moves:
        return
    assert found.proved
    assert found.after_bytes < found.before_bytes
    moved = {move.task for move in found.moves}
    before, after = (
        at.rehearse(one, script, workflows=more)
        for one, more in ((workflow, ()), (found.workflow, found.workflows))
    )
    for name in ("status", "output", "variables"):
        assert before.actual[name] == after.actual[name]
    rest = [
        [pair for pair in one.actual["inputs"] if pair[0].partition("[")[0] not in moved]
        for one in (before, after)
    ]
    assert rest[0] == rest[1]
    statuses = [{**one.actual["task_status"], **dict.fromkeys(moved)} for one in (before, after)]
    assert statuses[0] == statuses[1]
