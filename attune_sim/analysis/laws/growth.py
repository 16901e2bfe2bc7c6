"""By which powers of its sizes a cost grows where it was measured: slopes in logarithms, whatever the law."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from attune_sim.analysis.laws.interval import CONFIDENCE
from attune_sim.analysis.laws.points import Floats, Points

_SPARE: Final = 1


class Exponent(NamedTuple):
    """A power, with its interval; all missing (NaN) where the cells do not tell it."""

    value: float
    low: float
    high: float


UNKNOWN: Final = Exponent(float("nan"), float("nan"), float("nan"))


def exponents_of(points: Points) -> tuple[Exponent, Exponent]:
    """Of the items and of the context: `log cost = k + p*log N + q*log C` by least squares over the larger half of each size.

    The larger half, because constants hide the power that counts below it. 1 is linear, 0 does not grow; a sum of terms lies between
    its powers.
    """
    some = points.where(_larger_half(points.items) & _larger_half(points.context) & (points.values > 0))
    varied = [some for sizes in (some.items, some.context) if len(np.unique(sizes)) > 1]
    if len(some) < 2 or len(some) < len(varied) + 1 + _SPARE:
        return UNKNOWN, UNKNOWN
    return _slopes(some)


def _slopes(points: Points) -> tuple[Exponent, Exponent]:
    logs = [np.log(np.maximum(sizes, 1.0)) for sizes in (points.items, points.context)]
    known = [place for place, sizes in enumerate(logs) if np.ptp(sizes) > 0]
    matrix = np.stack([np.ones(len(points)), *(logs[place] for place in known)], axis=1)
    values = np.log(points.values)
    found, *_ = np.linalg.lstsq(matrix, values, rcond=None)
    freedom = max(len(points) - matrix.shape[1], 1)
    variance = float(np.sum((values - matrix @ found) ** 2)) / freedom
    errors = np.sqrt(np.maximum(np.diag(np.linalg.pinv(matrix.T @ matrix)) * variance, 0.0))
    off = errors * float(student.ppf((1 + CONFIDENCE) / 2, freedom))
    told = [UNKNOWN, UNKNOWN]
    for at, place in enumerate(known, 1):
        told[place] = Exponent(*(float(found[at] + way * off[at]) for way in (0, -1, 1)))
    return told[0], told[1]


def _larger_half(sizes: Floats) -> NDArray[np.bool_]:
    """Which sizes lie above the middle of their range, in logarithms."""
    logs = np.log(np.maximum(sizes, 1.0))
    return np.asarray(logs >= (logs.min() + logs.max()) / 2 - 1e-9)
