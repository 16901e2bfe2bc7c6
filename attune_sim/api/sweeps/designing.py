"""Sizes that are chosen, not given: those whose cells tell most about a target for their time, until the target is told well
enough or the budget ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import inf
from typing import TYPE_CHECKING, Final, cast

from attune_sim.api.comparisons.measuring import Measurement
from attune_sim.api.runs.chosen import sized_workload
from attune_sim.api.showing.progress import Watcher
from attune_sim.api.sweeps.foretelling import FORETOLD, Foretelling, handed_more
from attune_sim.api.sweeps.sizes import Sizes
from attune_sim.errors import InputError, Interrupted, counted
from attune_sim.experiment import Experiment, Progress
from attune_sim.metrics import format_bytes, format_s
from attune_sim.record import CellKey, CellRecord
from attune_sim.runspec import History
from attune_sim.scenarios.contents import LEAST, Ballast, natural_bytes
from attune_sim.scenarios.workload import Workload

if TYPE_CHECKING:
    from attune_sim.analysis.laws import Fit, Group, Size

    Fits = Mapping[tuple[Group, str], Fit]

ENOUGH: Final = {"live_heap_bytes": 0.05, "wall_s": 0.15}
"""Half an interval, as a share of the prediction, that is narrow enough: what predictions are held to."""

LITTLE: Final = {"live_heap_bytes": 16_384.0, "wall_s": 0.001}
"""Half an interval that is narrow enough whatever the prediction is: free lists and tables of a run come to thousands of bytes."""

BEYOND: Final = 10
"""The target where none was given, in sizes of the workload's own."""

REACH: Final = 512
"""The smallest size where only the largest was given: this fraction of it."""

LEAST_ITEMS: Final = 16
LEAST_CONTEXT: Final = 10_000
"""Below these sizes a cost is mostly the odds and ends of a run, and tells little of how it grows."""

STEP: Final = 2
"""From one candidate to the next larger one."""

BEGINS: Final = (0, 1, 3)
"""Places of the candidates that are measured before a law can tell of any: the smallest, and two beyond it."""

CELL_S: Final = 0.5
"""What a cell takes at the least: a process and its imports."""


