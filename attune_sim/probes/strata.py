"""Which items stand for all of them: a sample that has the sizes of the whole.

What a fork or a rendering costs may depend on what it is made for: a strategy that copies what an item reads pays for the
size of the item. The few items that hold a large share of all bytes are taken each for itself; of the others, in the order
of their sizes, every k-th one, so that small and large ones are there as often as in the whole. A mean over the whole
is then (sum over the large ones + number of the others x mean over their sample) / number of all.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from time import perf_counter
from typing import Any, Final

_SIZING_S: Final = 0.5
"""Sizes of more items than can be looked at in this time are not known; those that were looked at stand for them."""
MOST_LARGE: Final = 16
"""Items at the most that are taken each for itself."""


@dataclass(frozen=True, slots=True)
class Strata:
    """Indexes of items: `large` ones, and a sample of the `others`, of which there are so many; `known` were sized.

    The sample is in a random order, which is always the same, so that no part of it is all small or all large.
    """

    large: tuple[int, ...]
    sample: tuple[int, ...]
    others: int
    known: int

    def mean(self, of_large: Sequence[float], of_others: float) -> float:
        """The mean over all items, from the value of each large one and the mean over the sample.

        >>> Strata(large=(0,), sample=(1, 3), others=3, known=4).mean([101.0], 1.0)
        26.0
        """
        return (sum(of_large) + self.others * of_others) / (len(self.large) + self.others)

    def repeated(self, most: int) -> tuple[int, ...]:
        """The sample over and over, as often as it fits whole into so many, at least once.

        >>> Strata(large=(), sample=(4, 2), others=2, known=2).repeated(5)
        (4, 2, 4, 2)
        """
        return self.sample * max(1, most // len(self.sample))

    def __repr__(self) -> str:
        return f"<Strata: {len(self.sample)} of {self.others} items, and {len(self.large)} large ones>"


def strata_of(items: Sequence[Any], most: int, *, size_of: Callable[[Any], int] | None = None) -> Strata:
    """Choose at least one and at most `most` of the items, and at most 16 large ones beside them.

    `size_of` gives the size of an item in any unit (None: bytes of its pickle, 1 for what cannot be pickled). Raises
    ValueError if there are no items.

    >>> strata_of(["x" * 9_000, *["y"] * 5], most=3, size_of=len)
    <Strata: 3 of 5 items, and 1 large ones>
    """
    if not items:
        raise ValueError("there are no items to choose from")
    sizes = _sizes(items, size_of or _pickled)
    by_size = sorted(sizes, key=sizes.__getitem__)
    share = sum(sizes.values()) / max(most, 1)
    # One that is expected in the sample more than once is better taken for certain; where all fit in, all are.
    large = [index for index in by_size[-MOST_LARGE:] if sizes[index] > share] if len(sizes) > most else []
    rest = by_size[: len(by_size) - len(large)]
    sample = _every_kth(rest, most)
    Random(0).shuffle(sample)
    return Strata(tuple(large), tuple(sample), len(items) - len(large), len(sizes))


def _sizes(items: Sequence[Any], size_of: Callable[[Any], int]) -> dict[int, int]:
    order = list(range(len(items)))
    Random(0).shuffle(order)
    until, sizes = perf_counter() + _SIZING_S, {}
    for place, index in enumerate(order):
        sizes[index] = size_of(items[index])
        if place % 64 == 0 and perf_counter() > until:
            break
    return sizes


def _every_kth(indexes: Sequence[int], most: int) -> list[int]:
    """So many that lie evenly, from the middle of the first stretch on."""
    count = min(most, len(indexes))
    return [indexes[int((place + 0.5) * len(indexes) / count)] for place in range(count)]


def _pickled(item: Any) -> int:
    try:
        return len(pickle.dumps(item, pickle.HIGHEST_PROTOCOL))
    except Exception:  # whatever an object's own reduction raises
        return 1
