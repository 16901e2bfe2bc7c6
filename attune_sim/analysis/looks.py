"""Looking more than once: how far an interval has to reach so that all looks together err no more often than one may.

Who looks after every few repeats and stops at the first verdict meets chance as often as he looks. The error that is allowed is
therefore spent over the looks, in proportion to what had been measured by then, as in Lan and DeMets, "Discrete sequential
boundaries for clinical trials" (Biometrika 70, 1983), with their function that spends evenly (after Pocock). Where a median
lies among values is a walk of fair coins whatever their distribution is, so that what is spent is counted exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import comb, e, log1p
from typing import Final

GROWTH: Final = 1.25
"""From one look to the next: nearly as many comparisons as looks would be needed to see more of what comes after."""


def looks_of(least: int, most: int) -> tuple[int, ...]:
    """Numbers of repeats after which to look, from `least` to `most`, ever further apart.

    >>> looks_of(5, 30), looks_of(5, 4)
    ((5, 7, 9, 12, 16, 20, 26, 30), (4,))
    """
    return tuple(_looks(min(least, most), most))


def _looks(first: int, most: int) -> Iterator[int]:
    look = first
    while look < most:
        yield look
        look = max(look + 1, round(look * GROWTH + 0.5))
    yield most


def kept_out(looks: tuple[int, ...], n: int, error: float) -> int:
    """How many of n sorted values, on each side, are outside of the interval's ends and the end itself: k, for an interval
    from the k-th smallest to the k-th largest. 0 while so few values leave everything open.

    The intervals of all looks together miss the median with a probability of at most `error`. Between two looks the k of the
    earlier one holds: what it would miss then, it missed already.

    >>> [kept_out((5, 7, 9, 12, 16, 20, 26, 30), n, 0.05) for n in (5, 9, 12, 14, 30)]
    [0, 1, 2, 2, 9]
    """
    past = [look for look in looks if look <= n]
    return _boundaries(looks, error)[len(past) - 1] if past else 0


@cache
def _boundaries(looks: tuple[int, ...], error: float) -> tuple[int, ...]:
    """The k of each look. `walks` says how many of the values so far lie below the median, and how probable that is with no
    interval having missed it yet."""
    walks, spent, before, out = {0: 1.0}, 0.0, 0, 0
    found = []
    for look in looks:
        walks = _further(walks, look - before)
        while _missed(walks, look, out + 1) + spent <= _spendable(look / looks[-1], error):
            out += 1
        spent += _missed(walks, look, out)
        walks = {below: chance for below, chance in walks.items() if out <= below <= look - out}
        before = look
        found.append(out)
    return tuple(found)


def _spendable(share: float, error: float) -> float:
    """What may be spent when this share of all values is there."""
    return error * log1p((e - 1) * share)


def _further(walks: dict[int, float], steps: int) -> dict[int, float]:
    after: dict[int, float] = {}
    for below, chance in walks.items():
        for more in range(steps + 1):
            after[below + more] = after.get(below + more, 0.0) + chance * comb(steps, more) / (1 << steps)
    return after


def _missed(walks: dict[int, float], n: int, out: int) -> float:
    """The probability that the median is not between the out-th smallest and the out-th largest of n values."""
    return sum(chance for below, chance in walks.items() if not out <= below <= n - out)
