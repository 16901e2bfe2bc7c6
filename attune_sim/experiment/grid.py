"""A grid of cells: every workload with every strategy, several times, in an order that is fair to all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import Any, Final

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import Interrupted
from attune_sim.experiment.cell import run_cell
from attune_sim.experiment.equal import require_equal_answers, require_equal_digests, require_equal_inputs
from attune_sim.experiment.optional import OptionalProbe, due
from attune_sim.experiment.recordings import Recordings, Taken
from attune_sim.experiment.spec import TIME_LIMIT_S, CellSpec, context_bytes_of, default_memory_limit, moment
from attune_sim.record import CellRecord
from attune_sim.scenarios.payload import require_memory_for
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Store, ended_row, started_row

SLOW_S: Final = 5.0
"""A cell that took longer is not repeated."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What to run: `workloads` (one a size) times `strategies`, `dispatches` and `executors`, `repeats` times.

    `actions` are added to the workloads' own. `memory_limit_bytes` None: that of the store's first cell, else a
    quarter of the available memory. `check_answers` refuses to time strategies that answer differently; switch it off
    for actions whose results change from run to run. With `real` it is off, because the world answers. `probes` read
    more of the first repeat of each case, once all cells are measured.
    """

    workloads: Sequence[Workload]
    strategies: Sequence[type[ContextStrategy]]
    dispatches: Sequence[str] = ("windowed",)
    executors: Sequence[str] = ("inline",)
    repeats: int = 5
    real: bool = False
    actions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    memory_limit_bytes: int | None = None
    time_limit_s: float = TIME_LIMIT_S
    check_answers: bool = True
    probes: Sequence[OptionalProbe] = ()

    def cells(self, memory_limit_bytes: int) -> Iterator[CellSpec]:
        """Repeats outside, strategies inside: A, B, B, A, so that a slow minute of the machine hits all alike.

        Each repeat begins with the next strategy: what a cell leaves behind (a warm cache, a full disk queue) is not
        left to the same one every time. The order follows from the repeat alone, so a resumed run has the same.
        """
        sized = [(workload, context_bytes_of(workload)) for workload in self.workloads]
        grid = product(
            range(self.repeats), sized, self.dispatches, self.executors, range(len(self.strategies))
        )
        for repeat, (workload, context_bytes), dispatch, executor, place in grid:
            yield CellSpec(
                workload=workload,
                strategy=self.strategies[(place + repeat) % len(self.strategies)],
                dispatch=dispatch,
                executor=executor,
                repeat=repeat,
                real=self.real,
                actions=self.actions,
                memory_limit_bytes=memory_limit_bytes,
                time_limit_s=self.time_limit_s,
                context_bytes=context_bytes,
            )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an experiment is: told when a cell begins, at each of its samples, and with its `record` when it ends.

    `number` counts cells from 1 to `total`, and is 0 before the first of them; `forks` and `items_done` are those of the cell so far.
    """

    title: str
    number: int
    total: int
    items: int
    forks: int = 0
    items_done: int = 0
    record: CellRecord | None = None


def run_experiment(
    grid: Experiment,
    *,
    store: Store | None = None,
    progress: Callable[[Progress], None] | None = None,
    recordings: Recordings | None = None,
) -> list[CellRecord]:
    """Run all cells that the store does not have, and return the records of all.

    What can only be called for real is called once a size, recorded, and replayed by the cells; `recordings` are kept by
    the caller where more than the cells need them.

    Equal answers come first: a small run of each strategy, unmeasured, and after each repeat the fingerprints of
    the full ones. Where results come from a recording or a script, it is a run over all items, whose inputs are compared too.
    A cell slower than five seconds is not repeated (its repeats are `skipped`). After a Ctrl-C `Interrupted` is raised: its
    result are the records so far, the last of them `interrupted` if it came within a cell. What optional probes read stands in the store behind the
    end of its cell; a store that has the cell without it is given it. Raises ExperimentError for unequal answers, InputError
    for a workload whose data alone is more than a cell's memory limit.
    """
    with store or contextlib.nullcontext(), recordings or Recordings() as kept:
        return _Run(grid, store, progress, kept).all()


