"""What the collector takes of a run that keeps its forks: the model beside CPython itself."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from attune_sim.analysis.laws import Group, fits_of
from attune_sim.analysis.laws.collector import collected_at

PROGRAM = """
import gc, json
def fork():
    return [[0] for _ in range(99)]
gc.collect(); frozen = len(gc.get_objects()); gc.freeze()
kept, seen = [], []
gc.callbacks.append(lambda phase, info: seen.append(len(kept)) if (phase, info["generation"]) == ("start", 2) else None)
for _ in range(20_000):
    kept.append(fork())
gc.callbacks.clear()
print(json.dumps({"seen": seen, "threshold": gc.get_threshold()[0]}))
"""


def test_collections_of_all_generations_come_where_the_model_says():
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    found = json.loads(told.stdout)

    expected = list(collected_at(20_000, 100 / (found["threshold"] + 1), 100))

    assert len(expected) > 5
    assert len(found["seen"]) == len(expected)
    assert found["seen"] == pytest.approx(expected, rel=0.02)


def test_a_run_whose_forks_are_few_has_not_met_it():
    assert list(collected_at(200, 458 / 701, 235)) == []
    assert sum(collected_at(100_000, 458 / 701, 235)) / 100_000 == pytest.approx(4.5, abs=0.6)


def with_collector(planted, young, followed, full_us, cost, **more):
    one = {"young_collections": young, "followed_objects": followed, "full_collection_us": full_us}
    frames = [planted(lambda n, c, price=price: price(c), metric=name, **more) for name, price in one.items()]
    return pd.concat([*frames, planted(cost, metric="paid_fork_us", noise=0.05, **more)])


def paid(n, c):
    """A copy at 0.01 us a byte, and as many collections as CPython makes."""
    alive = sum(collected_at(n, 13e-6 * c, 0.0045 * c))
    return 0.01 * c + 0.004 * c * alive / n


def test_the_collector_of_large_runs_is_foretold_from_small_ones_that_hardly_met_it(planted):
    sizes = [(n, c) for n in (64, 128, 256) for c in (6_000, 12_000, 48_000)]
    frame = with_collector(
        planted, lambda c: 13e-6 * c, lambda c: 0.0045 * c, lambda c: 0.004 * c, paid, sizes=sizes
    )
    group = Group("w", "planted", "eager", "inline", "records")
    fit, blind = (
        fits_of(one)[group, "forking_us"] for one in (frame, frame[frame["metric"] == "paid_fork_us"])
    )
    n, c = 4_096, 48_000
    true = n * paid(n, c)

    assert fit.law == "O(N*C)"
    assert fit.at(n, c) == pytest.approx(true, rel=0.15)
    assert blind.at(n, c) < 0.75 * true


def test_the_collector_alone_explains_no_run(planted):
    """However badly the cells agree: without any of the four terms every run of a few items would be foretold as free."""
    frame = with_collector(
        planted,
        lambda c: 0.0014,
        lambda c: 1.0,
        lambda c: 0.07,
        lambda n, c: 30.0 if n == 300 else 0.6,
        repeats=1,
    )
    fit = fits_of(frame)[Group("w", "planted", "eager", "inline", "records"), "forking_us"]

    assert any(fit.chosen[:1] == (place,) for place in range(4))
    assert fit.at(10_000, 48_000) > 100.0


def test_a_windowed_run_keeps_no_forks_and_has_no_such_term(planted):
    frame = with_collector(
        planted,
        lambda c: 13e-6 * c,
        lambda c: 0.0045 * c,
        lambda c: 0.004 * c,
        lambda n, c: 0.01 * c,
        dispatch="windowed",
    )
    fit = fits_of(frame)[Group("w", "planted", "windowed", "inline", "records"), "forking_us"]

    assert fit.collector == 0.0
    assert fit.at(10_000, 48_000) == pytest.approx(10_000 * 480, rel=0.05)
