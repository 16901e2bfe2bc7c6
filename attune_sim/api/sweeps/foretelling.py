"""What smaller cells foretell of a larger one: that it cannot fit its memory, its time, or what is left of a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Final

from attune_sim.errors import counted
from attune_sim.experiment.foretold import Foretold
from attune_sim.experiment.limits import in_binary
from attune_sim.experiment.spec import CellSpec
from attune_sim.metrics import METRICS, format_bytes, format_s
from attune_sim.record import CellKey, CellRecord, Reading

if TYPE_CHECKING:
    from attune_sim.analysis.laws import Fit, Prediction

FORETOLD: Final = ("live_heap_bytes", "wall_s")
"""What limits are about, and so what is foretold."""


def series_of(key: CellKey) -> tuple[object, ...]:
    """What cells have in common that differ in nothing but their sizes and repeats."""
    return (key.workload, key.strategy, key.dispatch, key.executor, key.concurrency, key.payload, key.real)


class Foretelling:
    """Leaves out a cell only if the lower end of what its series foretells is above a limit, or if a smaller one of its series
    met that limit already. `left_s` are the seconds that are left of a budget.
    """

    def __init__(self, left_s: Callable[[], float] = lambda: inf) -> None:
        self._left_s = left_s
        self._known: dict[tuple[object, ...], tuple[int, Mapping[str, Fit]]] = {}

    def __call__(self, cell: CellSpec, records: Sequence[CellRecord]) -> Foretold | None:
        return self.of(cell.key, records)

    def of(self, cell: CellKey, records: Sequence[CellRecord]) -> Foretold | None:
        """Why a cell of this key would be left out; None, and it would run."""
        series = [one for one in records if series_of(one.key) == series_of(cell)]
        if any(one.outcome == "ok" and _holds(one.key, cell) for one in series):
            return None  # a cell of this size, or a larger one, came to its end
        fits = self.fits(series)
        told = {name: predicted(fit, cell, series) for name, fit in fits.items()}
        reasons = (*_met(cell, series), *self._exceeding(cell, told, len(series)))
        if not reasons:
            return None
        return Foretold(reasons[0], tuple(_reading(name, told[name], fits[name]) for name in told))

    def _exceeding(self, cell: CellKey, told: Mapping[str, Prediction], cells: int) -> Iterator[str]:
        by = f"not run: {counted(cells, 'smaller cell')} foretell{'s' if cells == 1 else ''}"
        heap, wall, left_s = told.get("live_heap_bytes"), told.get("wall_s"), self._left_s()
        if heap is not None and heap.low > cell.memory_limit_bytes:
            limit = in_binary(cell.memory_limit_bytes)
            yield f"{by} a live heap of {_span(heap, format_bytes)}, and a cell may take {limit}"
        if wall is not None and wall.low > cell.time_limit_s:
            yield f"{by} a run of {_span(wall, format_s)}, and it may take {format_s(cell.time_limit_s)}"
        if wall is not None and wall.low > left_s:
            yield f"{by} a run of {_span(wall, format_s)}, and {format_s(left_s)} are left of the budget"

    def fits(self, series: Sequence[CellRecord]) -> Mapping[str, Fit]:
        """The laws of a series; those that it had as long as no cell has come to it."""
        if not series:
            return {}
        which = series_of(series[0].key)
        if which not in self._known or self._known[which][0] != len(series):
            self._known[which] = len(series), laws_of(series)
        return self._known[which][1]


def laws_of(series: Sequence[CellRecord]) -> Mapping[str, Fit]:
    """Metric of `FORETOLD` -> its fit, where there is a law; of few sizes there is none."""
    from attune_sim.analysis.laws import fits_of
    from attune_sim.frame import metrics_frame

    fits = fits_of(metrics_frame(series), FORETOLD)
    return {metric: fit for (_, metric), fit in fits.items() if fit.law != "none"}


def predicted(fit: Fit, key: CellKey, series: Sequence[CellRecord]) -> Prediction:
    """What a cell would read."""
    return fit.predict(key.items, key.context_bytes + handed_more(series))


def handed_more(records: Iterable[CellRecord]) -> int:
    """Bytes by which a fan-out is handed more than lies in the context before the first task: the least that was seen, so that
    nothing is foretold too large."""
    known = (
        one.fan_out_context_bytes - one.key.context_bytes
        for one in records
        if one.fan_out_context_bytes is not None
    )
    return min(known, default=0)


def _holds(large: CellKey, small: CellKey) -> bool:
    """Whether a cell is at least as large as another one."""
    return large.items >= small.items and large.context_bytes >= small.context_bytes


def _met(cell: CellKey, series: Sequence[CellRecord]) -> Iterator[str]:
    """A limit that a smaller cell met already."""
    for one in series:
        smaller = _holds(cell, one.key) and not _holds(one.key, cell)
        if smaller and one.outcome in ("memory_limit", "time_limit"):
            size = f"{counted(one.key.items, 'item')} over {format_bytes(one.key.context_bytes)}"
            which = in_binary(cell.memory_limit_bytes)
            if one.outcome == "time_limit":
                which = format_s(cell.time_limit_s)
            yield f"not run: a smaller cell, {size}, met the {one.outcome.replace('_', ' ')} of {which} after {one.forks:,} forks"
            return


def _reading(metric: str, told: Prediction, fit: Fit) -> Reading:
    show = METRICS[metric].format
    label = f"95 % interval {show(max(told.low, 0.0))} to {show(told.high)}"
    basis = f"foretold from {counted(len(fit.points), 'cell')}, {fit.law}"
    return Reading(metric, told.value, source="estimated", n=len(fit.points), label=label, basis=basis)


def _span(told: Prediction, show: Callable[[float], str]) -> str:
    return f"{show(told.value)} ({show(max(told.low, 0.0))} to {show(told.high)})"
