"""How large the parts of a run's context are, and what each task gave."""

from __future__ import annotations

import pytest

from attune_sim.contexts.projected import Projected
from attune_sim.experiment.composition import Composition, composition_of
from attune_sim.experiment.spec import CellSpec
from attune_sim.scenarios.registry import workload_of

TEXT = """
version: 1.0.0
parameters: {region: {type: string, default: eu}}
tasks:
  - name: find
    action: demo.find
    next: [{when: "{{ succeeded() }}", publish: [{first: "{{ result().hosts[0] }}"}], do: [each]}]
  - name: each
    action: demo.each
    with_items: "{{ task.find.hosts }}"
    input: {host: "{{ item }}"}
    next: [{do: [tell]}]
  - {name: tell, action: demo.tell}
"""
SCRIPT = {
    "actions": {
        "find": [{"result": {"hosts": ["a", "b", "c"], "notes": {"shape": "records", "bytes": 50_000}}}],
        "each": [{"index": 1, "result": {"answer": "x" * 1_000}}, {"result": {"answer": "x"}}],
        "tell": [{"result": {"told": True}}],
    }
}


@pytest.fixture(scope="module")
def composed() -> Composition:
    return composition_of(CellSpec(workload=workload_of(TEXT, script=SCRIPT), strategy=Projected))


def test_each_result_is_told_with_its_bytes_and_calls(composed: Composition) -> None:
    assert composed.status == "succeeded"
    parts = {part.task: part for part in composed.parts}
    assert parts["find"].bytes == pytest.approx(50_030, abs=30)
    assert (parts["find"].calls, parts["find"].fan_out) == (1, False)
    assert (parts["each"].calls, parts["each"].fan_out) == (3, True)
    assert parts["each"].call_bytes == len('{"answer":""}') + 1_000


def test_what_the_fan_out_was_handed_is_told_apart_from_what_came_later(composed: Composition) -> None:
    handed = {part.task for part in composed.parts if part.handed}
    assert handed >= {"find", "workflow"}
    assert {"each", "tell"}.isdisjoint(handed)


def test_the_entries_of_a_result_are_told_by_their_size(composed: Composition) -> None:
    keys = next(part for part in composed.parts if part.task == "find").keys
    assert keys == {"hosts": len('["a","b","c"]'), "notes": 50_000}


def test_records_take_several_times_the_bytes_of_their_json_alive(composed: Composition) -> None:
    find = next(part for part in composed.parts if part.task == "find")
    assert find.heap_bytes is not None
    assert 2 < find.heap_bytes / find.bytes < 8
