"""Many seeds of one simulation: in processes, with intervals, taken up from a store, compared seed by seed."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import attune_sim as at
from attune_sim.api.simulation.ensembles import Ensemble
from attune_sim.api.simulation.seeded import Seeded
from attune_sim.store import Store


def seeded(**given: Any) -> at.Simulation:
    kept = {
        "items": 10,
        "latency": "lognormal(2s, 0.8)",
        "concurrency": 3,
        "every": "1min",
        "duration": "5min",
    }
    return at.simulate(
        at.scenarios.baseline(history=0),
        **{**kept, "strategies": [], "progress": False, "processes": 1, **given},
    )


def test_every_seed_is_a_simulation_of_its_own() -> None:
    found = seeded(seed=3, seeds=3)

    assert found.seeds == (3, 4, 5)
    alone = seeded(seed=4)
    pd.testing.assert_frame_equal(
        found.cycles[found.cycles["seed"] == 4].reset_index(drop=True), alone.cycles, check_dtype=False
    )


def test_figures_have_a_mean_and_its_interval() -> None:
    table = seeded(seeds=5).distributions().set_index("metric")

    row = table.loc["cycle_p50_s"]
    assert row["n"] == 5
    assert row["low"] < row["mean"] < row["high"]
    assert table.loc["items", "low"] == table.loc["items", "high"] == 50


@pytest.mark.slow
def test_processes_give_what_one_gives() -> None:
    one, two = (seeded(seeds=4, processes=processes) for processes in (1, 2))

    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert "over 4 seeds" in str(two)


def test_a_store_has_the_seeds_that_were_simulated(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    first = seeded(seeds=3, store=path)
    kept = path.read_text().splitlines()
    again = seeded(seeds=5, store=path)

    assert [json.loads(line)["seed"] for line in kept] == [1, 2]
    assert [json.loads(line)["seed"] for line in path.read_text().splitlines()] == [1, 2, 3, 4]
    pd.testing.assert_frame_equal(again.frame[again.frame["seed"] < 3], first.frame, check_dtype=False)
    pd.testing.assert_frame_equal(again.frame, seeded(seeds=5).frame, check_dtype=False)


def test_another_setting_finds_nothing_in_the_store(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    seeded(seeds=2, store=path)
    seeded(seeds=2, store=path, concurrency=4)

    assert len(path.read_text().splitlines()) == 2


def test_a_store_of_cells_may_hold_simulations_too(tmp_path: Path) -> None:
    path = tmp_path / "cells.jsonl"
    seeded(seeds=2, store=path)

    assert Store(path).records() == []


def test_two_settings_are_compared_by_the_chances_that_both_met() -> None:
    few, many = seeded(seeds=6, concurrency=2), seeded(seeds=6, concurrency=5)

    row = few.against(many).set_index("metric").loc["cycle_p50_s"]
    assert row["verdict"] == "less"
    assert row["n"] == 6
    assert row["difference"] < 0


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_among_the_seeds_gives_those_that_are_there() -> None:
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(at.Interrupted) as halt:
        seeded(seeds=100_000, processes=2)
    timer.join()

    found = halt.value.result
    assert isinstance(found, at.Simulation)
    assert 1 <= len(found.seeds) < 100_000
    assert "are missing: it was stopped" in found.warnings[-1]


def test_an_ensemble_that_was_stopped_goes_on_with_what_is_missing() -> None:
    whole = seeded(seeds=4)
    ensemble = Ensemble(whole.asked, whole.prices, processes=1, store=None)
    told: list[int] = []

    def stop(one: Seeded) -> None:
        told.append(one.seed)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensemble.run(stop)
    ensemble.run(lambda one: told.append(one.seed))

    assert sorted(told) == sorted(whole.asked.seeds)  # none of them twice
    assert list(ensemble.found) == list(whole.asked.seeds)
