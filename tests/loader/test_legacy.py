"""Legacy fields of a task, turned into transitions."""

from __future__ import annotations

from typing import Any

from attune_sim.loader import load
from attune_sim.workflow import Transition


def transitions(fields: str) -> list[tuple[Any, Any, Any]]:
    return [(each.when, each.publish, each.do) for each in loaded(fields)]


def loaded(fields: str) -> tuple[Transition, ...]:
    others = "".join(f"  - {{name: {name}, action: c.e}}\n" for name in "bcdefg")
    text = f"version: '1'\ntasks:\n  - {{name: a, action: c.e, {fields}}}\n{others}"
    return load(text, lenient=True).tasks[0].next


def test_legacy_fields_become_transitions_in_a_fixed_order() -> None:
    fields = "on_timeout: e, decision: [{when: x, next: f}, {next: g}], on_complete: d, on_failure: c, on_success: b"
    assert transitions(fields) == [
        ("{{ succeeded() }}", (), ("b",)),
        ("{{ failed() }}", (), ("c",)),
        (None, (), ("d",)),
        ("{{ timed_out() }}", (), ("e",)),
        ("x", (), ("f",)),
        (None, (), ("g",)),
    ]


def test_next_drops_all_legacy_fields() -> None:
    assert transitions("next: [{do: [b]}], on_success: c, publish: [{x: 1}]") == [(None, (), ("b",))]


def test_an_empty_next_does_not() -> None:
    assert transitions("next: [], on_success: c") == [("{{ succeeded() }}", (), ("c",))]


def test_publish_goes_to_success_else_to_the_first_else_to_a_transition_of_its_own() -> None:
    published = ({"x": 1},)
    assert transitions("on_failure: b, decision: [{when: 'succeeded()', next: c}], publish: [{x: 1}]") == [
        ("{{ failed() }}", (), ("b",)),
        ("succeeded()", published, ("c",)),
    ]
    assert transitions("on_failure: b, on_complete: c, publish: [{x: 1}]")[0] == (
        "{{ failed() }}",
        published,
        ("b",),
    )
    assert transitions("publish: [{x: 1}]") == [("{{ succeeded() }}", published, None)]


def test_branches_of_a_decision_are_marked_and_so_is_its_default() -> None:
    branches = loaded("on_success: b, decision: [{when: x, next: c}, {default: true, next: d}]")
    assert [(each.decision, each.default) for each in branches] == [
        (False, False),
        (True, False),
        (True, True),
    ]


def test_a_branch_of_a_decision_follows_only_the_outcomes_that_its_condition_leaves_open() -> None:
    branches = "{when: '{{ succeeded() and x }}', next: b}, {when: 'not succeeded()', next: c}, {next: d}"
    text = f"version: '1'\ntasks:\n  - {{name: a, action: c.e, decision: [{branches}]}}\n"
    graph = load(text + "".join(f"  - {{name: {n}, action: c.e}}\n" for n in "bcd")).as_dict()["graph"]
    assert (graph["next_on_success"]["a"], graph["next_on_failure"]["a"]) == (["b", "d"], ["c", "d"])
