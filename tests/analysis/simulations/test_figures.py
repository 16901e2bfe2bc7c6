"""Figures of simulations, their distribution over seeds, and differences of two settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.analysis.simulations import FIGURES, distributions, figures, paired, priced
from attune_sim.errors import InputError
from attune_sim.frame import cycles_frame, deaths_frame, workers_frame


def cycles(due: list[float], took: list[float | None], skipped: tuple[int, ...] = ()) -> pd.DataFrame:
    n = len(due)
    ends = [None if one is None else begin + one for begin, one in zip(due, took, strict=True)]
    columns = {
        "cycle": list(range(n)), "due_s": due,
        "started_s": [None if place in skipped else begin for place, begin in enumerate(due)], "ended_s": ends,
        "status": ["skipped" if p in skipped else "running" if end is None else "succeeded" for p, end in enumerate(ends)],
        "items": [10] * n, "succeeded": [9] * n, "failed": [1] * n, "timed_out": [0] * n, "cancelled": [0] * n,
        "retries": [2] * n, "lost": [0] * n, "max_in_flight": [4] * n, "skipped": [p in skipped for p in range(n)],
    }  # fmt: skip
    return cycles_frame({0: columns})


def told(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["metric"], frame["value"], strict=True))


def of(own: pd.DataFrame) -> dict[str, float]:
    return told(figures(own, workers_frame({}), deaths_frame({}), {}))


def test_cycles_are_counted_from_when_they_are_due() -> None:
    found = of(cycles([0.0, 60.0, 120.0], [30.0, 50.0, 40.0]))

    assert (found["cycle_p50_s"], found["cycle_max_s"], found["makespan_s"]) == (40.0, 50.0, 160.0)
    assert (found["items"], found["failed_items"], found["retries"]) == (30, 0.1, 6)
    assert found["items_per_s"] == pytest.approx(30 / 160)


def test_a_cycle_is_late_that_is_under_way_when_the_next_is_due() -> None:
    assert of(cycles([0.0, 60.0, 120.0], [61.0, 50.0, 999.0]))["late"] == 0.5
    assert of(cycles([0.0, 60.0], [60.0, 1.0]))["late"] == 0.0
    assert of(cycles([0.0, 60.0], [None, 1.0]))["late"] == 1.0


def test_what_was_left_out_is_not_late_and_what_is_not_over_is_counted() -> None:
    found = of(cycles([0.0, 60.0, 120.0], [200.0, None, None], skipped=(1,)))

    assert (found["skipped"], found["unfinished"], found["late"]) == (1, 1, 1.0)


def test_every_figure_is_declared_and_estimated() -> None:
    frame = figures(cycles([0.0], [1.0]), workers_frame({}), deaths_frame({}), {0: {"wait_p50_s": 1.5}})

    assert set(frame["metric"]) <= set(FIGURES)
    assert set(frame["source"]) == {"estimated"}
    assert told(frame)["wait_p50_s"] == 1.5


def deaths(times: dict[str, list[float | None]]) -> pd.DataFrame:
    by_seed: dict[int, dict[str, list[object]]] = {}
    for strategy, moments in times.items():
        for seed, moment in enumerate(moments):
            row = {
                "strategy": strategy, "time_s": moment, "cycle": None if moment is None else 2, "task": None,
                "item": None if moment is None else 5, "peak_bytes": 1e6 * len(strategy), "peak_s": 1.0,
                "peak_cycle": 0, "heap_bytes": 1.0, "limit_bytes": 5e6,
            }  # fmt: skip
            table = by_seed.setdefault(seed, {name: [] for name in row})
            for name, value in row.items():
                table[name].append(value)
    return deaths_frame(by_seed)


def test_what_lives_comes_first_and_what_dies_last_comes_before_what_dies_first() -> None:
    found = priced(deaths({"json": [3.0], "deepcopy": [9.0], "shared": [None], "hamt": [None]}))

    assert found["strategy"].tolist() == ["hamt", "shared", "deepcopy", "json"]
    assert found["item"].isna().tolist() == [True, True, False, False]


def test_of_several_seeds_the_share_that_dies_is_told_and_the_first_death() -> None:
    (row,) = priced(deaths({"json": [None, 7.0, 3.0, None]})).to_dict("records")

    assert (row["dies"], row["n"], row["time_s"]) == (0.5, 4, 3.0)


def long(values: list[float], metric: str = "cycle_p99_s") -> pd.DataFrame:
    return pd.DataFrame({"seed": range(len(values)), "strategy": "", "metric": metric, "value": values})


def test_the_interval_of_a_mean_is_students() -> None:
    (row,) = distributions(long([1.0, 2.0, 3.0, 4.0])).to_dict("records")

    assert row["mean"] == 2.5
    assert row["high"] - row["mean"] == pytest.approx(3.182446 * np.std([1, 2, 3, 4], ddof=1) / 2, rel=1e-5)


def test_one_seed_has_no_interval() -> None:
    (row,) = distributions(long([1.0])).to_dict("records")

    assert np.isnan([row["low"], row["high"]]).all()
    assert row["p50"] == 1.0


def test_a_share_of_deaths_keeps_an_interval_where_none_died() -> None:
    (row,) = distributions(long([0.0] * 10, "dies")).to_dict("records")

    assert row["low"] == pytest.approx(0.0)
    assert 0.2 < row["high"] < 0.4  # Wilson's, of 0 in 10


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30))
def test_a_setting_does_not_differ_from_itself(values: list[float]) -> None:
    (row,) = paired(long(values), long(values)).to_dict("records")

    assert (row["difference"], row["verdict"]) == (0.0, "same")


def test_what_both_settings_met_alike_is_taken_out_of_their_difference() -> None:
    """Common random numbers: seeds differ by hundreds, the settings by one in each of them."""
    rng = np.random.default_rng(5)
    before = rng.normal(1000.0, 300.0, 20)
    (row,) = paired(long(list(before)), long(list(before + 1.0 + rng.normal(0.0, 0.1, 20)))).to_dict(
        "records"
    )

    assert row["verdict"] == "more"
    assert 0.8 < row["low"] < row["high"] < 1.2
    assert row["unpaired"] > 100


def test_settings_without_common_seeds_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="seeds that both have"):
        paired(long([1.0, 2.0]), long([1.0]))
