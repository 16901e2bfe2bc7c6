"""A grid of cells: every workload with every strategy, several times, in an order that is fair to all of them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import Interrupted
from attune_sim.experiment.cell import run_cell
from attune_sim.experiment.crew import Crew, Line, on_cluster
from attune_sim.experiment.equal import require_equal_answers, require_equal_digests, require_equal_inputs
from attune_sim.experiment.foretold import Foreteller, Foretold
from attune_sim.experiment.optional import OptionalProbe, due
from attune_sim.experiment.recordings import Recordings, Taken
from attune_sim.experiment.remaining import Remaining
from attune_sim.experiment.skipped import skipped
from attune_sim.experiment.spec import TIME_LIMIT_S, CellSpec, context_bytes_of, default_memory_limit
from attune_sim.experiment.team import Team
from attune_sim.record import FINAL_OUTCOMES, CellRecord
from attune_sim.scenarios.payload import require_memory_for
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Store

if TYPE_CHECKING:
    from attune_sim.experiment.away import Away

SLOW_S: Final = 5.0
"""A cell that took longer is not repeated, unless something else was asked for."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What to run: `workloads` (one a size, small ones first) times `concurrencies`, `strategies`, `dispatches` and `executors`,
    `repeats` times.

    `actions` are added to the workloads' own. `memory_limit_bytes` None: that of the store's first cell, else a
    quarter of the available memory. `check_answers` refuses to time strategies that answer differently; switch it off
    for actions whose results change from run to run. With `real` it is off, because the world answers. `probes` read
    more of the first repeat of each case, once all cells are measured. A concurrency None is what the workflow says. With
    `workers` above 1 so many cells run beside each other, and read memory only: a time with company is none. Without
    `by_pympler` its view of a fork is not read, which takes as long as the rest. `answers_known`: that answers are equal was
    shown at another size; those of the cells themselves are compared all the same. `enough` is asked after each repeat of all
    cells: with True no further one begins, so that `repeats` are the most. `looks` are the repeats after which it looks for
    verdicts; cells keep them, for a verdict depends on how often it was looked for. `crew` is the cluster, inside of its block, of
    an executor that makes attempts on one; cells whose attempts are made elsewhere read no times. With `away` the cells themselves
    are run by the workers of the crew, each taking these of Dask's resources; without any they read memory only, as with `workers`.
    A cell whose first run took more than `slow_s` seconds is not repeated.
    """

    workloads: Sequence[Workload]
    strategies: Sequence[type[ContextStrategy]]
    dispatches: Sequence[str] = ("windowed",)
    executors: Sequence[str] = ("inline",)
    concurrencies: Sequence[int | None] = (None,)
    repeats: int = 5
    real: bool = False
    actions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    memory_limit_bytes: int | None = None
    time_limit_s: float = TIME_LIMIT_S
    check_answers: bool = True
    probes: Sequence[OptionalProbe] = ()
    workers: int = 1
    by_pympler: bool = True
    answers_known: bool = False
    enough: Callable[[Sequence[CellRecord]], bool] = lambda records: False
    looks: tuple[int, ...] = ()
    crew: Crew | None = None
    away: Mapping[str, float] | None = None
    slow_s: float = SLOW_S

    @property
    def has_company(self) -> bool:
        """Whether others may run beside a cell, so that it reads no times."""
        return self.workers > 1 or (self.away is not None and not self.away)

    def cells(self, memory_limit_bytes: int) -> Iterator[CellSpec]:
        """Repeats outside, strategies inside: A, B, B, A, so that a slow minute of the machine hits all alike.

        Each repeat begins with the next strategy: what a cell leaves behind (a warm cache, a full disk queue) is not
        left to the same one every time. The order follows from the repeat alone, so a resumed run has the same.
        """
        grid = product(
            range(self.repeats),
            list(self._sized()),
            self.dispatches,
            self.executors,
            range(len(self.strategies)),
        )
        lines = {executor: self._line(executor) for executor in self.executors}
        for repeat, (workload, concurrency, context_bytes), dispatch, executor, place in grid:
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
                concurrency=concurrency,
                memory_only=self.has_company or lines[executor] is not None,
                line=lines[executor],
                by_pympler=self.by_pympler,
                looks=self.looks,
            )

    def _line(self, executor: str) -> Line | None:
        return self.crew.line if self.crew is not None and on_cluster(executor) else None

    def _sized(self) -> Iterator[tuple[Workload, int | None, int]]:
        for workload, concurrency in product(self.workloads, self.concurrencies):
            wide = workload if concurrency is None else workload.sized(concurrency=concurrency)
            yield wide, concurrency, context_bytes_of(wide)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an experiment is: told when a cell begins, at each of its samples, and with its `record` when it ends.

    `number` counts cells from 1 to `total`, and is 0 before the first of them; `forks` and `items_done` are those of the cell so far.
    `remaining_s` is about how long the rest will take, None as long as nobody can tell.
    """

    title: str
    number: int
    total: int
    items: int
    forks: int = 0
    items_done: int = 0
    record: CellRecord | None = None
    remaining_s: float | None = None


