"""What a typical item of a fan-out took: medians over its items, which one preempted item does not move.

A mean is no use for work of a microsecond: where the machine takes the processor away once, for 5 ms, the mean of
1,000 items rises by 5 us, ten times what there was to measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from attune_sim.probes.recorder import ItemColumns

# The median of so many is sharp, and a million sorted floats would be a peak of memory.
_LOOKED_AT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Typical:
    """Medians in microseconds, None where no item tells: one rendering (with one reading of the clock inside), and
    `between_us`, from the start of one item's attempt to that of the next, without its action.
    """

    render_us: float | None
    between_us: float | None


def typical_of(columns: Iterable[ItemColumns]) -> Typical:
    """The typical item of the largest fan-out, from at most 10,000 items that lie evenly over it.

    `between_us` means something only where one attempt follows the other (the inline executor).
    """
    largest = max(columns, key=len, default=None)
    if largest is None:
        return Typical(None, None)
    looked_at = range(0, len(largest), max(1, len(largest) // _LOOKED_AT))
    return Typical(*(_median(read(largest, looked_at)) for read in (_renders, _between)))


def _median(values: Iterator[float]) -> float | None:
    listed = list(values)
    return median(listed) if listed else None


def _renders(columns: ItemColumns, looked_at: range) -> Iterator[float]:
    for index in looked_at:
        if columns.outcome[index] and columns.attempts[index]:
            yield columns.render_us[index] / columns.attempts[index]


def _between(columns: ItemColumns, looked_at: range) -> Iterator[float]:
    for index in looked_at:
        if index + 1 == len(columns):
            return
        passed = columns.started_s[index + 1] - columns.started_s[index]
        if passed > 0:  # not so where one of the two was never called: its start is NaN
            yield passed * 1e6 - columns.action_us[index]
