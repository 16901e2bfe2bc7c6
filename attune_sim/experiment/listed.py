"""Cells of a list, one after the other: what belongs to no grid, because each differs from the next in several things."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from attune_sim.errors import Interrupted
from attune_sim.experiment.cell import run_cell
from attune_sim.experiment.grid import SLOW_S, Progress
from attune_sim.experiment.remaining import Remaining
from attune_sim.experiment.spec import CellSpec
from attune_sim.experiment.team import Team
from attune_sim.record import FINAL_OUTCOMES, CellRecord
from attune_sim.store import Store

Tell = Callable[[Progress], None]


def run_listed(
    cells: Sequence[CellSpec],
    *,
    workers: int = 1,
    store: Store | None = None,
    progress: Tell | None = None,
    known: Iterable[CellRecord] = (),
) -> list[CellRecord]:
    """Run the cells that neither the store has nor are `known`, and return the records of all in their order.

    Cells of memory only run beside each other, `workers` at a time; every other one has the machine to itself. Repeats of
    a cell whose first run was slow are left out. After a Ctrl-C `Interrupted` is raised: its result are the records of the cells
    that ended.
    """
    with store or contextlib.nullcontext():
        return _List(cells, store, progress or (lambda progress: None), known).all(workers)


class _List:
    def __init__(
        self, cells: Sequence[CellSpec], store: Store | None, tell: Tell, known: Iterable[CellRecord]
    ) -> None:
        self._cells, self._store, self._tell = cells, store, tell
        self._finished = {} if store is None else store.finished()
        self._finished |= {one.key.id: one for one in known if one.outcome in FINAL_OUTCOMES}
        self._records: dict[str, CellRecord] = {}
        self._lock = threading.RLock()  # cells that run beside each other tell and keep their rows in turn
        self._remaining = Remaining(max((cell.time_limit_s for cell in cells), default=0.0))

    def all(self, workers: int) -> list[CellRecord]:
        """What there is when every cell is done; raises `Interrupted` with what there is at a Ctrl-C."""
        try:
            with Team(workers) as team:
                for number, cell in enumerate(self._cells, 1):
                    self._begin(team, cell, number)
        except KeyboardInterrupt:
            told = f"{len(self._whole):,} of {len(self._cells):,} cells were measured"
            raise Interrupted(told, self._whole) from None
        return self._whole

    @property
    def _whole(self) -> list[CellRecord]:
        records = (self._records.get(cell.key.id) for cell in self._cells)
        return [record for record in records if record is not None and record.outcome != "interrupted"]

    def _begin(self, team: Team, cell: CellSpec, number: int) -> None:
        if self._is_slow(cell):
            return
        if cell.memory_only:
            team.begin(partial(self._take, cell, number))
            return
        team.join()
        self._take(cell, number, lambda: False)
        if self._records[cell.key.id].outcome == "interrupted":
            raise KeyboardInterrupt

    def _is_slow(self, cell: CellSpec) -> bool:
        first = self._records.get(replace(cell, repeat=0).key.id) if cell.repeat else None
        return first is not None and (first.wall_s or 0.0) > SLOW_S

    def _take(self, cell: CellSpec, number: int, stopped: Callable[[], bool]) -> None:
        """The cell as the store has it, or else as it is measured now."""
        self._remaining.began(cell)
        record = self._finished.get(cell.key.id) or self._run(cell, number, stopped)
        with self._lock:
            self._records[cell.key.id] = record
            left = [one for one in self._cells if one.key.id not in self._records]
            self._remaining.ended(cell, left)
        self._told(cell, number, record=record)

    def _run(self, cell: CellSpec, number: int, stopped: Callable[[], bool]) -> CellRecord:
        def on_row(row: Mapping[str, Any]) -> None:
            with self._lock:
                if self._store is not None:
                    self._store.append(cell.key.id, row)
            if row["row"] in ("started", "sample"):
                self._told(cell, number, forks=row.get("forks", 0), items_done=row.get("items_done", 0))

        return run_cell(cell, on_row, stopped=stopped)

    def _told(self, cell: CellSpec, number: int, **rest: Any) -> None:
        title, items, left = cell.title, cell.workload.items, self._remaining.seconds
        with self._lock:
            self._tell(Progress(title, number, len(self._cells), items, remaining_s=left, **rest))