class Axis:
    """Candidates of one size, from small to large; the largest is the target."""

    def __init__(self, asked: Sequence[int], own: int, least: int) -> None:
        self.target = max(asked, default=BEYOND * own)
        smallest = min(asked) if len(asked) > 1 else min(max(least, self.target // REACH), self.target)
        self.values = list(_steps(smallest, self.target))

    @property
    def begins(self) -> list[int]:
        return list(dict.fromkeys(self.values[min(place, len(self.values) - 1)] for place in BEGINS))


class Fixed(Axis):
    """A size that nobody asked to vary."""

    def __init__(self, own: int) -> None:
        self.target, self.values = own, [own]


def _steps(smallest: int, target: int) -> Iterator[int]:
    size = smallest
    while size * STEP**0.5 < target:
        yield size
        size *= STEP
    yield target


class Design:
    """The sizes of a sweep with a budget: `chosen` so far, and `told`, why it stopped.

    It begins with small sizes, from which laws can be told. From then on it measures the size that shrinks the intervals of the
    predictions at the target most for its expected time, as long as there is one that the rest of the budget pays.
    """

    def __init__(
        self,
        own: Workload,
        sizes: Sizes,
        grid: Experiment,
        budget_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own, self._grid, self._budget_s, self._clock = own, grid, budget_s, clock
        self._payloads = sizes.payloads or (None,)
        self._items, self._context = _axes(own, sizes)
        self._deadline, self._spent_s = inf, 0.0
        self._foretelling = Foretelling(self._left_s)
        self.chosen: list[Size] = []
        self._stopped = "it was interrupted"
        least_s = CELL_S * self._cells_a_size * len(self._begin)
        if budget_s < least_s:
            raise InputError(
                f"budget of {format_s(budget_s)}: {counted(self._cells_a_size, 'cell')} at each of the {len(self._begin)} sizes that a "
                f"law needs take {format_s(least_s)} or more; give more, or name fewer strategies"
            )

    @property
    def _cells_a_size(self) -> int:
        grid = self._grid
        ways = len(grid.dispatches) * len(grid.executors) * len(grid.concurrencies) * len(self._payloads)
        return ways * len(grid.strategies) * grid.repeats

    @property
    def _begin(self) -> list[Size]:
        """Corners of a small box where two sizes vary, three sizes in a row where one does."""
        from attune_sim.analysis.laws import Size

        items, context = self._items.begins, self._context.begins
        if len(items) > 1 and len(context) > 1:
            items, context = [items[0], items[-1]], [context[0], context[-1]]
        return [Size(*size) for size in product(items, context)]

    def steps(self, measurement: Measurement, told: Watcher | None) -> Iterator[list[CellRecord]]:
        """Measure size after size, the records of each as they come. Where it was interrupted it goes on, with what is left of
        the budget: the sizes that were chosen first, of which the measurement knows what there is."""
        began = self._clock() - self._spent_s
        self._deadline = began + self._budget_s
        before, self.chosen = self.chosen, []
        records: list[CellRecord] = []
        while (size := before.pop(0) if before else self._next(records, self._clock() - began)) is not None:
            workloads = [self._sized(size, payload) for payload in self._payloads]
            grid = replace(self._grid, workloads=workloads, answers_known=bool(records))
            self.chosen.append(size)
            try:
                more = measurement.run(grid, self._telling(told, len(records)), self._foretelling)
            except Interrupted as halt:
                self._spent_s = self._clock() - began
                here = cast("list[CellRecord]", halt.result)
                sizes = counted(len(self.chosen), "size")
                raise Interrupted(
                    f"{counted(len(records) + len(here), 'cell')} of {sizes} were begun", here
                ) from None
            records += more
            yield more

    @property
    def lines(self) -> list[str]:
        """What was chosen, and why it stopped."""
        sizes = ", ".join(f"{one.items:,} x {format_bytes(one.context_bytes)}" for one in self.chosen)
        target = f"{self._items.target:,} items over {format_bytes(self._context.target)} of context"
        return [
            f"target: {target}; measured in this order: {sizes}",
            f"stopped because {self._stopped}",
        ]

    def _sized(self, size: Size, payload: str | None) -> Workload:
        items = None if isinstance(self._items, Fixed) else size.items
        context = None if isinstance(self._context, Fixed) else size.context_bytes
        return sized_workload(self._own, items=items, context_bytes=context, payload=payload)

    def _left_s(self) -> float:
        return self._deadline - self._clock()

    def _next(self, records: Sequence[CellRecord], took_s: float) -> Size | None:
        left_s, each_s = self._left_s(), took_s / max(len(records), 1)
        if len(self.chosen) < len(self._begin):
            if records and left_s < each_s * self._cells_a_size:
                self._stopped = (
                    f"the budget of {format_s(self._budget_s)} ended before there were sizes enough for a law"
                )
                return None
            return self._begin[len(self.chosen)]
        return self._best(records, left_s, each_s)

    def _best(self, records: Sequence[CellRecord], left_s: float, each_s: float) -> Size | None:
        from attune_sim.analysis.laws import Size, fits_of, next_size
        from attune_sim.frame import metrics_frame

        fits, more = fits_of(metrics_frame(records), FORETOLD), handed_more(records)
        target = Size(self._items.target, self._context.target + more)
        if (width := _narrow(fits, target)) is not None:
            self._stopped = f"the target is told well enough: {width}"
            return None
        cost = _Cost(records, fits, self._foretelling, each_s, more)
        left = [Size(*one) for one in product(self._items.values, self._context.values)]
        left = [one for one in left if one not in self.chosen]
        paid = [one for one in left if cost.whole(one) * self._grid.repeats <= left_s]
        handed = {Size(one.items, one.context_bytes + more): one for one in paid}
        best = next_size(fits, list(handed), target, cost.of_handed)
        if best is None:
            self._stopped = _why_none(left, paid, left_s, self._budget_s)
        return None if best is None else handed[best]

    def _telling(self, told: Watcher | None, before: int) -> Watcher | None:
        """Cells are counted through; what remains is at the most what is left of the budget."""

        def tell(progress: Progress) -> None:
            number = progress.number and progress.number + before
            left = max(0.0, self._left_s())
            assert told is not None
            told(replace(progress, number=number, total=progress.total + before, remaining_s=left))

        return None if told is None else tell


def _axes(own: Workload, sizes: Sizes) -> tuple[Axis, Axis]:
    """What varies: the sizes that were asked for, and both where none was."""
    none = not sizes.items and not sizes.context_bytes
    varies_items, varies_context = (
        bool(sizes.items) or (none and own.items > 0),
        bool(sizes.context_bytes) or none,
    )
    items = Axis(sizes.items, own.items, LEAST_ITEMS) if varies_items else Fixed(own.items)
    if not varies_context:
        return items, Fixed(own.context_bytes)
    large = sized_workload(own, items=items.target) if varies_items else own
    return items, Axis(sizes.context_bytes, own.context_bytes, _least_context(large))


def _least_context(large: Workload) -> int:
    """What the workload has by itself with the most items: its own list may lie in its parameters."""

    def measured(history: History, ballast: Ballast) -> int:
        return replace(large, history=history, ballast=ballast).context_bytes

    return max(natural_bytes(large.history, large.ballast, measured) + LEAST, LEAST_CONTEXT)


def _narrow(fits: Fits, target: Size) -> str | None:
    """The widest interval of each metric at the target, if all are narrow enough; else None."""
    widest: dict[str, float] = {}
    for (_, metric), fit in fits.items():
        told = fit.predict(*target)
        off = (told.high - told.low) / 2
        half = off / told.value if told.value > 0 and off > LITTLE[metric] else 0.0
        widest[metric] = max(half, widest.get(metric, 0.0))
    if not widest or any(half > ENOUGH[metric] for metric, half in widest.items()):
        return None
    return ", ".join(f"{metric} to {half:.0%}" for metric, half in widest.items())


def _why_none(left: Sequence[Size], paid: Sequence[Size], left_s: float, budget_s: float) -> str:
    if not left:
        return "every size up to the target has been measured"
    if not paid:
        return f"the budget ended: of {format_s(budget_s)} {format_s(max(left_s, 0.0))} are left, less than another size takes"
    return "no further size that the budget pays would narrow a prediction by a hundredth"


class _Cost:
    """What a size would take, by what its series took at other sizes."""

    def __init__(
        self,
        records: Sequence[CellRecord],
        fits: Fits,
        foretelling: Foretelling,
        each_s: float,
        more: int,
    ) -> None:
        from attune_sim.analysis.laws import Group

        self._records, self._fits, self._foretelling, self._more = records, fits, foretelling, more
        run_s = sum(one.wall_s or 0.0 for one in records) / max(len(records), 1)
        self._besides = max(CELL_S, each_s - run_s)
        self._keys: dict[Group, CellKey] = {
            Group(key.workload, key.strategy, key.dispatch, key.executor, key.payload, key.concurrency): key
            for key in (one.key for one in records)
        }

    def of(self, group: Group, size: Size) -> float | None:
        """Seconds of one cell; None if it would be left out, or is of other surroundings, in which nothing is measured now."""
        if group not in self._keys:
            return None
        key = replace(self._keys[group], items=size.items, context_bytes=size.context_bytes)
        if self._foretelling.of(key, self._records) is not None:
            return None
        fit = self._fits.get((group, "wall_s"))
        run_s = 0.0 if fit is None else fit.at(size.items, size.context_bytes + self._more)
        return self._besides + min(run_s, key.time_limit_s)

    def of_handed(self, group: Group, size: Size) -> float | None:
        """The same for a size whose context is what the fan-out is handed."""
        return self.of(group, size._replace(context_bytes=size.context_bytes - self._more))

    def whole(self, size: Size) -> float:
        """Seconds of all series."""
        return sum(self.of(group, size) or 0.0 for group in self._keys)
