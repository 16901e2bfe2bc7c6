"""The benchmark of verdicts on frames that are made up: what is the same makes no alarm, what was planted is found."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from attune_sim.frame import metrics_frame
from attune_sim.record import Reading


@pytest.fixture
def bench(script: Callable[[str], Any]) -> Any:
    return script("bench_alarms")


def frame_of(record_of: Callable[..., Any], factors: dict[str, float], noise: float) -> pd.DataFrame:
    """Twenty rounds of each strategy, whose times are a factor of one figure, as the benchmark reads them from a file."""
    draw = random.Random(0)
    records = [
        record_of(
            strategy=name,
            repeat=seed,
            hash_seed=seed,
            readings=(Reading("fork_us", factor * (1 + seed / 10) * draw.uniform(1 - noise, 1 + noise)),),
            samples=(),
        )
        for name, factor in factors.items()
        for seed in range(20)
    ]
    return pd.read_csv(io.StringIO(metrics_frame(records).to_csv(index=False)))


def test_the_same_makes_no_alarm_and_a_tenth_more_is_found_whatever_the_layouts_differ_by(
    bench, record_of
) -> None:
    factors = {"plain": 1.0, "twin": 1.0, "more": 1.1}
    pool = bench.Pool(frame_of(record_of, factors, noise=0.03), pairs=10)
    same, planted = [("eager", "plain", "twin")], [("eager", "plain", "more"), ("eager", "twin", "more")]

    assert pool.rounds == 20
    assert set(pool.words("fork_us", same, 100)) <= {"not changed", "cannot tell"}
    assert pool.words("fork_us", planted, 100) == {"more": 100}
    assert pool.measured("fork_us", planted) == pytest.approx(0.1, abs=0.02)


def test_of_times_that_move_much_auto_finds_a_tenth_where_ten_rounds_do_not(bench, record_of) -> None:
    frame = frame_of(record_of, {"plain": 1.0, "more": 1.1}, noise=0.1)
    asked = [("eager", "plain", "more")]

    fixed, auto = bench.Pool(frame, pairs=6), bench.Pool(frame, pairs=6, looks=(5, 7, 9, 12, 16, 20))
    assert fixed.words("fork_us", asked, 100)["more"] < auto.words("fork_us", asked, 100)["more"]
    assert auto.words("fork_us", [("eager", "plain", "plain")], 50) == {"not changed": 50}


def test_every_metric_that_a_strategy_decides_and_that_is_judged_has_something_planted(bench) -> None:
    planted = {metric for plant in bench.PLANTS for metric in plant.metrics}

    assert set(bench.JUDGED) - {"bookkeeping_us"} <= planted
    assert {plant.share for plant in bench.PLANTS if "fork_bytes" in plant.metrics} == {0.01, 0.05}


def test_what_tells_how_fast_the_machine_was_is_read_with_what_is_judged(bench) -> None:
    assert {"pace_us", "floor_us"} <= bench.read()


def test_a_padding_that_differs_is_another_strategy_to_a_store(bench) -> None:
    from attune_sim.experiment.fingerprint import fingerprint

    usual = bench.Padding()
    assert fingerprint(bench.padded("p", usual)) == fingerprint(bench.padded("p", usual))
    assert fingerprint(bench.padded("p", usual)) != fingerprint(
        bench.padded("p", usual.with_more("keep", 16))
    )
