"""The places at which sliders stop: round numbers, and the sizes that were measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ALIKE: Final = 0.1
"""A round number that is as near to a size that was measured makes place for it."""


def round_steps(first: int, last: int, own: Iterable[int] = ()) -> list[int]:
    """1, 2, 5, 10 ... from `first` to `last`, and `own` sizes in place of those that they are near to.

    >>> round_steps(10, 200, own=[64, 99])
    [10, 20, 50, 64, 99, 200]
    """
    kept: list[int] = []
    for one in sorted(set(own)):
        if not kept or not is_near(one, kept[-1], 0.01):  # repeats of one size differ by a few bytes
            kept.append(one)
    steps = [digit * 10**power for power in range(13) for digit in (1, 2, 5)]
    between = [one for one in steps if first <= one <= last and not any(is_near(one, own) for own in kept)]
    return sorted([*between, *kept])


def limit_steps(limit: int) -> list[int]:
    """128 MiB to 64 GiB, each twice the one before, with `limit` among them.

    >>> len(limit_steps(2**30)), len(limit_steps(3 * 2**28))
    (10, 11)
    """
    return sorted({limit, *(2**power for power in range(27, 37))})


def nearest(steps: Iterable[int], wanted: float) -> int:
    """The step that a size lies nearest to.

    >>> nearest([10, 100, 1000], 60)
    100
    """
    return min(steps, key=lambda one: abs(one - wanted))


def is_near(one: float, other: float, share: float = ALIKE) -> bool:
    """Whether two sizes differ by no more than this share of the larger one."""
    return abs(one - other) <= share * max(one, other)
