"""How fast the machine was under a cell and under the meter, by work of their own, and at which speed both are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

Figures = Mapping[str, float | None]
"""Name -> figure, None where there is none."""
Pair = tuple[Figures, Figures]
"""What was told of a repeat, and what was metered right after it."""
Pairs = Sequence[Pair]

PAID: Final = ("paid_fork_us", "render_us", "action_us")
"""Times that are read in a run."""
PACES: Final = {"fork_us": "floor_us", **dict.fromkeys(PAID, "pace_us")}
"""Figure -> what tells how fast the machine was in the same moments, by work of its own on either side."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a pace is trusted. `at_speed`: by no more than this may the machine have been slower than in the fastest repeat of either
    side. `of_others`: by no more than this is the fastest repeat of a strategy slower than that of any, if it was at full speed; its forks
    may leave other caches cold, and all repeats of one may have been slow. `corrects`: whether what is left is corrected by it. `at_least`:
    fewer repeats at full speed tell nothing."""

    at_speed: float
    of_others: float
    corrects: bool
    at_least: int


TRUSTS: Final = {
    "floor_us": Trust(at_speed=0.1, of_others=0.02, corrects=True, at_least=1),
    "pace_us": Trust(at_speed=0.05, of_others=0.2, corrects=False, at_least=3),
}
"""Beside a price the pace is read before each batch, and what it says is true to a hundredth or two. Between the forks of a run caches are as these
left them, and each side does another kind of work there: divided by it, the times of 24 strategies and places were further off than as they were read.
A single repeat of a run that it calls quick was up to 52 % off, the middle one of all of 14 to 38 repeats 2 to 10 %."""


@dataclass(frozen=True, slots=True)
class Speed:
    """The full speed of the machine: what pace `name` is then under a cell, and under the meter."""

    name: str
    told: float
    metered: float

    def is_of(self, pair: Pair) -> bool:
        """Whether the machine was about as fast in a repeat, on both sides.

        >>> Speed("floor_us", 0.17, 17.0).is_of(({"floor_us": 0.17}, {"floor_us": 24.0}))
        False
        """
        return max(self._slower(pair)) <= 1 + TRUSTS[self.name].at_speed

    def chosen(self, pairs: Pairs) -> Pairs:
        """The repeats at full speed; none where these are too few to tell anything.

        >>> Speed("pace_us", 20.0, 20.0).chosen([({"pace_us": 20.0}, {"pace_us": pace}) for pace in (20.0, 30.0, 31.0)])
        []
        """
        quick = [pair for pair in pairs if self.is_of(pair)]
        return quick if len(quick) >= TRUSTS[self.name].at_least else []

    def unequal(self, pair: Pair) -> float:
        """How many times slower it was under the meter than under the cell, as far as the pace is trusted.

        >>> Speed("floor_us", 0.2, 20.0).unequal(({"floor_us": 0.2}, {"floor_us": 21.0}))
        1.05
        """
        told, metered = self._slower(pair)
        return metered / told if TRUSTS[self.name].corrects else 1.0

    def _slower(self, pair: Pair) -> tuple[float, float]:
        """How many times slower it was, under the cell and under the meter; infinitely where it is not known."""
        one, other = pair
        return (one.get(self.name) or inf) / self.told, (other.get(self.name) or inf) / self.metered


def full_speed(pairs: Pairs, metric: str, beside: Iterable[Pairs] = ()) -> Speed | None:
    """The full speed of the machine, as far as the repeats of a strategy tell, and those of what was taken `beside` them; None for a
    figure that is no time, and where nothing is known of it.

    >>> pairs = [({"floor_us": 0.17}, {"floor_us": 24.0}), ({"floor_us": 0.24}, {"floor_us": 17.0})]
    >>> full_speed(pairs, "fork_us"), full_speed(pairs, "fork_bytes")
    (Speed(name='floor_us', told=0.17, metered=17.0), None)
    """
    name = PACES.get(metric, "")
    own = _fastest(pairs, name)
    if own is None:
        return None
    known = [found for one in beside if (found := _fastest(one, name)) is not None]
    told, metered = (
        min(mine, *(pace * (1 + TRUSTS[name].of_others) for pace in paces))
        for mine, *paces in zip(own, own, *known, strict=True)
    )
    return Speed(name, told, metered)


def _fastest(pairs: Pairs, name: str) -> tuple[float, float] | None:
    """The shortest of such a pace under the cells, and under the meter; None where one side has none."""
    told = [pace for one, _ in pairs if (pace := one.get(name))]
    metered = [pace for _, other in pairs if (pace := other.get(name))]
    return (min(told), min(metered)) if told and metered else None
