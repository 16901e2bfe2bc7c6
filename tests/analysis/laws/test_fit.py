"""A fit: its coefficients, which cells it rests on, and what it says of sizes that were never run."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.analysis.laws import Group, Prediction, fits_of
from attune_sim.analysis.laws.points import Points
from attune_sim.analysis.laws.terms import Solver, Terms

GROUP = Group("w", "planted", "eager", "inline", "records")


def copies(n, c):
    return 9_000 + 400.0 * n + 2.1 * n * c


def the_fit(frame, metric="live_heap_bytes", group=GROUP):
    return fits_of(frame)[group, metric]


def test_the_coefficients_are_those_that_were_planted(planted):
    fit = the_fit(planted(lambda n, c: 600_000 + 4_000.0 * n + 50.0 * c + 2.1 * n * c))

    assert (fit.a, fit.b, fit.c, fit.d) == pytest.approx((600_000, 4_000, 50, 2.1), rel=1e-3)
    assert fit.at(5_000, 100_000) == pytest.approx(600_000 + 2e7 + 5e6 + 2.1 * 5e8, rel=1e-3)
    low, high = fit.interval
    assert low <= 2.1 <= high < 2.2


def test_without_a_term_nothing_is_solved_for():
    points = Points(np.array([10.0, 20.0]), np.array([1e3, 1e3]), *np.ones((2, 2)))

    assert not Solver(Terms(), points, floor=1.0).solved(()).any()  # scipy would abort the process


def test_one_disturbed_cell_moves_no_law(planted):
    frame = planted(lambda n, c: 1e-6 * copies(n, c), metric="wall_s", noise=0.02)
    frame.loc[frame.index[4], "value"] *= 5

    assert the_fit(frame, "wall_s").d == pytest.approx(2.1e-6, rel=0.05)


def test_cells_that_were_cut_short_and_estimates_do_not_count(planted):
    good = planted(copies)
    cut = planted(lambda n, c: 1.0).assign(outcome="memory_limit")
    guessed = planted(lambda n, c: 1.0).assign(source="estimated")

    assert the_fit(pd.concat([good, cut, guessed])).d == pytest.approx(the_fit(good).d)


def test_the_context_is_what_the_fan_out_was_handed(planted):
    """Results of earlier tasks are not in `context_bytes`, and a copy copies them all the same."""
    frame = planted(copies).assign(context_bytes=500)
    missing = planted(copies).assign(fan_out_context_bytes=pd.NA)

    assert the_fit(frame).d == pytest.approx(2.1, rel=1e-2)
    assert the_fit(missing).d == pytest.approx(2.1, rel=1e-2)


def test_the_total_of_all_forks_is_derived(planted):
    fits = fits_of(planted(lambda n, c: 0.03 * c, metric="paid_fork_us"))

    assert {name for _, name in fits} == {"paid_fork_us", "forking_us"}
    assert fits[GROUP, "forking_us"].law == "O(N*C)"
    assert fits[GROUP, "forking_us"].d == pytest.approx(0.03)


def test_what_is_paid_once_in_a_run_does_not_look_like_growth(planted):
    fit = the_fit(planted(lambda n, c: 0.5 + 3_000 / n, metric="render_us"), "render_us")

    assert (fit.law, fit.once) == ("O(1)", pytest.approx(3_000, rel=0.02))


APART = [(n, c) for n in (400, 1_600, 6_400) for c in (12_000, 48_000, 192_000) if n * c <= 1_600 * 48_000]


def foretold(planted, cost, metric, size):
    """What is foretold of a size, over the truth, from cells that differ by a fifth: the middle of nine tries."""
    tries = (planted(cost, metric=metric, noise=0.2, sizes=APART, repeats=4, seed=seed) for seed in range(9))
    return np.median([the_fit(frame, metric).at(*size) / cost(*size) for frame in tries])


def test_what_short_runs_cost_on_top_is_not_foretold_of_long_ones(planted):
    """Caches are cold in a run of four milliseconds. In cells that differ by as much, that earns no term of its own."""
    of_fork = foretold(planted, lambda n, c: 2.8 + 400 / n, "paid_fork_us", (25_600, 48_000))
    of_run = foretold(planted, lambda n, c: (500 + 5.2 * n) / 1e6, "wall_s", (25_600, 48_000))

    assert of_fork == pytest.approx(1.0, abs=0.07)
    assert of_run == pytest.approx(1.0, abs=0.07)


def test_all_forks_together_take_nothing_that_grows_with_the_context_alone_unless_it_is_plain(planted):
    def laws_of(cost, noise):
        frames = (
            planted(cost, metric="paid_fork_us", noise=noise, sizes=APART, repeats=4, seed=seed)
            for seed in range(10)
        )
        return [fits_of(frame, ["forking_us"])[GROUP, "forking_us"] for frame in frames]

    disturbed = laws_of(lambda n, c: 0.54 if (n, c) == (400, 192_000) else 0.36, 0.1)
    plain = laws_of(lambda n, c: 0.36 + 0.02 * c / n, 0.02)

    assert not any(law.c for law in disturbed)
    assert [law.c for law in plain] == pytest.approx([0.02] * 10, rel=0.05)


def test_what_runs_pay_for_forks_grows_with_the_context_where_their_price_does(planted):
    paid = ["paid_fork_us", "forking_us"]

    def laws_of(price, cost, seed, only=None):
        planting = {"noise": 0.1, "sizes": APART, "repeats": 4, "seed": seed}
        prices, costs = (
            planted(price, metric="fork_us", **planting),
            planted(cost, metric=paid[0], **planting),
        )
        fits = fits_of(pd.concat([prices, costs]), only)
        return [fits[GROUP, metric].law for metric in paid]

    def in_a_slow_moment(n, c):  # the shortest runs, over the largest context
        return 6.0 if (n, c) == (400, 192_000) else 4.5

    for seed in range(5):
        assert laws_of(lambda n, c: 1.6, in_a_slow_moment, seed) == ["O(1)", "O(N)"]
        assert laws_of(lambda n, c: 1.6, in_a_slow_moment, seed, only=paid) == ["O(1)", "O(N)"]
        assert laws_of(lambda n, c: 1.6, lambda n, c: 4.5 + 0.003 * c, seed) == ["O(C)", "O(N*C)"]  # plain
    # The same cells are believed where the price grows as well.
    believed = [laws_of(lambda n, c: 1.6 + 1e-5 * c, in_a_slow_moment, seed)[0] for seed in range(5)]
    assert believed.count("O(C)") >= 4


def test_indexes_that_become_objects_do_not_look_like_growth(planted):
    """CPython keeps the integers up to 256, so the first 257 indexes of a fan-out cost nothing."""
    frame = planted(lambda n, c: 72.0 + 32.0 * (n - 257) / n, metric="fork_bytes")

    fit = the_fit(frame, "fork_bytes")

    assert (fit.law, fit.a, fit.once) == (
        "O(1)",
        pytest.approx(104, rel=0.01),
        pytest.approx(-257 * 32, rel=0.05),
    )
    assert fit.interval[0] <= 104 <= fit.interval[1] < 106
    assert fit.at(100, 3_000) == pytest.approx(72, rel=0.01)
    assert fit.at(10**6, 3_000) == pytest.approx(104, rel=0.01)


def test_a_busy_machine_is_no_curve(planted):
    """Cells of one repeat whose times differ by half of themselves: nobody can tell how they grow, least that they are curved."""
    frames = [
        planted(lambda n, c: 1e-6 * copies(n, c), metric="wall_s", noise=0.5, repeats=1, seed=s)
        for s in range(10)
    ]

    assert [the_fit(frame, "wall_s").law for frame in frames] == ["O(N*C)"] * 10


def test_a_metric_that_is_always_nothing_is_constant(planted):
    fit = the_fit(planted(lambda n, c: 0.0, metric="collector_us"), "collector_us")

    assert (fit.law, fit.at(10**6, 10**6)) == ("O(1)", 0.0)
    assert fit.predict(10**6, 10**6).low == 0.0


def test_a_prediction_says_that_it_is_one(planted):
    told = the_fit(planted(copies, noise=0.01)).predict(10_000, 200_000)

    assert isinstance(told, Prediction)
    assert told.source == "estimated"
    assert told.low < told.value < told.high


def test_intervals_widen_with_the_way_beyond_the_cells(planted):
    fit = the_fit(planted(copies, noise=0.01))
    widths = [
        (one.high - one.low) / one.value for one in (fit.predict(n, 48_000) for n in (2_700, 10_800, 43_200))
    ]

    assert widths == sorted(widths)
    assert widths[2] > 1.5 * widths[0]


@pytest.mark.parametrize(
    ("metric", "scale", "noise"),
    [("live_heap_bytes", 1.0, 0.01), ("wall_s", 1e-6, 0.1), ("wall_s", 1e-6, 0.3)],
)
def test_at_least_95_of_100_cells_that_were_held_out_lie_in_the_interval(
    planted, planted_class, metric, scale, noise
):
    _, cost = planted_class
    large = [
        (n * f, c * g) for f, g in ((4, 1), (1, 4), (16, 1), (1, 16), (4, 4)) for n, c in [(2_700, 48_000)]
    ]
    inside = []
    for seed in range(40):
        small = planted(lambda n, c: scale * cost(n, c), metric=metric, noise=noise, seed=seed)
        held = planted(
            lambda n, c: scale * cost(n, c),
            metric=metric,
            noise=noise,
            seed=seed + 10_000,
            sizes=large,
            repeats=1,
        )
        fit = the_fit(small, metric)
        for n, c, value in zip(held["items"], held["context_bytes"], held["value"], strict=True):
            told = fit.predict(n, c)
            inside.append(told.low <= value <= told.high)

    assert np.mean(inside) >= 0.95


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(18)))
def test_the_order_of_the_rows_does_not_matter(planted, order):
    frame = planted(copies, noise=0.05, seed=3)

    here, there = the_fit(frame), the_fit(frame.iloc[list(order)])

    assert there.law == here.law
    assert there.coefficients == pytest.approx(here.coefficients, rel=1e-6, abs=1e-9)


@settings(max_examples=8, deadline=None)
@given(st.floats(2.0, 1_000.0))
def test_another_unit_of_the_value_scales_the_coefficients_and_nothing_else(planted, factor):
    """From two upwards: below the floor of its metric a value is noise, whatever its unit."""
    small = the_fit(planted(copies, noise=0.02, seed=1))
    large = the_fit(planted(lambda n, c: factor * copies(n, c), noise=0.02, seed=1))

    assert large.law == small.law
    assert large.coefficients == pytest.approx(factor * small.coefficients, rel=0.02)


@settings(max_examples=8, deadline=None)
@given(st.integers(2, 50))
def test_a_context_counted_in_other_units_scales_its_coefficient(planted, factor):
    fit = the_fit(planted(copies, noise=0.02, seed=1))
    wide = planted(copies, noise=0.02, seed=1)
    wide[["context_bytes", "fan_out_context_bytes"]] *= factor

    assert the_fit(wide).law == fit.law
    assert the_fit(wide).d == pytest.approx(fit.d / factor, rel=0.01)