def run_experiment(
    grid: Experiment,
    *,
    store: Store | None = None,
    progress: Callable[[Progress], None] | None = None,
    recordings: Recordings | None = None,
    foretell: Foreteller = lambda cell, records: None,
    known: Iterable[CellRecord] = (),
) -> list[CellRecord]:
    """Run all cells that neither the store has nor are `known`, and return the records of all.

    What can only be called for real is called once a size (`Recordings` says when once for all), recorded, and replayed by the cells; `recordings` are kept by
    the caller where more than the cells need them.

    Equal answers come first: a small run of each strategy, unmeasured, and after each repeat the fingerprints of
    the full ones. Where results come from a recording or a script, it is a run over all items, whose inputs are compared too.
    Both come before the first cell of the size that they are of. A cell slower than five seconds is not repeated (its repeats are
    `skipped`), nor is one run of which `foretell` knows from smaller ones that it cannot fit: a rerun asks it again. After a Ctrl-C `Interrupted` is raised: its
    result are the records so far, the last of them `interrupted` if it came within a cell. What optional probes read stands in the store behind the
    end of its cell; a store that has the cell without it is given it. Raises ExperimentError for unequal answers, InputError
    for a workload whose data alone is more than a cell's memory limit.
    """
    with store or contextlib.nullcontext(), recordings or Recordings() as kept:
        return _Run(grid, store, progress, kept, foretell, known).all()


def _away_of(grid: Experiment, memory_limit_bytes: int) -> Away | None:
    """Where cells are run if not here. Raises InputError where they cannot be."""
    if grid.away is None or grid.crew is None:
        return None
    # An extra, which takes a second to import.
    from attune_sim.experiment.away import Away, require_nothing_secret

    require_nothing_secret(grid.workloads[0])
    return Away(grid.crew, grid.away, memory_limit_bytes)


