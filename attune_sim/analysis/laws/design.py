"""Which size to measure next: the one that tells most about the target for its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def next_size(fits: Mapping[tuple[Group, str], Fit], candidates: Sequence[Size], target: Size) -> Size | None:
    """The candidate whose measurement shrinks the intervals of the predictions at the target most for its expected time.

    None where none shrinks them by a hundredth.
    """
    now = _width(fits.values(), target)
    gains = {
        one: 1 - _width([with_size(fit, one) for fit in fits.values()], target) / now for one in candidates
    }
    worth = {one: gain / _expected_s(fits, one) for one, gain in gains.items() if gain >= GAINS}
    return max(worth, key=worth.__getitem__, default=None)


def with_size(fit: Fit, size: Size) -> Fit:
    """The fit as it would be with one cell more that reads what is expected of it."""
    points = fit.points
    more = Points(
        np.append(points.items, size.items),
        np.append(points.context, size.context_bytes),
        np.append(points.values, fit.at(*size)),
    )
    return replace(fit, points=more)


def _width(fits: Iterable[Fit], target: Size) -> float:
    told = [fit.predict(*target) for fit in fits]
    return sum((one.high - one.low) / one.value for one in told if one.value > 0) or 1.0


def _expected_s(fits: Mapping[tuple[Group, str], Fit], size: Size) -> float:
    return START_S + sum(fit.at(*size) for (_, metric), fit in fits.items() if metric == "wall_s")
