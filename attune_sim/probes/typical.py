"""What a typical item of a fan-out took: medians over its items, which one preempted item does not move.

A mean is no use for work of a microsecond: where the machine takes the processor away once, for 5 ms, the mean of
1,000 items rises by 5 us, ten times what there was to measure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from attune_sim.probes.recorder import ItemColumns

_LOOKED_AT: Final = (
    10_000  # the median of so many is sharp, and a million sorted floats would be a peak of memory
)


@dataclass(frozen=True, slots=True)
class Typical:
    """Medians in microseconds, None where no item tells: one fork, one rendering (both with one reading of the clock
    inside), and `between_us`, from the start of one item's action to that of the next, without the action itself.
    """

    fork_us: float | None
    render_us: float | None
    between_us: float | None


def typical_of(columns: Iterable[ItemColumns]) -> Typical:
    """The typical item of the largest fan-out, from at most 10,000 items that lie evenly over it.

    `between_us` means something only where one attempt follows the other (the inline executor).
    """
    largest = max(columns, key=len, default=None)
    if largest is None:
        return Typical(None, None, None)
    return Typical(*(_median(read(largest)) for read in (_forks, _renders, _between)))


def _median(values: Iterator[float]) -> float | None:
    listed = list(values)
    return median(listed) if listed else None


def _looked_at(columns: ItemColumns, worth: Callable[[int], bool]) -> Iterator[int]:
    step = max(1, len(columns) // _LOOKED_AT)
    return (index for index in range(0, len(columns), step) if worth(index))


def _forks(columns: ItemColumns) -> Iterator[float]:
    forked = _looked_at(columns, lambda index: columns.attempts[index] > 0)
    return (columns.fork_us[index] / columns.attempts[index] for index in forked)


def _renders(columns: ItemColumns) -> Iterator[float]:
    ended = _looked_at(columns, lambda index: columns.outcome[index] > 0 and columns.attempts[index] > 0)
    return (columns.render_us[index] / columns.attempts[index] for index in ended)


def _between(columns: ItemColumns) -> Iterator[float]:
    last = len(columns) - 1
    for index in _looked_at(columns, lambda index: index < last):
        passed = columns.started_s[index + 1] - columns.started_s[index]
        if passed > 0:  # not so where one of the two was never called: its start is NaN
            yield passed * 1e6 - columns.action_us[index]
