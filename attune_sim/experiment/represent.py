"""A few items that stand for all of a fan-out, by their sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Final, NamedTuple

from attune_sim.canonical import as_json

_LOOKED_AT: Final = 1_000  # a million items, each written as JSON under an instrument, would take minutes


class Stand(NamedTuple):
    """An item, by its slot, and the share of all items that it stands for; the shares of a sample add up to 1
    exactly, so that sums of counts stay exact too."""

    slot: int
    share: Fraction


def representatives(items: Sequence[object], most: int) -> list[Stand]:
    """At most `most` items that stand for all, by bytes of JSON; of many items 1,000 that lie evenly over them are sized.

    >>> representatives(["dwarf"] * 99 + ["giant" * 1000], 3)
    [Stand(slot=0, share=Fraction(99, 100)), Stand(slot=99, share=Fraction(1, 100))]
    """
    slots = range(0, len(items), max(1, len(items) // _LOOKED_AT))
    return list(_strata({slot: len(as_json(items[slot])) for slot in slots}, most))


def _strata(sizes: dict[int, int], most: int) -> Iterator[Stand]:
    """Items in the order of their sizes, cut into parts that weigh the same together, so that one giant among many
    dwarfs is a part of its own. Each part is told by the item that is nearest to its mean: what costs by the byte has
    the mean of all.
    """
    ordered = sorted(sizes, key=lambda slot: (sizes[slot], slot))
    whole, before, part_of = max(1, sum(sizes.values())), 0.0, {}
    for slot in ordered:
        middle = before + sizes[slot] / 2
        part_of[slot] = int(middle / whole * most)
        before += sizes[slot]
    for _, part in groupby(ordered, key=part_of.__getitem__):
        slots = list(part)
        mean = sum(sizes[slot] for slot in slots) / len(slots)
        yield Stand(min(slots, key=lambda slot: abs(sizes[slot] - mean)), Fraction(len(slots), len(sizes)))
