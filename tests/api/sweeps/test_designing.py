"""A design: small sizes first, then those that tell most for their time, until it is enough or the budget ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

import attune_sim as at
from attune_sim.api.sweeps.designing import Design
from attune_sim.api.sweeps.sizes import Sizes
from attune_sim.experiment import Experiment
from attune_sim.experiment.spec import context_bytes_of
from attune_sim.record import CellRecord


class Clock:
    """A clock that moves when cells run."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Laboratory:
    """A measurement that makes cells by planted laws, each of which takes a second and its run."""

    def __init__(self, swept_cell, clock: Clock, stop_at: int | None = None) -> None:
        self._cell, self.clock, self._stop_at = swept_cell, clock, stop_at
        self.sizes: list[tuple[int, int]] = []
        self.records: list[CellRecord] = []

    def run(self, grid: Experiment, told, foretell) -> list[CellRecord]:
        [workload] = grid.workloads
        size = workload.items, context_bytes_of(workload)
        self.sizes.append(size)
        if len(self.sizes) == self._stop_at:
            self.clock.now += 0.5
            raise at.Interrupted("stopped", [])
        cells = [self._begun(self._cell(one.name, *size), foretell) for one in grid.strategies]
        self.clock.now += sum(1.0 + cell.wall_s for cell in cells if cell.wall_s is not None)
        self.records += cells
        return cells

    def _begun(self, cell: CellRecord, foretell) -> CellRecord:
        key = replace(cell.key, memory_limit_bytes=10**9, time_limit_s=20.0)
        foretold = foretell.of(key, self.records)
        if foretold is None:
            return replace(cell, key=key)
        return CellRecord(key=key, outcome="skipped", error=foretold.reason, readings=foretold.readings)


def design(
    swept_cell,
    budget_s: float,
    *,
    items=(),
    context_bytes=(),
    strategies=("deepcopy", "shared"),
    stop_at=None,
):
    clock = Clock()
    grid = Experiment(
        workloads=[],
        strategies=[at.strategies[name] for name in strategies],
        dispatches=("eager",),
        repeats=1,
    )
    own = at.workload_of("baseline")
    made = Design(own, Sizes(items, context_bytes, ()), grid, budget_s, clock)
    laboratory = Laboratory(swept_cell, clock, stop_at)
    try:
        records = [one for some in made.steps(laboratory, None) for one in some]
    except at.Interrupted:
        clock.now += 3600.0  # somebody takes a walk
        records = [one for some in made.steps(laboratory, None) for one in some]
    return made, laboratory, records


def test_it_begins_with_the_corners_of_small_sizes_and_goes_on_towards_the_target(swept_cell) -> None:
    made, laboratory, _ = design(swept_cell, 60.0, items=[2000], context_bytes=[200_000])

    assert laboratory.sizes[:4] == [(16, 10_000), (16, 80_000), (128, 10_000), (128, 80_000)]
    assert len(laboratory.sizes) > 4
    assert made.chosen == laboratory.sizes
    assert made.lines[0].startswith(
        "target: 2,000 items over 200 KB of context; measured in this order: 16 x 10.0 KB, "
    )


def test_it_stops_when_the_predictions_are_narrow_enough(swept_cell) -> None:
    made, laboratory, _ = design(swept_cell, 10_000.0, items=[400], context_bytes=[100_000])

    assert made.lines[1].startswith("stopped because the target is told well enough: live_heap_bytes to ")
    assert len(laboratory.sizes) < 81


def test_it_stops_when_the_budget_pays_for_no_further_size(swept_cell) -> None:
    made, laboratory, records = design(swept_cell, 12.0, items=[100_000], context_bytes=[10_000_000])

    assert made.lines[1].startswith("stopped because the budget ended")
    assert 8 <= len(records) <= 12
    assert laboratory.clock.now < 18  # a law is not known before it ends, so that its last cells may pass it


def test_where_it_was_stopped_it_goes_on_with_the_sizes_and_the_budget_that_are_left(swept_cell) -> None:
    asked = {"items": [2000], "context_bytes": [200_000]}
    whole, _, _ = design(swept_cell, 60.0, **asked)
    made, laboratory, records = design(swept_cell, 60.5 + 4 * 3, **asked, stop_at=4)

    assert made.chosen[:4] == laboratory.sizes[:4] == laboratory.sizes[4:8]
    assert len(records) == 2 * len(made.chosen)
    assert len(made.chosen) >= len(whole.chosen)


def test_it_does_not_choose_a_size_twice_and_leaves_out_what_its_series_cannot_do(swept_cell) -> None:
    made, laboratory, _ = design(swept_cell, 120.0)

    assert len(set(laboratory.sizes)) == len(laboratory.sizes)
    left_out = [one for one in laboratory.records if one.outcome == "skipped"]
    assert {one.key.strategy for one in left_out} <= {"deepcopy"}
    assert all("a cell may take" in one.error or "it may take" in one.error for one in left_out)
    assert made.lines[0].startswith("target: 10,000 items over 10.6 MB")


def test_where_only_items_are_asked_for_the_context_stays(swept_cell) -> None:
    _, laboratory, _ = design(swept_cell, 30.0, items=[1000])

    contexts = {context for _, context in laboratory.sizes}
    assert max(contexts) - min(contexts) < 10  # the digits of the number of items
    assert len({items for items, _ in laboratory.sizes}) >= 3


def test_a_list_is_the_range_from_which_sizes_are_chosen(swept_cell) -> None:
    _, laboratory, _ = design(swept_cell, 40.0, items=[100, 800])

    assert {items for items, _ in laboratory.sizes} <= {100, 200, 400, 800}


def test_a_budget_in_which_no_law_can_be_told_is_refused_before_anything_is_measured(swept_cell) -> None:
    with pytest.raises(
        at.InputError,
        match=r"budget of 2\.0 s: 2 cells at each of the 4 sizes that a law needs take 4\.0 s or more",
    ):
        design(swept_cell, 2.0)
