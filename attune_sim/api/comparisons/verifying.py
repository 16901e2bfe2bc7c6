"""Metering each cell right after it was measured, in processes of the meter's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attune_sim.api.comparisons.verification import Verification
from attune_sim.byvalue import search_path
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.experiment import Progress
from attune_sim.experiment.carry import packed
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import CellSpec
from attune_sim.meter.findings import derived, figures_of
from attune_sim.meter.order import KINDS, Order
from attune_sim.meter.process import taken
from attune_sim.meter.speed import Figures, Pair
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
        metered = self._metered(record)
        self._pairs.setdefault(record.key.strategy, []).append((told_by(record), metered))

    def verification(self) -> Verification:
        """What has been found so far."""
        drawing = {name for name, one in self._classes.items() if getattr(one, "draws_layout", False)}
        return Verification(figures_of(self._pairs, drawing), self._reasons, self._pairs)

    def _metered(self, record: CellRecord) -> Figures:
        key, workload = record.key, self._workload
        with contextlib.ExitStack() as stack:
            extra = dict(stack.enter_context(workload.parts(workload))) if key.real else {}
            order = packed(self._order(record, extra))
            found: list[Mapping[str, float | None]] = []
            for kind in KINDS:
                figures, reason = taken(
                    order, kind, path=search_path(), hash_seed=hash_seed_of(record), seconds=key.time_limit_s + SPARE_S
                )  # fmt: skip
                found.append(figures)
                if reason:
                    self._reasons.append(f"{key.strategy}, {kind}: {reason}")
        return derived(*found)

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


def told_by(record: CellRecord) -> Figures:
    """The figures that a cell told, by metric."""
    return {reading.metric: reading.value for reading in record.readings}


def hash_seed_of(record: CellRecord) -> int:
    """The `PYTHONHASHSEED` of a cell: on it depends in which order a set is walked, and how a trie of keys branches."""
    seed = getattr(record, "hash_seed", 0)
    return 0 if seed is None else int(seed)
