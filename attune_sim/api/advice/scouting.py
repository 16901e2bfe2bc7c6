"""Measuring a workload in a few small sizes, for as long as there is time: what an advice rests on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from attune_sim.api.showing.progress import Watcher
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import Interrupted
from attune_sim.experiment import Experiment, Progress, run_experiment
from attune_sim.experiment.foretold import Foretold
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import CellSpec, default_memory_limit
from attune_sim.record import CellRecord
from attune_sim.scenarios.workload import Workload
from attune_sim.store import Store

FIRST: Final = 16
"""Items of the first cell of a strategy: enough for a slope, few enough for one that copies megabytes."""

CELL_S: Final = 2.0
"""Seconds of a cell besides its run, until some were measured: a process, its imports, prices that are read afterwards."""

LEAST_S: Final = 1.0
SECOND_S: Final = 4.0
THIRD_S: Final = 20.0
"""Seconds that the run of a larger cell may take, however little or much time there is."""

WORKERS: Final = 2
"""Cells beside each other, where nothing but memory is read."""

_STEP: Final = 4096  # times the size before, at most
_LEAST_STEP: Final = 4
_FOR_SECOND: Final = 0.6  # of the time that is left then; the rest is for what comes into question
_OF_LIMIT: Final = 0.4  # of a cell's memory, as foretold from the size before

Clock = Callable[[], float]
Measure = Callable[[Experiment], list[CellRecord]]


class Scout:
    """Measures cells until the time is up. `sized` gives the workload in a size; `records` are all cells that were run.

    `target` is the size that was asked for: none is larger. A cell that has begun is brought to its end, so that a scout may take
    a few seconds more than its budget.
    """

    def __init__(
        self,
        sized: Callable[[int], Workload],
        target: int,
        strategies: Sequence[type[ContextStrategy]],
        *,
        dispatch: str,
        budget_s: float,
        recordings: Recordings,
        store: Store | None = None,
        watcher: Watcher | None = None,
        clock: Clock = time.monotonic,
        measure: Measure | None = None,
        known: Sequence[CellRecord] = (),
    ) -> None:
        self._sized, self._target, self._strategies = sized, target, strategies
        self._dispatch, self._recordings, self._store = dispatch, recordings, store
        self._watcher, self._clock, self._measure = watcher, clock, measure or self._run
        self._began = clock()
        self._ends = self._began + budget_s
        self._workloads: dict[int, Workload] = {}
        self._limit = default_memory_limit()
        self._cell_s = CELL_S
        self.records: list[CellRecord] = []
        self._known = known

    @property
    def left_s(self) -> float:
        """Seconds of the budget that are left."""
        return self._ends - self._clock()

    @property
    def unmeasured(self) -> list[str]:
        """Strategies of which there are not two sizes."""
        known = self._told_of()
        return [strategy.name for strategy in self._strategies if strategy.name not in known]

    def _told_of(self, more: Sequence[CellRecord] = ()) -> set[str]:
        """Strategies of which cells of two sizes were run, or one of the size that was asked for."""
        sizes: dict[str, set[int]] = {}
        for record in (*self.records, *more):
            sizes.setdefault(record.key.strategy, set()).add(_items(record))
        return {name for name, known in sizes.items() if len(known) > 1 or self._target in known}

    def pairs(self, names: Sequence[str]) -> None:
        """Two sizes of each of these strategies, some strategies at a time, while there is time for that: one size cannot tell
        how memory grows. Some are brought to two sizes however long it takes: without them there is nothing to say.
        """
        chosen = self._named(names)
        for place in range(0, len(chosen), WORKERS):
            some = chosen[place : place + WORKERS]
            if self._told_of() and self.left_s < (len(some) + 1) * self._cell_s:
                return
            self._first(some)
            self._second(some, ahead=len(chosen) - place)

    def _named(self, names: Sequence[str]) -> list[type[ContextStrategy]]:
        return [strategy for strategy in self._strategies if strategy.name in names]

    def _first(self, some: Sequence[type[ContextStrategy]]) -> None:
        """One small cell of each, with the machine to itself."""
        began, before = self._clock(), len(self.records)
        self._cells(some, min(FIRST, self._target))
        measured = self.records[before:]
        ran = sum(record.wall_s or 0.0 for record in measured)
        if measured:
            self._cell_s = (self._clock() - began - ran) / len(measured)

    def _second(self, some: Sequence[type[ContextStrategy]], ahead: int) -> None:
        """A larger one of each, as large as its share of the time allows, for its memory alone. `ahead` strategies share the time."""
        share = max(0.0, self.left_s) * _FOR_SECOND * WORKERS / max(1, ahead) - 2 * self._cell_s
        sizes: dict[int, list[type[ContextStrategy]]] = {}
        for strategy in some:
            if items := self._larger(strategy, min(max(share, LEAST_S), SECOND_S)):
                sizes.setdefault(items, []).append(strategy)
        for items, strategies in sorted(sizes.items()):
            self._cells(strategies, items, workers=WORKERS)

    def third(self, names: Sequence[str]) -> None:
        """What is left goes to the strategies that come into question, at the size that was asked for if there is time."""
        by_name = {strategy.name: strategy for strategy in self._strategies}
        for place, name in enumerate(names):
            share = self.left_s / (len(names) - place) - self._cell_s
            if items := self._larger(by_name[name], min(share, THIRD_S), exact=True):
                self._cells([by_name[name]], items)

    def _larger(self, strategy: type[ContextStrategy], seconds: float, *, exact: bool = False) -> int:
        """The size of a strategy's next cell, which may take so long; 0 for none. Several share one, unless it is `exact`."""
        known = [one for one in self.records if one.key.strategy == strategy.name and one.outcome == "ok"]
        timed = max((one for one in known if one.wall_s), key=_items, default=None)
        if timed is None:
            return 0
        largest = max(map(_items, known))
        if not exact:  # a second size there has to be
            seconds = max(seconds, _LEAST_STEP * (timed.wall_s or 0.0))
        items = _next_items(timed, seconds, self._limit * _OF_LIMIT, self._target)
        while not exact and FIRST < items < self._target and items & (items - 1):
            items &= items - 1  # down to a power of two
        return items if largest < items and items >= min(self._target, _LEAST_STEP * largest) else 0

    def _cells(self, strategies: Sequence[type[ContextStrategy]], items: int, *, workers: int = 1) -> None:
        if not strategies:
            return
        if items not in self._workloads:
            self._workloads[items] = self._sized(items)
        experiment = Experiment(
            workloads=[self._workloads[items]],
            strategies=strategies,
            dispatches=[self._dispatch],
            repeats=1,
            check_answers=False,  # they are compared when all are there
            memory_limit_bytes=self._limit,
            workers=min(workers, len(strategies)),
            by_pympler=False,
        )
        try:
            self._keep(self._measure(experiment))
        except Interrupted as halt:
            self._keep(halt.result if isinstance(halt.result, list) else [])
            raise

    def _keep(self, records: Sequence[CellRecord]) -> None:
        self.records += [one for one in records if one.outcome not in ("skipped", "interrupted")]

    def _run(self, experiment: Experiment) -> list[CellRecord]:
        return run_experiment(
            experiment,
            store=self._store,
            progress=self._told,
            recordings=self._recordings,
            foretell=self._time_is_up,
            known=self._known,
        )

    def _time_is_up(self, cell: CellSpec, records: Sequence[CellRecord]) -> Foretold | None:
        """Asked before each cell. The first strategies are always brought to two sizes."""
        known = len(self._told_of(records)) >= min(WORKERS, len(self._strategies))
        if records and not self.records:  # how long a cell takes is known as soon as the first has ended
            self._cell_s = (self._clock() - self._began) / len(records)
        return Foretold("no time was left for it", ()) if known and self.left_s < self._cell_s else None

    def _told(self, progress: Progress) -> None:
        """Those who watch see one count of all cells."""
        if self._watcher is not None:
            before, all_of_them = len(self.records), 2 * len(self._strategies) + 2
            number = before + progress.number
            self._watcher(replace(progress, number=number, total=max(all_of_them, before + progress.total)))


def _items(record: CellRecord) -> int:
    return record.key.items or record.fan_out_items or 0


def _next_items(record: CellRecord, seconds: float, memory: float, target: int) -> int:
    """How many items a cell may have that takes so long, and so much memory, by what a smaller one took."""
    read: Mapping[str, float] = {one.metric: one.value for one in record.readings if one.value is not None}
    wall_s, heap = max(record.wall_s or 0.0, 1e-4), max(read.get("live_heap_bytes", 0.0), 1.0)
    factor = min(seconds / wall_s, memory / heap, _STEP)
    return min(target, int(_items(record) * max(factor, 0.0)))
