"""The rule of verdicts, as a function: what holds for all pairs, and what it says of the ones at its edges."""

from __future__ import annotations

from math import comb, exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.analysis.rule import CONFIDENCE, Tolerance, judged, median_interval
from attune_sim.analysis.tolerance import EXACT, NOISE, RUN_AMOUNTS, tolerance_of
from attune_sim.metrics import METRICS

values = st.floats(min_value=1e-3, max_value=1e9)
tolerances = st.sampled_from([NOISE, EXACT, Tolerance(change=0.005, same=0.005, pairs=3, amount=4096)])
lists_of_pairs = st.lists(st.tuples(values, values), min_size=1, max_size=30)
OTHER_WAY = {"less": "more", "more": "less", None: None}


@given(lists_of_pairs, tolerances)
def test_swapping_the_two_sides_inverts_ratio_and_direction_and_changes_no_word(pairs, tolerance) -> None:
    there = judged(pairs, tolerance)
    back = judged([(own, base) for base, own in pairs], tolerance)

    assert back.word == there.word
    assert back.direction == OTHER_WAY[there.direction]
    assert (1 / back.ratio, 1 / back.high, 1 / back.low) == pytest.approx(
        (there.ratio, there.low, there.high)
    )


@given(lists_of_pairs, tolerances)
def test_a_change_has_the_sign_of_its_ratio_and_of_its_whole_interval(pairs, tolerance) -> None:
    found = judged(pairs, tolerance)

    assert found.low <= found.ratio * (1 + 1e-12)
    assert found.ratio <= found.high * (1 + 1e-12)
    if found.direction == "less":
        assert found.low > 1
    if found.direction == "more":
        assert found.high < 1
    assert (found.word == "changed") == (found.direction is not None)


@given(st.lists(values, min_size=5, max_size=30), tolerances)
def test_what_is_equal_in_each_pair_has_not_changed(base, tolerance) -> None:
    found = judged([(value, value) for value in base], tolerance)

    assert (found.word, found.ratio, found.low, found.high) == ("not changed", 1.0, 1.0, 1.0)


@given(st.lists(values, min_size=5, max_size=30), st.floats(1.06, 10.0))
def test_a_factor_that_is_the_same_in_each_pair_is_found_however_far_apart_the_pairs_are(
    base, factor
) -> None:
    found = judged([(value, value * factor) for value in base], NOISE)

    assert (found.word, found.direction) == ("changed", "more")
    assert 1 / found.ratio == pytest.approx(factor)


@given(lists_of_pairs, tolerances, st.randoms())
def test_the_order_of_the_pairs_says_nothing(pairs, tolerance, draw) -> None:
    mixed = draw.sample(pairs, len(pairs))

    assert judged(mixed, tolerance) == judged(pairs, tolerance)


@given(st.lists(st.tuples(st.floats(1.0, 1.9), st.floats(1.0, 1.9)), min_size=1, max_size=4))
def test_few_pairs_that_differ_by_less_than_two_tell_nothing(pairs) -> None:
    assert judged(pairs, NOISE).word == "cannot tell"


def test_few_pairs_are_believed_if_each_of_them_differs_by_more_than_two() -> None:
    assert judged([(5.0, 1.0)], NOISE).word == "changed"
    assert judged([(5.0, 1.0), (1.5, 1.0)], NOISE).word == "cannot tell"


def test_one_disturbed_pair_of_ten_makes_no_change_and_hides_none() -> None:
    same = [(1.0, 1.0)] * 9 + [(1.0, 9.0)]
    tenth = [(1.0, 1.1)] * 9 + [(9.0, 1.0)]

    assert judged(same, NOISE).word != "changed"
    assert judged(tenth, NOISE).direction == "more"


def test_what_lies_within_the_tolerance_is_no_change_and_what_is_surely_small_is_none() -> None:
    words = [judged([(1.0, 1.0 + share)] * 6, NOISE).word for share in (0.019, 0.021, 0.06)]
    assert words == ["not changed", "changed", "changed"]

    wide = [(1.0, 0.9), (1.0, 0.95), (1.0, 1.0), (1.0, 1.05), (1.0, 1.1), (1.0, 1.12)]
    assert judged(wide, NOISE).word == "cannot tell"


def test_an_amount_outweighs_a_share_where_the_values_are_small() -> None:
    total = Tolerance(change=0.005, same=0.005, pairs=3, amount=4096)

    assert judged([(100_000.0, 103_000.0)] * 3, total).word == "not changed"
    assert judged([(100_000.0, 105_000.0)] * 3, total).word == "changed"
    assert judged([(10_000_000.0, 10_100_000.0)] * 3, total).word == "changed"


def test_pairs_without_a_ratio_do_not_count_and_without_any_there_is_no_finding() -> None:
    assert judged([(0.0, 1.0), (1.0, 0.0), (2.0, 1.0)], NOISE).n == 1
    assert judged([(0.0, 0.0)], NOISE) is None
    assert judged([], NOISE) is None


@pytest.mark.parametrize("noise", [0.03, 0.1, 0.5])
@pytest.mark.parametrize("n", [5, 6, 10, 20])
def test_noise_of_any_size_is_called_a_change_in_few_of_a_thousand_comparisons(n, noise) -> None:
    draw = Random(1)

    def value() -> float:
        return exp(draw.gauss(0, noise)) * (2 if draw.random() < 0.05 else 1)

    words = [judged([(value(), value()) for _ in range(n)], NOISE).word for _ in range(1_000)]
    assert words.count("changed") <= 15, (
        "at most 1 in 100, and what a simulation of a thousand adds by chance"
    )


@pytest.mark.parametrize("n", range(6, 40))
def test_the_interval_lies_between_the_two_whose_confidence_is_next_to_what_is_asked_for(n) -> None:
    low, high = median_interval([float(place) for place in range(1, n + 1)])
    covered = [1 - 2 * sum(comb(n, heads) for heads in range(k)) / 2**n for k in range(1, n // 2 + 1)]
    outer = sum(one >= CONFIDENCE for one in covered)

    assert outer <= low <= outer + 1
    assert low + high == pytest.approx(n + 1)


def test_the_tolerance_of_a_metric_follows_from_its_unit_and_from_who_reads_it() -> None:
    kinds = {name: tolerance_of(name) for name in METRICS}

    assert all(kinds[name].change == NOISE.change for name, metric in METRICS.items() if metric.noisy)
    assert all(kinds[name].change == EXACT.change for name, metric in METRICS.items() if not metric.noisy)
    assert METRICS["peak_rss_bytes"].noisy
    assert not METRICS["live_heap_bytes"].noisy
    assert {name for name, kind in kinds.items() if kind.amount} == {
        name for name, metric in METRICS.items() if not metric.per_item and metric.unit in RUN_AMOUNTS
    }
