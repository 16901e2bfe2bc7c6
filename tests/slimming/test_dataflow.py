"""What anything later reads of each result: exact where the templates say so, everything where they do not."""

from __future__ import annotations

from typing import Any

import pytest

from attune_sim.loader import load
from attune_sim.scope import ContextPath
from attune_sim.slimming import read_paths
from attune_sim.workflow import Task, Transition, Workflow


def paths(workflow: Workflow) -> dict[str, Any]:
    return dict(read_paths(workflow))


def echo(name: str, *do: str, **fields: Any) -> Task:
    steps = (Transition(when="{{ succeeded() }}", publish=fields.pop("publish", ()), do=do),)
    return Task(name, action="core.echo", next=steps, **fields)


def of_fetch(value: Any, **fields: Any) -> Any:
    """What is read of `fetch` if a later task has this as its input."""
    return read_paths(Workflow((echo("fetch", "check"), echo("check", input={"v": value}, **fields))))[
        "fetch"
    ]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ task.fetch.body.id }}", {("body", "id")}),
        ("{{ tasks['fetch']['body']['a b'] }} {{ task.fetch.body }}", {("body",)}),
        ("{{ task.fetch.items }}", {("items",)}),
        ("{{ task.fetch.rows[0].id }}", {("rows",)}),
        ("{{ task.fetch.result.rows }}", {("result", "rows"), ("rows",)}),
        ("{{ task.fetch.output.items[0] }}", {("output", "items"), ("items",)}),
        ("{{ task.fetch.status }}", {("status",)}),
        ("{{ task.fetch.error }}", {("error",)}),
        ("{{ result().code }}", {("code",)}),
        ("{{ length(task.fetch.rows) }}", {("rows",)}),
        ("nothing", set()),
        ("{{ vars.unknown.rows }}", set()),
    ],
)
def test_a_path_that_is_spelled_out_is_read_and_nothing_else(
    template: str, expected: set[ContextPath]
) -> None:
    assert of_fetch(template) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ task.fetch }}",
        "{{ task.fetch.result }}",
        "{{ task['fet' ~ 'ch'].x }}",
        "{{ task[parameters.which].x }}",
        "{{ task | tojson }}",
        "{{ task.fetch.keys() }}",
        "{{ task.fetch[item.key] }}",
        "{{ result() }}",
        "{{ length(result()) }}",
        "{{ 1 + }}",
    ],
)
def test_what_is_computed_or_handed_on_whole_reads_everything(template: str) -> None:
    assert of_fetch(template) is None


@pytest.mark.parametrize("field", ["with_items", "when", "timeout"])
def test_every_field_of_a_later_task_counts(field: str) -> None:
    fields: dict[str, Any] = {field: "{{ task.fetch.a.b }}"}
    assert of_fetch("", **fields) == {("a", "b")}


def test_conditions_publishing_and_the_output_map_count() -> None:
    step = Transition(
        when="{{ result().ok and succeeded() }}", publish=({"n": "{{ length(result().rows) }}"},)
    )
    workflow = Workflow(
        (Task("fetch", action="core.echo", next=(step,)),), output_map={"id": "{{ task.fetch.id }}"}
    )
    assert paths(workflow)["fetch"] == {("ok",), ("rows",), ("id",)}


def published(entry: Any, template: str) -> Any:
    tasks = (echo("fetch", "check", publish=(entry,)), echo("check", input={"v": template}))
    return paths(Workflow(tasks))["fetch"]


@pytest.mark.parametrize(
    ("entry", "template", "expected"),
    [
        ("body", "{{ body.id }}", {("id",)}),
        ("body", "{{ vars.body.id }} {{ variables['body'].n }}", {("id",), ("n",)}),
        ("body", "{{ parameters.body }}", set()),
        ("body", "{{ body }}", None),
        ("body", "{{ vars }}", None),
        ("body", "{{ workflow[parameters.name].x }}", None),
        ({"body": "{{ result().body }}"}, "{{ body.id }}", {("body", "id")}),
        ({"body": "{{ result().body }}"}, "{{ other }}", set()),
        ({"first": "{{ result().rows[0] }}"}, "{{ first.id }}", {("rows",)}),
        ({"both": {"a": "{{ result().a }}"}}, "{{ other }}", {("a",)}),
        (
            {"body": "{{ task.fetch.result.body }}"},
            "{{ body.id }}",
            {("result", "body", "id"), ("body", "id")},
        ),
        ({"text": "{{ result().a }}-{{ result().b }}"}, "", {("a",), ("b",)}),
        ({"all": "{{ task }}"}, "", None),
    ],
)
def test_variables_are_followed_to_what_is_read_of_them(
    entry: Any, template: str, expected: set[ContextPath] | None
) -> None:
    assert published(entry, template) == expected


def test_a_variable_of_a_variable_is_followed_and_one_of_itself_comes_to_an_end() -> None:
    tasks = (
        echo("fetch", "turn", publish=("x",)),
        echo("turn", "turn", "check", publish=({"y": "{{ x.a }}", "x": "{{ x.next }}"},)),
        echo("check", input={"v": "{{ y.b }}"}),
    )
    found = paths(Workflow(tasks))["fetch"]
    assert found is not None
    assert {("a", "b"), ("next", "a", "b"), ("next", "next", "a", "b")} <= found


def test_result_means_whoever_may_have_asked() -> None:
    tasks = (
        echo("left", "check"),
        echo("right", "check"),
        echo("check", input={"v": "{{ result().id }}"}, join="all"),
        echo("aside"),
    )
    found = paths(Workflow(tasks))
    assert found == {"left": {("id",)}, "right": {("id",)}, "check": set(), "aside": set()}


def test_result_in_the_output_map_means_any_task() -> None:
    found = paths(Workflow((echo("a", "b"), echo("b")), output_map={"x": "{{ result().x }}"}))
    assert found == {"a": {("x",)}, "b": {("x",)}}


def test_the_entry_points_of_a_parallel_task_see_who_asked_for_it() -> None:
    both = Task("both", type="parallel", tasks=(echo("left", input={"v": "{{ result().n }}"}), echo("right")))
    found = paths(Workflow((echo("fetch", "both"), both)))
    assert found["fetch"] == {("n",)}


def test_a_result_is_read_through_the_parallel_task_that_it_is_in() -> None:
    both = Task(
        "both",
        type="parallel",
        tasks=(echo("left"), echo("right")),
        next=(Transition(publish=({"n": "{{ result().results.left.n }}"},), do=("check",)),),
    )
    check = echo("check", input={"v": "{{ n }}{{ task.both.error }}"})
    assert paths(Workflow((both, check)))["left"] == {("n",)}
    assert paths(Workflow((both, check)))["right"] == frozenset()
    whole = echo("check", input={"v": "{{ task.both.results }}"})
    assert paths(Workflow((both, whole)))["right"] is None


def test_the_condition_of_a_retry_reads_the_attempt_and_no_kept_result() -> None:
    workflow = load("""
version: 1.0.0
tasks:
  - name: fetch
    action: core.echo
    next: [{do: [check]}]
  - name: check
    action: core.echo
    input: {x: 1}
    retry: {count: 1, delay: 0, on_error: "{{ result().code == task.fetch.code }}"}
""")
    assert paths(workflow) == {"fetch": {("code",)}, "check": frozenset()}
