"""The memory of one more fork: ever more of them are kept, of all items in turn, until the pages tell it sharply."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from attune_sim.contexts.strategy import Forker
from attune_sim.engine.offer import Offer
from attune_sim.meter.walk import Walked, owned

ENOUGH: Final = 32_000_000
"""Bytes of growth at which what the ends of it may hide, some 100 KB, is three thousandths."""

SMALL: Final = 4_000_000
"""Bytes of growth below which pages say too little: references are followed instead."""

_SLOT: Final = 8
_FILLING: Final = 2
_MOST: Final = 1_000_000
_WALKED: Final = 40
_WALKING_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Kept:
    """So many forks made anonymous memory grow by so many bytes."""

    forks: int
    growth: int


@dataclass(frozen=True, slots=True)
class ForkMemory:
    """Bytes of one more fork: `each` is its own, its index and its slot in a list included; `waste` is what pools lose beside
    it, which is not in that; through `passing` the first one went and let go of them: such pages stay, and others use them."""

    each: float
    waste: float
    passing: float


def fork_memory(
    offer: Offer,
    *,
    seconds: float,
    room: float,
    pages: Callable[[], int],
    clock: Callable[[], float] = perf_counter,
) -> ForkMemory:
    """A mean over all items, or over as many, in an order by chance, as time and room allow."""
    order = shuffled(offer)
    first, alive = _first(offer.forker, order[0], pages)
    kept = grown(offer.forker, order, seconds=seconds, room=room, pages=pages, clock=clock)
    del alive  # the next ones need their room
    walked = _walked(offer, order, clock)
    blocks, waste = (sum(getattr(one, name) for one in walked) for name in ("blocks", "waste"))
    each = kept.growth / kept.forks
    if kept.growth < SMALL:
        return ForkMemory(blocks / len(walked) + _SLOT, waste / len(walked), max(0.0, first - each))
    # As a share of bytes: what was walked may be small, and one item a giant.
    lost = each * waste / (blocks + waste)
    return ForkMemory(each - lost + _SLOT, lost, max(0.0, first - each))


def _first(forker: Forker, first: tuple[Any, int], pages: Callable[[], int]) -> tuple[int, list[Any]]:
    """By how much pages grow for the first fork: the text that a copy passes through, say, takes some too. Two more come along,
    and stay, so that nothing is left of its holes when others are counted."""
    before = pages()
    forks = [forker.fork(*first)]
    grew = pages() - before
    forks += [forker.fork(*first) for _ in range(_FILLING)]
    return grew, forks


def shuffled(offer: Offer) -> list[tuple[Any, int]]:
    """Items with their indexes, in an order by chance that is always the same."""
    order = [(item, slot) for slot, item in enumerate(offer.items)]
    random.Random(0).shuffle(order)
    return order


def grown(
    forker: Forker,
    order: Sequence[tuple[Any, int]],
    *,
    seconds: float,
    room: float,
    pages: Callable[[], int],
    clock: Callable[[], float],
) -> Kept:
    """Keep forks, item after item and round after round, until memory has grown enough and a round is over.

    Where that took several rounds, the growth of the first is left out: what its forks passed through, a large one above all, left
    holes, and later rounds leave as many as they find.
    """
    slots: list[Any] = [None] * _MOST
    fork, before, until = forker.fork, pages(), clock() + seconds
    made, growth, first_round = 0, 0, 0
    while made < _MOST and growth < room and clock() < until:
        upto = min(_next_look(made, len(order)), _MOST)
        for place in range(made, upto):
            item, index = order[place % len(order)]
            slots[place] = fork(
                item, index + 0
            )  # as in a run: an integer of its own, unless it is a small one
        made, growth = upto, pages() - before
        if made == len(order):
            first_round = growth
        if growth >= ENOUGH and made % len(order) == 0:
            break
    if made > len(order) and made % len(order) == 0:
        return Kept(made - len(order), growth - first_round)
    return Kept(made, growth)


def _next_look(made: int, items: int) -> int:
    """A quarter more each time, and whole rounds once the first is over.

    >>> _next_look(0, 20), _next_look(16, 20), _next_look(19, 20), _next_look(400, 20)
    (1, 20, 20, 500)
    """
    wanted = made + max(1, made // 4)
    return min(wanted, items) if made < items else -(-wanted // items) * items


def _walked(offer: Offer, order: Sequence[tuple[Any, int]], clock: Callable[[], float]) -> Sequence[Walked]:
    until = clock() + _WALKING_S
    forks = []
    for item, index in [*order[:_WALKED], order[0]]:  # two of them, where there is but one item
        forks.append(offer.forker.fork(item, int(f"{index}")))  # an index of its own
        if len(forks) > 2 and clock() > until:
            break
    return owned(forks, [offer.context, offer.forker, offer.items])
