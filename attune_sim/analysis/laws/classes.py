"""Which class a cost belongs to: which terms it needs, which of them carry it at the largest sizes, and whether they are the
right ones at all."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final, Literal

import numpy as np
from scipy.stats import f as ftest

from attune_sim.analysis.laws.points import Floats, Points
from attune_sim.analysis.laws.terms import COLLECTED, INDEXED, ONCE, Solver, Terms

Law = Literal["O(1)", "O(N)", "O(C)", "O(N*C)", "none"]
LAWS: Final[tuple[Law, ...]] = ("O(1)", "O(N)", "O(C)", "O(N*C)")

LEAST_SIZES: Final = 4
"""Of fewer different sizes nothing is told: the four terms go through any four."""

CHANCE: Final = 0.001
"""How often noise alone may pass for a curve."""

PRICE: Final = 3.0
"""What a term has to earn, in units of the Bayesian information criterion's own price: with some twenty cells one in a hundred
terms that are none would earn it, where the criterion alone takes one in twenty."""


UNLIKELY: Final = 10.0
"""What some terms have to earn on top (`Terms.unlikely`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is asked of metrics of one kind, all as shares of the cost.

    `same`: errors below it buy no term. `lean`: by which power of its size a cell counts more, since where nothing disturbs a cell,
    what small ones differ by is no noise but how they differ from large ones. `carries`: what a term has at the largest sizes if it decides how the cost grows there.
    `curved`: what terms may leave over the sizes before they are called the wrong ones.
    """

    same: float
    lean: float
    carries: float
    curved: float


EXACT: Final = Judgement(same=0.002, lean=0.25, carries=0.03, curved=0.08)
NOISY: Final = Judgement(same=0.02, lean=0.0, carries=0.15, curved=0.25)


def chosen_terms(solver: Solver, judgement: Judgement) -> tuple[int, ...]:
    """The terms that earn their price. It begins without the unlikely ones as well: either of `a` and `b` may stand for the other,
    and the one that goes first is left to chance."""
    every = solver.terms.all
    likely = tuple(one for one in every if one not in solver.terms.unlikely)
    found = [_thinned(solver, start, judgement.same) for start in dict.fromkeys((every, likely))]
    return min(found, key=lambda some: _criterion(solver, some, judgement.same))


def _thinned(solver: Solver, start: tuple[int, ...], same: float) -> tuple[int, ...]:
    """From these terms, the one that earns least is left out, as long as one does not earn its price."""
    # Where every value is 0 no term is left: scipy (1.17) breaks down over a matrix without columns.
    chosen = tuple(np.flatnonzero(solver.solved(start)).tolist()) or (0,)
    best = _criterion(solver, chosen, same)
    fading = solver.terms.fading
    while fewer := [tuple(x for x in chosen if x != one) for one in chosen if _may_go(one, chosen, fading)]:
        criteria = {some: _criterion(solver, some, same) for some in fewer}
        least = min(criteria, key=criteria.__getitem__)
        if criteria[least] > best:
            break
        chosen, best = least, criteria[least]
    return chosen


def _may_go(term: int, chosen: tuple[int, ...], fading: tuple[int, ...]) -> bool:
    """The collector does what it does, whatever the cells say; one of the four terms has to stay; and one that fades foretells
    nothing of larger sizes: without it the rest would have to explain what small cells cost on top."""
    of_four = term < ONCE and sum(one < ONCE for one in chosen) > 1
    return term not in fading and (term in (ONCE, INDEXED) or of_four)


def _criterion(solver: Solver, chosen: tuple[int, ...], same: float) -> float:
    n = len(solver.points)
    errors = solver.errors(solver.solved(chosen))
    unexplained = float(np.mean(np.minimum(errors**2, 1.0))) + same**2
    unlikely = sum(one in solver.terms.unlikely for one in chosen)
    return n * log(unexplained) + (PRICE * len(chosen) + UNLIKELY * unlikely) * log(max(n, 2))


def shares(terms: Terms, points: Points, coefficients: Floats) -> Floats:
    """What each of the four terms has of the cost at the largest sizes.

    The collector's part counts as what it goes through: copies of the context, or forks of one size. What is paid once for all
    items is a part of the constant, and an index is a part of its item.
    """
    parts = terms.columns(points.items.max(), points.context.max())[0] * coefficients
    four = parts[:4].copy()
    of_items, of_copies = (0, 2) if terms.shared else (1, 3)
    four[0] += parts[ONCE]
    four[of_items] += parts[INDEXED]
    if terms.collector is not None:
        four[of_copies if terms.collector.grows_with_context else of_items] += parts[COLLECTED]
    return np.asarray(four / max(four.sum(), 1e-300))


def leading(four: Floats, carries: float) -> int:
    """The place of the term that decides how a cost grows: of those that carry it at the largest sizes the highest.

    >>> leading(np.array([0.1, 0.3, 0.0, 0.6]), 0.05), leading(np.array([0.9, 0.06, 0.04, 0.0]), 0.05)
    (3, 1)
    """
    if four[3] >= carries:
        return 3
    larger = 1 if four[1] >= four[2] else 2
    return larger if four[larger] >= carries else 0


def is_curved(solver: Solver, coefficients: Floats, judgement: Judgement) -> bool:
    """Whether what the terms leave follows the sizes: beyond what is let pass, beyond twice what repeats differ by, and, where
    cells are noisy, along a surface that noise does not follow.

    Half of the floor is let pass everywhere.
    """
    errors, points = solver.errors(coefficients), solver.points
    fitted = np.maximum(solver.matrix @ coefficients, solver.floor)
    errors = np.sign(errors) * np.maximum(np.abs(errors) - solver.floor / 2 / fitted, 0.0)
    _, which = np.unique(np.stack([points.items, points.context]), axis=1, return_inverse=True)
    middles = np.array([np.median(errors[which == one]) for one in range(which.max() + 1)])
    left = float(np.sqrt(np.mean(middles**2)))
    if left <= max(judgement.curved, 2 * _of_repeats(errors - middles[which], len(middles))):
        return False
    return judgement is EXACT or _follows_sizes(points, errors)


def _of_repeats(deviations: Floats, sizes: int) -> float:
    """By how much the middle of a size's repeats is off, from how they differ; 0 where there are none."""
    n = len(deviations)
    if n <= sizes:
        return 0.0
    spread = float(np.sqrt(np.sum(deviations**2) / (n - sizes)))
    return spread / float(np.sqrt(n / sizes))


def _follows_sizes(points: Points, errors: Floats) -> bool:
    """Whether a surface of the second degree over the logarithms of both sizes explains errors better than chance does once in
    a thousand (F test)."""
    n, c = (np.log(np.maximum(sizes, 1.0)) for sizes in (points.items, points.context))
    n, c = n - n.mean(), c - c.mean()
    surface = np.stack([np.ones(len(n)), n, c, n * n, c * c, n * c], axis=1)
    found, _, rank, _ = np.linalg.lstsq(surface, errors, rcond=1e-9)
    freedom, bends = len(errors) - int(rank), int(rank) - 1
    if freedom < 1 or bends < 1:
        return False
    left = float(np.sum((errors - surface @ found) ** 2))
    explained = float(np.sum((errors - errors.mean()) ** 2)) - left
    return float(ftest.sf(explained / bends / max(left / freedom, 1e-300), bends, freedom)) < CHANCE


__all__ = ["EXACT", "LAWS", "NOISY", "Judgement", "Law", "chosen_terms", "is_curved", "leading", "shares"]
