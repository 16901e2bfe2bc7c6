"""Which parts of which result are read later: exact where the file is exact, everything where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from attune_sim.loader import load
from attune_sim.slimming.dataflow import read_paths


def workflow(tasks: str, top: str = "") -> Any:
    return load(f"ref: t.flow\nversion: '1'\n{top}\ntasks:\n{tasks}")


FETCH = """
- name: fetch
  action: t.fetch
  next: [NEXT]
- name: use
  action: t.use
  input: INPUT
"""


def of_fetch(input: str, next: str = "{do: [use]}", top: str = "", **options: Any) -> Any:
    return read_paths(workflow(FETCH.replace("NEXT", next).replace("INPUT", input), top), **options)["fetch"]


@pytest.mark.parametrize(
    ("input", "next", "paths"),
    [
        ("{a: 1}", "{do: [use]}", set()),
        ("{a: '{{ task.fetch.rows }}'}", "{do: [use]}", {("rows",)}),
        ("{a: '{{ task.fetch.body.id }} {{ tasks.fetch.body }}'}", "{do: [use]}", {("body",)}),
        ("{a: '{{ result().body.id }}'}", "{do: [use]}", {("body", "id")}),
        ("{a: '{{ x.id }}'}", "{publish: [{x: '{{ result().body }}'}], do: [use]}", {("body", "id")}),
        ("{a: '{{ fetch.id }}'}", "{publish: [fetch], do: [use]}", {("id",)}),
        ("{a: '{{ x.y.id }}'}", "{publish: [{x: {y: '{{ result() }}', z: '{{ result().z }}'}}], do: [use]}", {("id",)}),
        ("{a: '{{ y.id }}'}", "{publish: [{x: '{{ result().b }}'}, {y: '{{ x.c }}'}], do: [use]}", {("b", "c", "id")}),
        ("{a: 1}", "{publish: [{x: '{{ result().b }}'}], do: [use]}", set()),
        ("{a: 1}", "{when: '{{ result().code == 404 }}', do: [use]}", {("code",)}),
    ],
)  # fmt: skip
def test_what_is_named_exactly_is_known_exactly(input: str, next: str, paths: set[Any]) -> None:
    assert of_fetch(input, next) == paths


@pytest.mark.parametrize(
    "expression",
    ["task[parameters.which].a", "task.fetch", "length(task.fetch)", "task.fetch.get(name)", "task | tojson"],
)
def test_a_computed_name_reads_everything(expression: str) -> None:
    assert of_fetch(f"{{a: '{{{{ {expression} }}}}'}}") is None


def test_a_variable_that_feeds_itself_comes_to_an_end() -> None:
    next_ = "{publish: [{x: '{{ result() }}'}, {x: '{{ x.a }}'}, {x: '{{ x.b }}'}], do: [use]}"
    assert of_fetch("{a: '{{ x.z }}'}", next_) is not frozenset()


def test_answers_count_the_variables_that_a_run_ends_with() -> None:
    next_ = "{publish: [{x: '{{ result().b }}'}], do: [use]}"
    assert of_fetch("{a: 1}", next_, answers=True) == {("b",)}


def test_conditions_items_limits_and_the_output_are_read() -> None:
    found = read_paths(
        workflow(
            """
- name: a
  action: t.a
  next: [{do: [b]}]
- name: b
  action: t.b
  when: "{{ task.a.go }}"
  timeout: "{{ task.a.limit }}"
  with_items: "{{ task.a.rows }}"
  retry: {count: 1, delay: 0, on_error: "{{ result().code == 5 and task.a.again }}"}
  input: {id: "{{ item.id }}"}
""",
            "output_map: {t: '{{ task.b.total }}', u: '{{ task.a.u }}'}",
        )
    )
    assert found == {
        "a": {("go",), ("limit",), ("rows",), ("again",), ("u",), ("code",)},
        "b": {("total",), ("code",)},
    }


def test_result_after_a_parallel_task_may_be_that_of_any_task() -> None:
    found = read_paths(
        workflow(
            """
- name: p
  type: parallel
  tasks: [{name: one, action: t.one}, {name: two, action: t.two}]
  next: [{do: [use]}]
- name: use
  action: t.use
  input: {x: "{{ result().id }}"}
"""
        )
    )
    assert found["one"] == found["two"] == {("id",)}


CHILD = """
ref: t.child
version: '1'
parameters: {row: {type: object, required: true}, other: {type: object}}
output_map: {name: "{{ parameters.row.name }}"}
tasks:
- name: inner
  action: t.inner
  input: {n: "{{ parameters.row.id }}"}
"""


def test_the_input_of_a_sub_workflow_is_followed_into_it() -> None:
    flow = workflow(
        """
- name: fetch
  action: t.fetch
  next: [{do: [call]}]
- name: call
  action: t.child
  input: {row: "{{ task.fetch.row }}", other: "{{ task.fetch.other }}"}
"""
    )
    child = load(CHILD)
    assert read_paths(flow, [child])["fetch"] == {("row", "id"), ("row", "name")}
    assert read_paths(flow)["fetch"] == {("row",), ("other",)}
    assert read_paths(flow, [child], answers=True)["fetch"] == {("row",), ("other",)}


def test_a_workflow_that_calls_itself_is_read_once() -> None:
    flow = load(CHILD + "- name: again\n  action: t.child\n  input: {row: '{{ task.inner }}'}\n")
    assert read_paths(flow, [flow])["inner"] is None or read_paths(flow, [flow])["inner"] >= {("id",)}
