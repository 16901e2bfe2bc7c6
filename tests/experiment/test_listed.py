from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.errors import Interrupted
from attune_sim.experiment import Progress
from attune_sim.experiment.listed import run_listed
from attune_sim.experiment.spec import CellSpec
from attune_sim.scenarios.registry import scenarios
from attune_sim.store import Store, ended_row, started_row

SMALL = CellSpec(
    workload=scenarios.baseline(5, history=1, variables_bytes=0),
    strategy=strategies["shared"],
    dispatch="eager",
)


def kept(path: Path, *cells: tuple[CellSpec, float]) -> Store:
    """A store that has these cells, each with the seconds that its run took."""
    with Store(path) as store:
        for cell, seconds in cells:
            store.append(cell.key.id, started_row(cell.key, (), cell.hash_seed))
            store.append(cell.key.id, ended_row("ok", None, seconds))
    return Store(path)


def test_cells_that_the_store_has_are_not_run_again(tmp_path: Path) -> None:
    other = replace(SMALL, repeat=1)
    store = kept(tmp_path / "cells.jsonl", (SMALL, 0.1), (other, 0.2))

    records = run_listed([other, SMALL], store=store)

    assert [record.wall_s for record in records] == [0.2, 0.1]


def test_a_slow_cell_is_not_repeated(tmp_path: Path) -> None:
    store = kept(tmp_path / "cells.jsonl", (SMALL, 6.0))

    records = run_listed([SMALL, replace(SMALL, repeat=1), replace(SMALL, repeat=2)], store=store)

    assert [record.key.repeat for record in records] == [0]


def test_a_stop_gives_the_records_of_the_cells_that_ended(tmp_path: Path) -> None:
    store = kept(tmp_path / "cells.jsonl", (SMALL, 0.1), (replace(SMALL, repeat=1), 0.2))

    def stop(progress: Progress) -> None:
        if progress.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="2 of 3 cells were measured") as halt:
        run_listed([SMALL, replace(SMALL, repeat=1), replace(SMALL, repeat=2)], store=store, progress=stop)

    assert [record.wall_s for record in halt.value.result] == [0.1, 0.2]


@pytest.mark.slow
def test_cells_of_memory_run_beside_each_other_and_come_back_in_their_order(tmp_path: Path) -> None:
    cells = [
        SMALL,
        replace(SMALL, memory_only=True),
        replace(SMALL, memory_only=True, repeat=1),
        replace(SMALL, strategy=strategies["deepcopy"]),
    ]
    told: list[Progress] = []

    records = run_listed(cells, workers=2, store=Store(tmp_path / "cells.jsonl"), progress=told.append)

    assert [record.key for record in records] == [cell.key for cell in cells]
    assert [record.outcome for record in records] == ["ok"] * 4
    assert {one.number for one in told if one.record is not None} == {1, 2, 3, 4}
    assert {one.metric for one in records[0].readings} > {one.metric for one in records[1].readings}
