"""Metering each cell right after it was measured, in processes of the meter's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from attune_sim.api.comparisons.verification import Verification
from attune_sim.byvalue import search_path
from attune_sim.contexts.registry import drawing_layouts
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.experiment import Progress
from attune_sim.experiment.carry import packed
from attune_sim.experiment.instruments import RunInstruments
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import CellSpec
from attune_sim.meter.findings import derived, figures_of, is_slow, one_run
from attune_sim.meter.order import Kind, Order
from attune_sim.meter.process import taken
from attune_sim.meter.speed import PAID, Figures, Pair
from attune_sim.record import CellKey, CellRecord
from attune_sim.recording.file import Recording
from attune_sim.scenarios.workload import Workload

SPARE_S: Final = 60.0
"""Beside the time limit of its cell a process of the meter may take so long."""


class Metering:
    """Told the progress of an experiment, it meters every cell that has just ended well: strategy after strategy and
    round after round, beside what is to be checked, so that a slow minute of the machine hits both alike."""

    def __init__(
        self, workload: Workload, strategies: Iterable[type[ContextStrategy]], recordings: Recordings
    ) -> None:
        self._workload, self._recordings = workload, recordings
        self._classes = {strategy.name: strategy for strategy in strategies}
        self._pairs: dict[str, list[Pair]] = {}
        self._reasons: list[str] = []

    def __call__(self, progress: Progress) -> None:
        record = progress.record
        if record is None or record.outcome in ("skipped", "interrupted"):
            return
        if record.outcome != "ok":
            self._reasons.append(f"{record.key.strategy}: the cell ended by {record.outcome}")
            return
        self._pairs.setdefault(record.key.strategy, []).append(self._pair(record))

    def verification(self) -> Verification:
        """What has been found so far."""
        return Verification(
            figures_of(self._pairs, drawing_layouts(self._classes)), self._reasons, self._pairs
        )

    def _pair(self, record: CellRecord) -> Pair:
        """What was told of a cell, and what the meter takes of the like."""
        key, workload, told = record.key, self._workload, told_by(record)
        with contextlib.ExitStack() as stack:
            extra = dict(stack.enter_context(workload.parts(workload))) if key.real else {}
            order = self._order(record, extra)
            ordered = packed(order)
            timed, held = self._taken(record, ordered, "timed"), self._taken(record, ordered, "held")
            beside = dict(self._beside(record, order, timed)) if is_read_beside(key, told) else {}
        beside_told = {one_run(name): beside.get(f"told_{name}") for name in PAID}
        return {**told, **beside_told}, derived(timed, held, beside)

    def _beside(self, record: CellRecord, order: Order, timed: Figures) -> Iterator[tuple[str, float | None]]:
        """What instruments and meter read in the same runs; what is called for real is not called many times for it."""
        instruments = partial(RunInstruments, items=self._workload.items)
        if not record.key.real:
            unseen = packed(replace(order, instruments=partial(instruments, looks=False)))
            yield from self._taken(record, unseen, "crossed").items()
        if is_slow(timed):
            yield from self._taken(record, packed(replace(order, instruments=instruments)), "beside").items()

    def _taken(self, record: CellRecord, ordered: str, kind: Kind) -> Figures:
        """The figures of one process of the meter; none where it failed, which is noted."""
        figures, reason = taken(
            ordered,
            kind,
            path=search_path(),
            hash_seed=hash_seed_of(record),
            seconds=record.key.time_limit_s + SPARE_S,
        )
        if reason:
            self._reasons.append(f"{record.key.strategy}, {kind}: {reason}")
        return figures

    def _order(self, record: CellRecord, extra: Mapping[str, Any]) -> Order:
        key, strategy = record.key, self._classes[record.key.strategy]
        return Order(
            workload=self._workload,
            strategy=strategy,
            recording=self._recording(key, strategy),
            dispatch="eager" if key.dispatch == "eager" else "windowed",
            executor=key.executor,
            real=key.real,
            extra=extra,
            memory_limit_bytes=key.memory_limit_bytes,
        )

    def _recording(self, key: CellKey, strategy: type[ContextStrategy]) -> Recording | None:
        """What the cell answered from; of a cell that a store had, the actions are recorded once more."""
        cell = CellSpec(
            workload=self._workload,
            strategy=strategy,
            executor=key.executor,
            real=key.real,
            memory_limit_bytes=key.memory_limit_bytes,
            time_limit_s=key.time_limit_s,
        )
        return self._recordings.of(cell).recording if cell.is_recorded else None


def is_read_beside(key: CellKey, told: Figures) -> bool:
    """Whether instruments and meter are to read runs together: the items of a cell come one after the other."""
    return key.executor == "inline" and told.get("paid_fork_us") is not None


def told_by(record: CellRecord) -> Figures:
    """The figures that a cell told, by metric."""
    return {reading.metric: reading.value for reading in record.readings}


def hash_seed_of(record: CellRecord) -> int:
    """The `PYTHONHASHSEED` of a cell: on it depends in which order a set is walked, and how a trie of keys branches."""
    seed = getattr(record, "hash_seed", 0)
    return 0 if seed is None else int(seed)
