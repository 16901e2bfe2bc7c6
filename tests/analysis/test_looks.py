"""Looking after every few repeats: all looks together err no more often than the one look of a fixed number may."""

from __future__ import annotations

from math import exp, log
from random import Random

import pytest

from attune_sim.analysis.looks import kept_out, looks_of
from attune_sim.analysis.rule import CONFIDENCE, MARGIN, MARGIN_OF_LOOKS, judged
from attune_sim.analysis.tolerance import EXACT, NOISE

ERROR = 1 - CONFIDENCE
PLANS = [looks_of(5, most) for most in (8, 10, 20, 30, 60)]


@pytest.mark.parametrize("most", [1, 4, 5, 6, 30, 100])
def test_looks_rise_to_the_most_that_is_allowed(most: int) -> None:
    looks = looks_of(5, most)

    assert looks[-1] == most
    assert list(looks) == sorted(set(looks))


@pytest.mark.parametrize("looks", PLANS, ids=str)
def test_the_intervals_of_all_looks_together_hold_the_median_as_often_as_they_say(looks) -> None:
    """Values with the median 0: only their signs count, whatever they are distributed like."""
    draw, missed, rounds = Random(3), 0, 20_000
    for _ in range(rounds):
        below = seen = 0
        for look in looks:
            below += sum(draw.random() < 0.5 for _ in range(look - seen))
            seen, out = look, kept_out(looks, look, ERROR)
            if not out <= below <= look - out:
                missed += 1
                break

    assert missed / rounds <= ERROR + 3 * (ERROR * (1 - ERROR) / rounds) ** 0.5
    assert missed / rounds >= ERROR / 4, "intervals that never miss are longer than they have to be"


@pytest.mark.parametrize("looks", PLANS, ids=str)
def test_between_two_looks_nothing_is_missed_that_was_not_missed_before(looks) -> None:
    outs = [kept_out(looks, n, ERROR) for n in range(looks[-1] + 1)]

    assert outs == sorted(outs)
    assert all(outs[n] == outs[n - 1] for n in range(1, len(outs)) if n not in looks)
    assert outs[: looks[0]] == [0] * looks[0]


def test_who_looks_once_has_the_interval_of_a_fixed_number_without_what_lies_between_two_values() -> None:
    assert [kept_out((n,), n, ERROR) for n in (5, 6, 9, 12, 20)] == [0, 1, 2, 3, 6]


@pytest.mark.parametrize("noise", [0.03, 0.1, 0.3])
@pytest.mark.parametrize("disturbed", [0.0, 0.1])
def test_whoever_stops_at_the_first_verdict_is_no_more_often_deceived_than_with_one_look(
    noise: float, disturbed: float
) -> None:
    looks, draw, comparisons = looks_of(5, 50), Random(1), 1_000

    def value() -> float:
        return exp(draw.gauss(0, noise)) * (2 if draw.random() < disturbed else 1)

    def stopped_at_a_change(plan: tuple[int, ...]) -> bool:
        pairs = [(value(), value()) for _ in range(looks[-1])]
        words = (judged(pairs[:n], NOISE, plan).word for n in looks)
        return next((word for word in words if word != "cannot tell"), "") == "changed"

    alarms = sum(stopped_at_a_change(looks) for _ in range(comparisons))
    assert alarms <= 15, "at most 1 in 100, and what a simulation of a thousand adds by chance"


def test_the_rule_of_a_fixed_number_asked_at_every_look_would_be_deceived_more_often() -> None:
    looks, draw = looks_of(5, 50), Random(1)
    alarms = 0
    for _ in range(1_000):
        pairs = [(exp(draw.gauss(0, 0.1)), exp(draw.gauss(0, 0.1))) for _ in range(looks[-1])]
        alarms += any(judged(pairs[:n], NOISE).word == "changed" for n in looks)
    assert alarms > 20


def test_a_verdict_comes_early_where_the_difference_is_large_and_where_pairs_do_not_move() -> None:
    looks = looks_of(5, 30)

    assert judged([(5.0, 1.0)] * 5, NOISE, looks).word == "changed"
    assert judged([(100.0, 100.0)] * 3, EXACT, looks).word == "not changed"
    assert judged([(1.0, 1.1)] * 5, NOISE, looks).word == "cannot tell"
    assert judged([(1.0, 1.1)] * 9, NOISE, looks).word == "changed"


def test_a_number_that_was_fixed_asks_for_a_little_more_than_looks_that_share_one_error() -> None:
    """The same ends both ways; how far off 1 they are lies between the two margins."""
    logs = [0.03, 0.03, 0.03, 0.05, 0.06, 0.08, 0.1, 0.13, 0.13, 0.13]
    pairs = [(exp(one), 1.0) for one in logs]
    fixed, looked = judged(pairs, NOISE), judged(pairs, NOISE, (10,))

    assert (fixed.low, fixed.high) == pytest.approx((looked.low, looked.high))
    assert MARGIN_OF_LOOKS < log(fixed.low) / log(fixed.high / fixed.low) < MARGIN
    assert (fixed.word, looked.word) == ("cannot tell", "changed")


def test_few_pairs_of_exact_values_that_disagree_are_pairs_by_chance() -> None:
    moving = [(100.0, 102.0), (100.0, 103.0), (100.0, 104.0)]

    assert judged(moving, EXACT).word == "cannot tell"
    assert judged([*moving, *moving], EXACT).word == "changed"
    assert judged([(100.0, 102.0)] * 3, EXACT).word == "changed"
