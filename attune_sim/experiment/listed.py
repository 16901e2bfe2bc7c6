"""Cells of a list, one after the other: what belongs to no grid, because each differs from the next in several things."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from attune_sim.errors import Interrupted
from attune_sim.experiment.cell import run_cell
from attune_sim.experiment.grid import SLOW_S, Progress
from attune_sim.experiment.spec import CellSpec
from attune_sim.record import CellRecord
from attune_sim.store import Store

Tell = Callable[[Progress], None]

_QUIET: Final[Tell] = lambda progress: None  # noqa: E731


def run_listed(
    cells: Sequence[CellSpec], *, store: Store | None = None, progress: Tell | None = None
) -> list[CellRecord]:
    """Run the cells that the store does not have, in their order, and return the records of all.

    Repeats of a cell whose first run was slow are left out. After a Ctrl-C `Interrupted` is raised: its result are the
    records so far.
    """
    with store or contextlib.nullcontext():
        return _List(cells, store, progress or _QUIET).all()


class _List:
    def __init__(self, cells: Sequence[CellSpec], store: Store | None, tell: Tell) -> None:
        self._cells, self._store, self._tell = cells, store, tell
        self._finished = {} if store is None else store.finished()
        self._records: dict[str, CellRecord] = {}

    def all(self) -> list[CellRecord]:
        for number, cell in enumerate(self._cells, 1):
            if self._is_slow(cell):
                continue
            record = self._finished.get(cell.key.id) or self._run(cell, number)
            self._records[cell.key.id] = record
            self._told(cell, number, record=record)
            if record.outcome == "interrupted":
                raise Interrupted(f"{number - 1:,} of {len(self._cells):,} cells were measured", self._whole)
        return self._whole

    @property
    def _whole(self) -> list[CellRecord]:
        return [record for record in self._records.values() if record.outcome != "interrupted"]

    def _is_slow(self, cell: CellSpec) -> bool:
        first = self._records.get(replace(cell, repeat=0).key.id) if cell.repeat else None
        return first is not None and (first.wall_s or 0.0) > SLOW_S

    def _run(self, cell: CellSpec, number: int) -> CellRecord:
        def on_row(row: Mapping[str, Any]) -> None:
            if self._store is not None:
                self._store.append(cell.key.id, row)
            if row["row"] in ("started", "sample"):
                self._told(cell, number, forks=row.get("forks", 0), items_done=row.get("items_done", 0))

        return run_cell(cell, on_row)

    def _told(self, cell: CellSpec, number: int, **rest: Any) -> None:
        self._tell(Progress(cell.title, number, len(self._cells), cell.workload.items, **rest))