class _Run:
    def __init__(
        self,
        grid: Experiment,
        store: Store | None,
        progress: Callable[[Progress], None] | None,
        recordings: Recordings,
    ) -> None:
        self._grid, self._store, self._progress, self._recordings = grid, store, progress, recordings
        kept = None if store is None else store.memory_limit()
        limit = grid.memory_limit_bytes or kept or default_memory_limit()
        for workload in grid.workloads:
            require_memory_for(workload, limit)
        self._cells = list(grid.cells(limit))
        self._finished = {} if store is None else store.finished()
        self._records: dict[str, CellRecord] = {}

    def all(self) -> list[CellRecord]:
        """What there is when every cell is done; raises `Interrupted` with what there is at a Ctrl-C."""
        try:
            self._cells = self._recorded()
            self._compare_answers()
            self._run_cells()
            self._run_probes()
        except KeyboardInterrupt:
            raise Interrupted(self._how_far(), list(self._records.values())) from None
        return list(self._records.values())

    @property
    def _missing(self) -> list[CellSpec]:
        return [cell for cell in self._cells if cell.key.id not in self._finished]

    def _recorded(self) -> list[CellSpec]:
        """The cells, those that would call actions for real with a recording of that. What a store has of cells that
        answered otherwise, because the world was another one then, is measured again."""
        self._recordings.say(self._missing)
        taken = {id(cell.workload): self._taken(cell) for cell in self._missing if cell.is_recorded}
        for cell in self._cells:
            known, record = taken.get(id(cell.workload)), self._finished.get(cell.key.id)
            if known is not None and record is not None and record.answer not in (None, known.answer):
                del self._finished[cell.key.id]
        return [_replaying(cell, taken.get(id(cell.workload))) for cell in self._cells]

    def _taken(self, cell: CellSpec) -> Taken:
        if cell.is_recorded and not self._recordings.has(cell):
            self._tell_first(cell, f"recording: {cell.workload.name}")
        return self._recordings.of(cell)

    def _compare_answers(self) -> None:
        """Before anything is timed. What is made up in advance is compared by what it is asked, what is computed by what it gives."""
        if not self._grid.check_answers or self._grid.real:
            return
        missing = self._missing
        foretold = [cell for cell in missing if cell.is_foretold]
        others = [cell for cell in missing if not cell.is_foretold]
        if others and self._checks:
            require_equal_answers(others, self._tell_check)
        each = {(id(cell.workload), cell.strategy.name): cell for cell in foretold}
        for cell in each.values() if self._checks or any(cell.is_recorded for cell in foretold) else ():
            self._tell_check(cell)
            require_equal_inputs(cell, self._taken(cell))

    def _how_far(self) -> str:
        """`7 of 60 cells were measured, 53 missing`."""
        measured = sum(record.outcome != "interrupted" for record in self._records.values())
        return f"{measured:,} of {len(self._cells):,} cells were measured, {len(self._cells) - measured:,} missing"

    def _run_cells(self) -> None:
        for number, cell in enumerate(self._cells, 1):
            record = self._finished.get(cell.key.id) or self._slow_skip(cell) or self._measured(cell, number)
            self._records[cell.key.id] = record
            self._tell(cell, number, record.forks, record.items_done, record)
            if record.outcome == "interrupted":
                raise KeyboardInterrupt
            if self._checks and number % self._round == 0:
                require_equal_digests(self._cells[number - self._round : number], self._records)

    @property
    def _round(self) -> int:
        """How many cells have one repeat, and so one hash seed."""
        return len(self._cells) // self._grid.repeats

    def _run_probes(self) -> None:
        """Once a case: what does not move from run to run is not read in vain for its repeats."""
        for number, cell in enumerate(self._cells[: len(self._cells) // self._grid.repeats], 1):
            for probe in due(self._grid.probes, self._records[cell.key.id]):
                self._tell(cell, number, 0, 0, what=f": {probe.name}")
                self._read(probe, cell)

    def _read(self, probe: OptionalProbe, cell: CellSpec) -> None:
        record = self._records[cell.key.id]
        found = probe.readings(cell, record)
        for reading in found:
            self._keep(cell, {"row": "reading", **asdict(reading)})
        kept = [reading for reading in record.readings if reading.metric not in probe.metrics]
        self._records[cell.key.id] = replace(record, readings=(*kept, *found))

    @property
    def _checks(self) -> bool:
        return self._grid.check_answers and not self._grid.real and len(self._grid.strategies) > 1

    def _slow_skip(self, cell: CellSpec) -> CellRecord | None:
        if cell.repeat == 0:
            return None
        first = self._records.get(replace(cell, repeat=0).key.id)
        if first is None or (first.wall_s or 0.0) <= SLOW_S:
            return None
        reason = f"not repeated: the first run took {first.wall_s:.1f} s"
        began = moment()
        for row in (
            started_row(cell.key, cell.assumed, cell.hash_seed, began),
            ended_row("skipped", reason),
        ):
            self._keep(cell, row)
        return CellRecord(
            key=cell.key,
            outcome="skipped",
            error=reason,
            assumed=cell.assumed,
            hash_seed=cell.hash_seed,
            began=began,
        )

    def _measured(self, cell: CellSpec, number: int) -> CellRecord:
        def on_row(row: Mapping[str, Any]) -> None:
            self._keep(cell, row)
            if row["row"] in ("started", "sample"):
                self._tell(cell, number, row.get("forks", 0), row.get("items_done", 0))

        return run_cell(cell, on_row)

    def _keep(self, cell: CellSpec, row: Mapping[str, Any]) -> None:
        if self._store is not None:
            self._store.append(cell.key.id, row)

    def _tell_check(self, cell: CellSpec) -> None:
        self._tell_first(cell, f"equal answers first: {cell.strategy.name}")

    def _tell_first(self, cell: CellSpec, title: str) -> None:
        """The first seconds of an experiment: nothing is measured yet."""
        if self._progress is not None:
            self._progress(Progress(title, 0, len(self._cells), cell.workload.items))

    def _tell(
        self,
        cell: CellSpec,
        number: int,
        forks: int,
        items_done: int,
        record: CellRecord | None = None,
        what: str = "",
    ) -> None:
        if self._progress is not None:
            total, items = len(self._cells), cell.workload.items
            self._progress(Progress(cell.title + what, number, total, items, forks, items_done, record))


def _replaying(cell: CellSpec, taken: Taken | None) -> CellSpec:
    return cell if taken is None else cell.replaying(taken.recording, taken.estimated)
