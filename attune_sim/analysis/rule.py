"""The one rule for two sets of paired values: changed, not changed, or cannot tell.

What is paired was measured under the same conditions (one hash seed, one round), so the ratio within a pair is free of what the
conditions do to both. Of the ratios the median counts, which one disturbed pair cannot move, with an interval that holds
for every distribution of them:

    changed        the whole interval lies beyond what such values differ by without a cause, and off 1 by a part of its length
    not changed    the whole interval lies within what is called the same
    cannot tell    anything else, and fewer pairs than prove anything, unless all of them differ by a factor of two

Swapping the two sides inverts ratio, interval and direction, and changes no word. `compare`, rules against a baseline, reports and
the noise of a machine all ask this function and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb, exp, log, log1p
from statistics import median
from typing import Final, Literal

from attune_sim.analysis.looks import kept_out

Word = Literal["changed", "not changed", "cannot tell"]
Direction = Literal["less", "more"]

CONFIDENCE: Final = 0.95
"""How often the interval holds the true median ratio, from six pairs on; the range of five holds it in 94 of 100."""

MARGIN: Final = 0.35
"""How far off 1 the interval of a change is, in its own lengths. One in twenty intervals misses 1 however large the noise is; with
this margin at most six in a thousand of ten pairs do, ten of five (seen over noise of 3 to 30 %, one in ten pairs disturbed or none)."""

MARGIN_OF_LOOKS: Final = 0.25
"""The same where several looks share one error: the interval of each is wider for that, and over all of them at most five in a thousand were
called changed."""

BY_CHANCE: Final = 5
"""Pairs that are needed at least where pairs differ by chance: the range of four misses the median once in eight times."""

CERTAIN_FROM: Final = 2.0
"""With too few pairs only a ratio this large, in each of them, is believed: a busy machine makes smaller ones by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What two values of one kind may differ by.

    A difference up to `change`, a share, is never called a change; one up to `same` is called none if it is certain that
    it is no larger. `amount`, in the unit of the values, is what both are at least. `pairs` are needed for a verdict; fewer
    than `BY_CHANCE` are enough only where all pairs say the same within `same`, for then no chance is in them.
    """

    change: float
    same: float
    pairs: int
    amount: float = 0.0

    def log_bands(self, smaller: float) -> tuple[float, float]:
        """`change` and `same` as logarithms of ratios, for values of which the smaller side has this median."""
        least = self.amount / smaller
        return log1p(max(self.change, least)), log1p(max(self.same, least))


@dataclass(frozen=True, slots=True)
class Change:
    """What became of `base` in `own`. `direction` says what `own` is, None unless it changed.

    `ratio` is the median of base / own over `n` pairs, above 1 where `own` is less; `low` and `high` are the ends of its
    interval, with fewer than six pairs their range. `enough` tells whether so many pairs can tell anything by themselves.
    """

    word: Word
    direction: Direction | None
    ratio: float
    low: float
    high: float
    n: int
    enough: bool = True


@dataclass(frozen=True, slots=True)
class _Interval:
    """The ends as logarithms, whether so many pairs can tell anything by themselves, and how far off 1 it has to be, in its own lengths."""

    low: float
    high: float
    enough: bool
    margin: float = MARGIN


def judged(
    pairs: Iterable[tuple[float, float]], tolerance: Tolerance, looks: tuple[int, ...] = ()
) -> Change | None:
    """The rule over pairs of (base, own); None without a pair of two positive values, which alone have a ratio.

    `looks` are the numbers of pairs after which this was asked, or might have been, and might have ended the measuring: the
    intervals of all looks together then hold the median as often as the one of a number that was fixed. For an even number of pairs the median is the geometric mean of the two in the middle, so that it can be inverted.

    >>> noise = Tolerance(change=0.02, same=0.05, pairs=5)
    >>> tenth_more = judged([(10.0, 11.0), (10.1, 11.0), (9.9, 11.1), (10.0, 10.9), (10.2, 11.2)], noise)
    >>> tenth_more.word, tenth_more.direction, round(tenth_more.ratio, 3)
    ('changed', 'more', 0.911)
    >>> judged([(10.0, 10.0)] * 5, noise).word, judged([(10.0, 11.0)] * 4, noise).word
    ('not changed', 'cannot tell')
    """
    known = [(base, own) for base, own in pairs if base > 0 and own > 0]
    if not known:
        return None
    logs = sorted(log(base) - log(own) for base, own in known)
    smaller = min(median(side) for side in zip(*known, strict=True))
    change, same = tolerance.log_bands(smaller)
    found = _interval(logs, tolerance.pairs, same, looks)
    word, direction = _told(found, change, same)
    ends = exp(median(logs)), exp(found.low), exp(found.high)
    return Change(word, direction, *ends, len(logs), found.enough)


def _told(found: _Interval, change: float, same: float) -> tuple[Word, Direction | None]:
    low, high = found.low, found.high
    needed = max(change, found.margin * (high - low) if found.enough else log(CERTAIN_FROM))
    if low > needed:
        return "changed", "less"
    if high < -needed:
        return "changed", "more"
    return ("not changed" if found.enough and -same <= low and high <= same else "cannot tell"), None


def _interval(logs: Sequence[float], pairs: int, same: float, looks: tuple[int, ...]) -> _Interval:
    """Of sorted values. Where all say the same, there is no chance to be held off: their range is what is known."""
    n = len(logs)
    if pairs < BY_CHANCE and logs[-1] - logs[0] <= same:
        return _Interval(logs[0], logs[-1], n >= pairs)
    if not looks:
        return _Interval(*median_interval(logs), n >= max(pairs, BY_CHANCE))
    out = kept_out(looks, n, 1 - CONFIDENCE)
    return _Interval(logs[max(out - 1, 0)], logs[n - max(out, 1)], out > 0, MARGIN_OF_LOOKS)


def median_interval(ordered: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of the median of what these sorted values were drawn from, by their order alone.

    The k-th smallest and the k-th largest of n values enclose the median with a probability of 1 - 2 P(B < k), B being the
    heads of n fair coins. That is the percentile bootstrap of a median worked out instead of drawn: the median of a resample is
    at most the k-th smallest value with a probability that is binomial as well (Efron, "Bootstrap methods", Annals of
    Statistics 7, 1979). It comes in steps, so the two intervals next to the wanted confidence are interpolated, as in
    Hettmansperger and Sheather, "Confidence intervals based on interpolated order statistics" (Statistics & Probability
    Letters 4, 1986). Up to five values never reach 0.95: it is their range.

    >>> median_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    (1.0, 5.0)
    >>> [round(end, 2) for end in median_interval(range(1, 11))]
    [2.66, 8.34]
    """
    n = len(ordered)
    inner = 1
    while 2 * inner < n and _coverage(n, inner) >= confidence:
        inner += 1
    if inner == 1 or _coverage(n, inner) >= confidence:
        return ordered[inner - 1], ordered[n - inner]
    outer = inner - 1
    wide, narrow = _coverage(n, outer), _coverage(n, inner)
    part = (wide - confidence) / (wide - narrow)
    weight = (n - outer) * part / (outer + (n - 2 * outer) * part)
    return (
        ordered[outer - 1] + weight * (ordered[inner - 1] - ordered[outer - 1]),
        ordered[n - outer] - weight * (ordered[n - outer] - ordered[n - inner]),
    )


def _coverage(n: int, k: int) -> float:
    """How often the k-th smallest and the k-th largest of n values enclose their median."""
    return 1.0 - 2 * sum(comb(n, heads) for heads in range(k)) / (1 << n)
