"""Frames of simulations: columns by seed become rows."""

from __future__ import annotations

import pandas as pd

from attune_sim.frame import (
    CYCLE_COLUMNS,
    DEATH_COLUMNS,
    QUEUE_COLUMNS,
    cycles_frame,
    deaths_frame,
    memory_frame,
    queue_frame,
    simulated_items_frame,
    workers_frame,
)

CYCLES = {
    "cycle": [0, 1], "due_s": [0.0, 300.0], "started_s": [0.0, None], "ended_s": [40.0, None],
    "status": ["succeeded", "skipped"], "items": [10, 0], "succeeded": [10, 0], "failed": [0, 0],
    "timed_out": [0, 0], "cancelled": [0, 0], "retries": [0, 0], "lost": [0, 0], "max_in_flight": [5, 0],
    "skipped": [False, True],
}  # fmt: skip


def test_cycles_of_all_seeds_stand_below_each_other_with_their_seed() -> None:
    frame = cycles_frame({3: CYCLES, 4: CYCLES})

    assert tuple(frame.columns) == CYCLE_COLUMNS
    assert frame["seed"].tolist() == [3, 3, 4, 4]
    assert frame["duration_s"].iloc[0] == 40.0
    assert frame["duration_s"].isna().tolist() == [False, True, False, True]
    assert set(frame["source"]) == {"estimated"}
    assert frame.attrs["units"]["due_s"] == "s"


def test_a_worker_that_was_not_simulated_is_missing() -> None:
    items = {
        "cycle": [0], "task": ["check"], "visit": [0], "index": [7], "status": ["succeeded"], "attempts": [1],
        "queued_s": [0.0], "started_s": [1.0], "ended_s": [3.0], "worker": [-1],
    }  # fmt: skip
    frame = simulated_items_frame({0: items}, {0: 250_000})

    assert frame["worker"].isna().all()
    assert frame["duration_s"].tolist() == [2.0]
    assert frame.attrs["sampled_of"] == {0: 250_000}


def test_a_strategy_that_lives_has_no_moment_of_death() -> None:
    deaths = {
        "strategy": ["shared", "json"], "time_s": [None, 8.5], "cycle": [None, 0], "task": [None, "check"],
        "item": [None, 3], "peak_bytes": [5e7, 5e9], "peak_s": [1.0, 9.0], "peak_cycle": [0, 0],
        "heap_bytes": [1e6, 4e9], "limit_bytes": [1e8, 1e8],
    }  # fmt: skip
    frame = deaths_frame({0: deaths})

    assert tuple(frame.columns) == DEATH_COLUMNS
    assert frame["item"].isna().tolist() == [True, False]
    assert frame["time_s"].tolist()[1] == 8.5


def test_what_was_not_simulated_is_an_empty_frame_with_its_columns() -> None:
    assert tuple(queue_frame({0: {}}).columns) == QUEUE_COLUMNS
    assert all(
        make({}).empty for make in (cycles_frame, deaths_frame, memory_frame, queue_frame, workers_frame)
    )
    assert pd.concat([workers_frame({0: {}}), workers_frame({})]).empty
