"""Which strategies are called safe, and why the others are not."""

from __future__ import annotations

import attune_sim as at
from attune_sim.api.advice.safety import safety_of
from attune_sim.contexts.registry import strategies
from attune_sim.experiment.recordings import Taken
from attune_sim.scenarios.registry import workload_of

TEXT = """
version: 1.0.0
tasks:
  - {name: each, action: demo.each, with_items: "{{ [1, 2] }}", input: {n: "{{ item }}"}}
"""
ISOLATING = {
    name
    for name in strategies
    if strategies[name].guarantees.isolated_nested and not strategies[name].guarantees.immutable
}


def safe(demanded: str | None = None, taken: Taken | None = None, text: str = TEXT) -> set[str]:
    found = safety_of(workload_of(text, script={"actions": {}}), demanded, taken)
    return set(strategies) - found.unsafe.keys()


def taken(*wrote: str) -> Taken:
    return Taken(file="", key="", wrote=wrote)


def test_without_any_action_that_was_called_only_full_isolation_is_safe():
    assert safe() == ISOLATING
    assert "shared" not in ISOLATING


def test_every_strategy_is_safe_for_actions_that_were_seen_to_write_into_nothing():
    assert safe(taken=taken()) == set(strategies)


def test_an_action_that_writes_into_what_it_is_handed_needs_full_isolation():
    found = safety_of(workload_of(TEXT, script={"actions": {}}), None, taken("each"))
    assert set(strategies) - found.unsafe.keys() == ISOLATING
    assert "'each'" in found.unsafe["shared"]


def test_what_is_demanded_holds_whatever_was_seen():
    assert safe("none") == set(strategies)
    items = safe("items", taken())
    assert "shared" not in items
    assert {"chainmap", "deepcopy", "frozen"} <= items
    assert {"merge", "shared"}.isdisjoint(safe("nested", taken()))
    assert {"frozen", "projected"} <= safe("nested", taken())


def test_demanding_nothing_does_not_make_a_leak_safe():
    assert safe("none", taken("each")) == ISOLATING


def test_the_actions_of_a_scenario_are_watched_in_a_small_run():
    found = safety_of(at.scenarios.baseline(items=1_000), None, None)
    assert found.unsafe == {}
    assert "20 calls" in found.seen
