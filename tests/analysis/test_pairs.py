"""What of two times is how fast the machine was, and what is left."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log
from random import Random
from statistics import median, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.analysis.pairs import Pair, elasticity, freed
from attune_sim.analysis.rule import judged
from attune_sim.analysis.tolerance import NOISE

POSITIVE = st.floats(1e-3, 1e6)
PAIRS = st.lists(st.builds(Pair, POSITIVE, POSITIVE, POSITIVE, POSITIVE), min_size=1, max_size=30)


def worked(power: float, n: int, *, more: float = 0.0, noise: float = 0.0, seed: int = 0) -> list[Pair]:
    """Pairs of times that grow with a power of the pace, which is anything up to twice what it is at its best."""
    draw = Random(seed)

    def paces() -> tuple[float, float]:
        return 20 * draw.uniform(1, 2), 20 * draw.uniform(1, 2)

    def took(pace: float, share: float) -> float:
        return pace**power * (1 + share) * exp(draw.gauss(0, noise))

    drawn = (paces() for _ in range(n))
    return [Pair(took(base, 0), took(own, more), base, own) for base, own in drawn]


def ratios(pairs: list[tuple[float, float]]) -> list[float]:
    return [own / base for base, own in pairs]


def spread(pairs: list[tuple[float, float]]) -> float:
    return pstdev(log(ratio) for ratio in ratios(pairs))


def shares(pairs: list[Pair]) -> list[tuple[float, float]]:
    """What pairs would be, were each time a multiple of the pace."""
    return [(one.base / one.base_pace, one.own / one.own_pace) for one in pairs]


@pytest.mark.parametrize("power", [0.5, 1.25])
def test_times_that_grow_with_another_power_of_the_pace_are_freed_of_it(power) -> None:
    pairs = worked(power, 50, more=0.1)

    assert elasticity(pairs) == pytest.approx(power, abs=0.08)
    assert median(ratios(freed(pairs))) == pytest.approx(1.1, rel=0.01)
    assert spread(freed(pairs)) < spread(shares(pairs)) / 2


def test_few_pairs_or_an_even_pace_leave_a_time_a_multiple_of_it() -> None:
    still = [Pair(value, value, 20.0, 20.0) for value in (1.0, 1.1, 1.3)]

    assert elasticity(still) == 1
    assert elasticity([]) == 1
    assert 0.5 < elasticity(worked(0.5, 3)) < 1
    assert freed([Pair(1.0, 2.2, 20.0, 40.0)]) == [pytest.approx((2.0, 2.2))]


def test_what_one_side_takes_more_is_not_taken_for_pace() -> None:
    """Not even where that side met the slower moments: each side is looked at about its own mean."""
    slow = [pair._replace(own=pair.own * 2, own_pace=pair.own_pace * 2) for pair in worked(1.0, 20)]
    more = [pair._replace(own=pair.own * 3) for pair in slow]

    assert elasticity(more) == pytest.approx(elasticity(slow))
    assert ratios(freed(more)) == pytest.approx([3.0] * 20)


def test_a_pair_of_which_no_pace_is_known_stays_as_it_was_read_and_teaches_nothing() -> None:
    known = worked(0.5, 20)
    unknown = [Pair(1.0, 2.0), Pair(1.0, 2.0, 20.0), Pair(1.0, 2.0, 0.0, 20.0), Pair(0.0, 2.0, 20.0, 30.0)]

    assert freed([*unknown[:3], *known])[:3] == [(1.0, 2.0)] * 3
    assert elasticity([*unknown, *known]) == elasticity(known)


@given(PAIRS)
def test_swapping_the_sides_inverts_each_ratio(pairs) -> None:
    one, other = freed(pairs), freed([pair.swapped for pair in pairs])

    assert [log(a / b) for a, b in one] == pytest.approx([log(b / a) for a, b in other], abs=1e-6)


@given(PAIRS, st.floats(0.1, 10))
def test_the_unit_of_a_pace_does_not_matter(pairs, factor) -> None:
    scaled = [
        pair._replace(base_pace=pair.base_pace * factor, own_pace=pair.own_pace * factor) for pair in pairs
    ]

    assert ratios(freed(scaled)) == pytest.approx(ratios(freed(pairs)), rel=1e-6)


def test_of_work_that_a_slow_machine_holds_up_less_a_tenth_is_found_and_the_same_makes_few_alarms() -> None:
    def called(freeing: Callable[[list[Pair]], list[tuple[float, float]]], more: float) -> list[str | None]:
        drawn = (worked(0.5, 20, more=more, noise=0.04, seed=seed) for seed in range(200))
        return [judged(freeing(pairs), NOISE).direction for pairs in drawn]

    assert called(freed, 0.1).count("more") >= 175
    assert called(shares, 0.1).count("more") <= 100
    assert called(freed, 0.0).count(None) >= 196


def beside_a_slower_day(pairs: list[Pair]) -> list[Pair]:
    """The same after a baseline of a day that was half as slow again, and whose times grow as the pace does."""
    return [pair._replace(base=pair.base * 1.5, base_pace=pair.base_pace * 1.5) for pair in pairs]


@pytest.mark.parametrize("seed", range(20))
def test_a_time_that_something_else_disturbed_does_not_move_all_pairs_of_a_slower_day(seed) -> None:
    pairs = beside_a_slower_day(worked(1.0, 20, noise=0.03, seed=seed))
    pairs[0] = pairs[0]._replace(base=pairs[0].base * 5)

    assert elasticity(pairs) == pytest.approx(1, abs=0.1)
    assert judged(freed(pairs), NOISE).word != "changed"


@pytest.mark.parametrize("seed", range(20))
def test_what_an_even_pace_is_misread_by_is_no_evidence_of_a_power(seed) -> None:
    draw = Random(seed)

    def read() -> float:
        return 20 * exp(draw.gauss(0, 0.02))

    even = [Pair(exp(draw.gauss(0, 0.03)), exp(draw.gauss(0, 0.03)), read(), read()) for _ in range(50)]

    assert judged(freed(beside_a_slower_day(even)), NOISE).word != "changed"
    assert median(ratios(freed(beside_a_slower_day(even)))) == pytest.approx(1, abs=0.02)


def test_a_power_holds_no_further_than_the_pace_was_seen_to_move() -> None:
    """From 20 to 30 it moves here; what a day at 200 took, which the other side knows nothing of, is a tenth of it."""
    slow = [pair._replace(base=pair.base * 10, base_pace=pair.base_pace * 10) for pair in worked(0.5, 50)]

    low, high = min(ratios(freed(slow))), max(ratios(freed(slow)))
    assert 0.5 < low < high < 1.1
