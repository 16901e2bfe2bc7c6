"""Which cells an advice measures: small ones first, larger ones for as long as there is time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import attune_sim as at
from attune_sim.api.advice.scouting import FIRST, Scout
from attune_sim.contexts.registry import strategies
from attune_sim.errors import Interrupted
from attune_sim.experiment import Experiment
from attune_sim.experiment.recordings import Recordings
from attune_sim.record import CellRecord, Reading
from attune_sim.scenarios.workload import Workload

COPYING, SHARING = strategies["deepcopy"], strategies["shared"]
BOTH = ("shared", "deepcopy")
COST_S = {"deepcopy": 0.01, "shared": 0.00001}
HEAP = {"deepcopy": 3e6, "shared": 300.0}


class Laboratory:
    """Measures by a clock of its own: a cell takes a second, and so long an item as its strategy does."""

    def __init__(self, *, stop_after: int | None = None) -> None:
        self.now = 0.0
        self.cells: list[tuple[str, int, int]] = []
        self._stop_after = stop_after

    def clock(self) -> float:
        return self.now

    def measure(self, experiment: Experiment) -> list[CellRecord]:
        found = []
        for cell in experiment.cells(2**30):
            if len(self.cells) == self._stop_after:
                raise Interrupted("stopped", found)
            name, items = cell.strategy.name, cell.workload.items
            self.cells.append((name, items, experiment.workers))
            wall_s = COST_S[name] * items
            self.now += 1.0 + wall_s
            reading = Reading("live_heap_bytes", HEAP[name] * items)
            timed = None if experiment.workers > 1 else wall_s
            found.append(CellRecord(key=cell.key, outcome="ok", wall_s=timed, readings=(reading,)))
        return found


def scout(laboratory: Laboratory, *, budget_s: float = 60.0, target: int = 100_000) -> Scout:
    def sized(items: int) -> Workload:
        return at.scenarios.baseline(items=items, history=0)

    return Scout(
        sized,
        target,
        [SHARING, COPYING],
        dispatch="eager",
        budget_s=budget_s,
        recordings=Recordings(),
        clock=laboratory.clock,
        measure=laboratory.measure,
    )


def all_of(one: Scout, leading: Sequence[str] = ("shared",)) -> Scout:
    one.pairs(BOTH)
    one.third(leading)
    return one


def test_every_strategy_begins_small_and_with_the_machine_to_itself():
    laboratory = Laboratory()
    scout(laboratory).pairs(BOTH)
    assert laboratory.cells[:2] == [("shared", FIRST, 1), ("deepcopy", FIRST, 1)]


def test_the_next_cell_is_as_large_as_time_and_memory_allow():
    laboratory = Laboratory()
    one = scout(laboratory)
    one.pairs(BOTH)
    sizes = {name: items for name, items, _ in laboratory.cells[2:]}
    assert FIRST < sizes["deepcopy"] < 1_000 < sizes["shared"]
    assert HEAP["deepcopy"] * sizes["deepcopy"] < one._limit / 2


def test_no_cell_is_larger_than_what_was_asked_for():
    laboratory = Laboratory()
    all_of(scout(laboratory, target=40))
    assert max(items for _, items, _ in laboratory.cells) == 40


def test_a_strategy_that_comes_into_question_is_measured_at_the_size_asked_for_if_there_is_time():
    laboratory = Laboratory()
    all_of(scout(laboratory))
    assert laboratory.cells[-1] == ("shared", 100_000, 1)


def test_nothing_larger_is_measured_when_the_time_is_up():
    laboratory = Laboratory()
    one = all_of(scout(laboratory, budget_s=2.0))
    assert [name for name, _, _ in laboratory.cells] == ["shared", "deepcopy", "deepcopy", "shared"]
    assert one.unmeasured == []
    assert laboratory.now < 8.0


def test_what_was_measured_before_it_was_stopped_is_kept():
    laboratory = Laboratory(stop_after=1)
    one = scout(laboratory)
    with pytest.raises(Interrupted):
        one.pairs(BOTH)
    assert [record.key.strategy for record in one.records] == ["shared"]
    assert one.unmeasured == ["shared", "deepcopy"]
