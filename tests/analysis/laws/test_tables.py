"""Laws, predictions, crossovers and exponents as frames; the choice of the next size."""

import numpy as np
import pandas as pd
import pytest

from attune_sim.analysis.laws import Size, crossovers, fits_of, laws, next_size, predict
from attune_sim.analysis.laws.growth import exponents_of
from attune_sim.analysis.laws.points import points_of


def test_laws_have_a_row_a_strategy_and_metric(planted):
    frame = pd.concat(
        [
            planted(lambda n, c: 2.1 * n * c + 9_000, strategy="deepcopy"),
            planted(lambda n, c: 104.0 * n + 9_000, strategy="shared"),
        ]
    )

    found = laws(frame).set_index("strategy")

    assert found["law"].to_dict() == {"deepcopy": "O(N*C)", "shared": "O(N)"}
    assert found.loc["deepcopy", "low"] <= 2.1 <= found.loc["deepcopy", "high"]
    assert found.loc["shared", ["metric", "unit", "cells", "sizes"]].tolist() == [
        "live_heap_bytes",
        "bytes",
        18,
        9,
    ]


def test_predictions_are_estimates_with_their_size(planted):
    frame = pd.concat([planted(lambda n, c: 2.1 * n * c, strategy=name) for name in ("a", "b")])

    [row] = predict(frame, items=9_000, context_bytes=100_000, strategy="b").to_dict("records")

    assert (row["strategy"], row["source"], row["items"], row["context_bytes"]) == (
        "b",
        "estimated",
        9_000,
        100_000,
    )
    assert row["value"] == pytest.approx(2.1 * 9_000 * 100_000, rel=0.01)
    assert row["low"] < row["value"] < row["high"]


def test_nothing_measured_gives_empty_frames_with_their_columns(planted):
    nothing = planted(lambda n, c: 1.0).assign(source="estimated")

    assert (
        len(laws(nothing)) == len(predict(nothing, items=1, context_bytes=1)) == len(crossovers(nothing)) == 0
    )
    assert "law" in laws(nothing)
    assert "cheaper_above" in crossovers(nothing)


def test_exponents_are_the_powers_that_were_planted(planted):
    frame = planted(lambda n, c: 3.0 * n**1.5 * c**0.5, noise=0.01)
    [(_, _, points)] = points_of(frame)

    items, context = exponents_of(points)

    assert items.low <= 1.5 <= items.high
    assert context.low <= 0.5 <= context.high
    assert (items.high - items.low) < 0.2


def test_a_size_that_never_changed_has_no_exponent(planted):
    frame = planted(lambda n, c: 3.0 * n, sizes=[(n, 5_000) for n in (300, 900, 2_700, 8_100)])
    [(_, _, points)] = points_of(frame)

    items, context = exponents_of(points)

    assert items.value == pytest.approx(1.0)
    assert np.isnan(context.value)


def two(planted, one, other, **more):
    return pd.concat([planted(one, strategy="first", **more), planted(other, strategy="second", **more)])


def test_a_crossover_lies_where_it_was_planted(planted):
    """400 N + 800,000 and 1,200 N are equal at 1,000 items, whatever the context."""
    frame = two(planted, lambda n, c: 800_000 + 400.0 * n, lambda n, c: 1_200.0 * n, noise=0.005)

    [row] = crossovers(frame).to_dict("records")

    assert row["low"] < row["at"] < row["high"]
    assert row["at"] == pytest.approx(1_000, rel=0.05)
    assert row["low"] < 1_000 < row["high"]
    assert (row["along"], row["cheaper_below"], row["cheaper_above"]) == ("items", "second", "first")
    assert not row["extrapolated"]


def test_a_crossover_far_from_the_cells_says_so(planted):
    frame = two(planted, lambda n, c: 12_000_000 + 400.0 * n, lambda n, c: 1_200.0 * n)

    [row] = crossovers(frame).to_dict("records")

    assert row["at"] == pytest.approx(15_000, rel=0.05)
    assert row["extrapolated"]


def test_strategies_that_never_cross_have_no_crossover(planted):
    assert len(crossovers(two(planted, lambda n, c: 400.0 * n, lambda n, c: 1_200.0 * n))) == 0


def walls(planted, **more):
    return planted(lambda n, c: 1e-3 + 1e-5 * n + 1e-9 * n * c, metric="wall_s", noise=0.1, **more)


def test_the_next_size_is_nearer_to_the_target_than_what_there_is(planted):
    fits = fits_of(walls(planted))
    candidates = [Size(300, 3_000), Size(2_700, 48_000), Size(10_800, 48_000)]

    assert next_size(fits, candidates, Size(43_200, 48_000)) == Size(10_800, 48_000)


def test_a_size_that_takes_too_long_for_what_it_tells_is_not_chosen(planted):
    fits = fits_of(walls(planted))
    candidates = [Size(10_800, 48_000), Size(43_200_000, 48_000)]

    assert next_size(fits, candidates, Size(86_400_000, 48_000)) == Size(10_800, 48_000)


def test_nothing_is_chosen_where_nothing_more_can_be_told(planted):
    fits = fits_of(walls(planted, repeats=40))

    assert next_size(fits, [Size(900, 12_000)], Size(900, 12_000)) is None
    assert next_size(fits, [], Size(900, 12_000)) is None
