"""A cell of which smaller ones tell how it would end is left out, and says so."""

from dataclasses import replace

import pytest

from attune_sim.contexts.deepcopy import Deepcopy
from attune_sim.contexts.shared import Shared
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.experiment.foretold import Foretold
from attune_sim.record import CellKey, Reading
from attune_sim.store import Store

LIMIT = 2**31
HEAP = Reading("live_heap_bytes", 5e9, source="estimated", n=3, label="95 % interval 4 GB to 6 GB")


def double(n):
    return {"double": 2 * n}


def sizes(workload_of, *items, strategies=(Deepcopy, Shared), **given):
    workloads = [workload_of(double, one) for one in items]
    given = {"repeats": 1, "memory_limit_bytes": LIMIT, "check_answers": False, **given}
    return Experiment(workloads=workloads, strategies=strategies, **given)


class Oracle:
    """Foretells that cells of a strategy with more than so many items do not fit; `asked` are the cells that it was asked of."""

    def __init__(self, strategy, items):
        self.strategy, self.items, self.asked = strategy, items, []

    def __call__(self, cell, records):
        self.asked.append((cell.key.strategy, cell.key.items, len(records)))
        if cell.key.strategy == self.strategy and cell.key.items > self.items:
            return Foretold("not run: it would be too large", (HEAP,))
        return None


def ends(records):
    return [(one.key.strategy, one.key.items, one.outcome) for one in records]


@pytest.mark.slow
def test_it_is_skipped_with_its_estimate_and_the_others_of_its_size_run(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"
    told = []
    grid = sizes(workload_of, 2, 4)
    records = run_experiment(grid, store=Store(path), progress=told.append, foretell=Oracle("deepcopy", 2))

    assert ends(records) == [
        ("deepcopy", 2, "ok"), ("shared", 2, "ok"), ("deepcopy", 4, "skipped"), ("shared", 4, "ok")
    ]  # fmt: skip
    left_out = records[2]
    assert left_out.is_foretold
    assert left_out.error == "not run: it would be too large"
    assert left_out.readings == (HEAP,)
    assert Store(path).records() == records
    assert [progress.number for progress in told if progress.record] == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_rerun_asks_again_and_measures_it_where_it_fits_now(workload_of, tmp_path):
    path = tmp_path / "cells.jsonl"
    grid = sizes(workload_of, 2, strategies=(Deepcopy,))
    run_experiment(grid, store=Store(path), foretell=Oracle("deepcopy", 1))
    size = path.stat().st_size

    again = run_experiment(grid, store=Store(path), foretell=Oracle("deepcopy", 1))
    assert ends(again) == [("deepcopy", 2, "skipped")]
    assert path.stat().st_size == size

    assert ends(run_experiment(grid, store=Store(path))) == [("deepcopy", 2, "ok")]


def test_a_size_that_no_strategy_fits_is_neither_recorded_nor_compared(workload_of):
    def counting(n):
        raise AssertionError("it was called")

    workload = replace(workload_of(double, 5), replay={}, real={"test.act": counting})
    grid = Experiment(workloads=[workload], strategies=(Deepcopy,), repeats=1, memory_limit_bytes=LIMIT)

    [record] = run_experiment(grid, foretell=Oracle("deepcopy", 1))
    assert record.outcome == "skipped"


def test_an_older_cell_has_the_name_that_it_had(record_of):
    key = record_of().key
    old = {
        name: getattr(key, name) for name in CellKey.__slots__ if name not in ("concurrency", "memory_only")
    }

    assert CellKey(**old).id == key.id
    assert len({key.id, replace(key, concurrency=3).id, replace(key, memory_only=True).id}) == 3