class _Run:
    def __init__(
        self,
        grid: Experiment,
        store: Store | None,
        progress: Callable[[Progress], None] | None,
        recordings: Recordings,
        foretell: Foreteller,
        known: Iterable[CellRecord],
    ) -> None:
        self._grid, self._store, self._progress, self._recordings = grid, store, progress, recordings
        self._foretell = foretell
        kept = None if store is None else store.memory_limit()
        limit = grid.memory_limit_bytes or kept or default_memory_limit()
        for workload in grid.workloads:
            require_memory_for(workload, limit)
        self._away = _away_of(grid, limit)
        self._at_once = grid.workers if self._away is None else self._away.slots
        self._cells = list(grid.cells(limit))
        self._finished = {} if store is None else store.finished()
        self._finished |= {one.key.id: one for one in known if one.outcome in FINAL_OUTCOMES}
        self._records: dict[str, CellRecord] = {}
        self._running: set[str] = set()
        self._left = {cell.key.id: cell for cell in self._cells}
        self._remaining = Remaining(grid.time_limit_s, self._at_once)
        self._ready: set[int] = set()
        self._lock = threading.RLock()  # cells that run beside each other tell and keep their rows in turn

    def all(self) -> list[CellRecord]:
        """What there is when every cell is done; raises `Interrupted` with what there is at a Ctrl-C."""
        try:
            self._recordings.say(self._missing(self._cells))
            self._compare_answers()
            with self._away or contextlib.nullcontext():
                self._run_cells()
            self._run_probes()
        except KeyboardInterrupt:
            self._take_up_kept()
            raise Interrupted(self._how_far(), self._so_far) from None
        return self._so_far

    def _take_up_kept(self) -> None:
        """A cell whose last row is on the disk has ended, though a Ctrl-C came before it was counted."""
        kept = {} if self._store is None else self._store.finished()
        self._records |= {name: kept[name] for name in self._running if name in kept}

    @property
    def _so_far(self) -> list[CellRecord]:
        """The records in the order of their cells, whichever ended first."""
        return [self._records[cell.key.id] for cell in self._cells if cell.key.id in self._records]

    def _missing(self, cells: Sequence[CellSpec]) -> list[CellSpec]:
        known = {name for name, record in self._finished.items() if not record.is_foretold}
        return [cell for cell in cells if cell.key.id not in known]

    def _make_ready(self, workload: Workload) -> None:
        """Before the first cell of a size, unless none of them will run."""
        missing = self._to_run(workload)
        if missing and missing[0].is_recorded:
            self._replay(workload, self._taken(missing[0]))
            missing = self._to_run(workload)  # those from before would call the actions for real
        self._compare_inputs(missing)

    def _to_run(self, workload: Workload) -> list[CellSpec]:
        cells = [cell for cell in self._cells if cell.workload is workload]
        return [cell for cell in self._missing(cells) if self._foretold(cell) is None]

    def _replay(self, workload: Workload, taken: Taken) -> None:
        """The cells of a size, which would call actions for real, answer from a recording of that. What a store has of cells
        that answered otherwise, because the world was another one then, is measured again."""
        for number, cell in enumerate(self._cells):
            if cell.workload is not workload:
                continue
            record = self._finished.get(cell.key.id)
            if record is not None and record.answer not in (None, taken.answer):
                del self._finished[cell.key.id]
            self._cells[number] = cell.replaying(taken.recording, taken.estimated)

    def _taken(self, cell: CellSpec) -> Taken:
        if cell.is_recorded and not self._recordings.has(cell):
            self._tell_first(cell, f"recording: {cell.workload.name}")
        return self._recordings.of(cell)

    def _compare_answers(self) -> None:
        """Before anything is timed: what is computed is compared by what it gives."""
        others = [cell for cell in self._missing(self._cells) if not cell.is_foretold]
        if others and self._checks and not self._grid.answers_known:
            require_equal_answers(others, self._tell_check)

    def _compare_inputs(self, missing: Sequence[CellSpec]) -> None:
        """Before anything of a size is timed: what is made up in advance is compared by what it is asked."""
        if not self._grid.check_answers or self._grid.real:
            return
        each = {cell.strategy.name: cell for cell in missing if cell.is_foretold}
        for cell in each.values() if self._checks or any(cell.is_recorded for cell in missing) else ():
            self._tell_check(cell)
            require_equal_inputs(cell, self._taken(cell))

    def _how_far(self) -> str:
        """`7 of 60 cells were measured, 53 missing`."""
        measured = sum(record.outcome != "interrupted" for record in self._records.values())
        return f"{measured:,} of {len(self._cells):,} cells were measured, {len(self._cells) - measured:,} missing"

    def _run_cells(self) -> None:
        for first in range(0, len(self._cells), self._round):
            with Team(self._at_once) as team:
                for number in range(first + 1, first + self._round + 1):
                    self._begin(number, team)
            if self._ends_with(self._cells[first : first + self._round]):
                return

    def _begin(self, number: int, team: Team) -> None:
        """Take what is known of a cell, or run it."""
        workload = self._cells[number - 1].workload
        if number == 1 or workload is not self._cells[number - 2].workload:
            team.join()  # what smaller cells foretell of larger ones is known when they have ended
        if id(workload) not in self._ready:
            self._ready.add(id(workload))
            self._make_ready(workload)
        cell = self._cells[number - 1]
        if (known := self._known(cell)) is not None:
            return self._ended(cell, number, known)
        self._remaining.began(cell)
        self._running.add(cell.key.id)
        return team.begin(lambda stopped: self._ended(cell, number, self._measured(cell, number, stopped)))

    def _known(self, cell: CellSpec) -> CellRecord | None:
        """What there is of a cell without running it."""
        record = self._finished.get(cell.key.id)
        if record is None or record.is_foretold:
            if (foretold := self._foretold(cell)) is None:
                return self._slow_skip(cell)
            record = record or skipped(cell, foretold.reason, self._keep, foretold.readings)
        return record

    def _foretold(self, cell: CellSpec) -> Foretold | None:
        return self._foretell(cell, list(self._records.values()))

    def _ended(self, cell: CellSpec, number: int, record: CellRecord) -> None:
        with self._lock:
            self._records[cell.key.id] = record
            self._running.discard(cell.key.id)
            self._left.pop(cell.key.id, None)
            self._remaining.ended(cell, self._left.values())
            self._tell(cell, number, record.forks, record.items_done, record)
        if record.outcome == "interrupted":
            raise KeyboardInterrupt

    def _ends_with(self, cells: Sequence[CellSpec]) -> bool:
        """Whether this repeat of all cells is the last one; raises ExperimentError where their answers differ."""
        if self._checks:
            require_equal_digests(cells, self._records)
        return self._grid.enough(list(self._records.values()))

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
        if first is None or (first.wall_s or 0.0) <= self._grid.slow_s:
            return None
        return skipped(cell, f"not repeated: the first run took {first.wall_s:.1f} s", self._keep)

    def _measured(self, cell: CellSpec, number: int, stopped: Callable[[], bool]) -> CellRecord:
        def on_row(row: Mapping[str, Any]) -> None:
            self._keep(cell, row)
            if row["row"] in ("started", "sample"):
                self._tell(cell, number, row.get("forks", 0), row.get("items_done", 0))

        if self._away is not None:
            return self._away.run(cell, on_row, stopped)
        return run_cell(cell, on_row, stopped=stopped)

    def _keep(self, cell: CellSpec, row: Mapping[str, Any]) -> None:
        with self._lock:
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
        if self._progress is None:
            return
        total, items, left = len(self._cells), cell.workload.items, self._remaining.seconds
        with self._lock:
            self._progress(Progress(cell.title + what, number, total, items, forks, items_done, record, left))
