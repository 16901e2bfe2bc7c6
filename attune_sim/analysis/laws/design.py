"""Which size to measure next: the one that tells most about the target for its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from attune_sim.analysis.laws.fit import Fit
from attune_sim.analysis.laws.points import Group, Points

START_S: Final = 1.0
"""What a cell takes besides its run: a process, its imports, and the prices that are read after it."""

GAINS: Final = 0.01
"""Least share of the interval that a cell has to take away."""


class Size(NamedTuple):
    """A size that a workload can have: items of its fan-out, and bytes of JSON of the context that this is handed."""

    items: int
    context_bytes: int


Seconds = Callable[[Group, Size], float | None]
"""What the cell of a group takes at a size; None where it would not be run."""


def next_size(
    fits: Mapping[tuple[Group, str], Fit],
    candidates: Sequence[Size],
    target: Size,
    seconds: Seconds | None = None,
) -> Size | None:
    """The candidate whose measurement shrinks the intervals of the predictions at the target most for its expected time.

    `seconds` None: what the fits of `wall_s` say. None where none shrinks them by a hundredth.
    """
    told, now, groups = seconds or _by_fits(fits), _width(fits.values(), target), {group for group, _ in fits}
    worth: dict[Size, float] = {}
    for one in candidates:
        took = {group: cost for group in groups if (cost := told(group, one)) is not None}
        then = [with_size(fit, one) if group in took else fit for (group, _), fit in fits.items()]
        gain = 1 - _width(then, target) / now
        if gain >= GAINS:
            worth[one] = gain / (START_S + sum(took.values()))
    return max(worth, key=worth.__getitem__, default=None)


def with_size(fit: Fit, size: Size) -> Fit:
    """The fit as it would be with one cell more that reads what is expected of it."""
    points = fit.points
    more = Points(
        np.append(points.items, size.items),
        np.append(points.context, size.context_bytes),
        np.append(points.values, fit.at(*size)),
        np.append(points.slower, 1.0),
    )
    return replace(fit, points=more)


def _width(fits: Iterable[Fit], target: Size) -> float:
    told = [fit.predict(*target) for fit in fits]
    return sum((one.high - one.low) / one.value for one in told if one.value > 0) or 1.0


def _by_fits(fits: Mapping[tuple[Group, str], Fit]) -> Seconds:
    return lambda group, size: fits[group, "wall_s"].at(*size) if (group, "wall_s") in fits else 0.0
