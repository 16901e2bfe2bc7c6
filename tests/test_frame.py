from __future__ import annotations

import io
import json
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from attune_sim import frame
from attune_sim.metrics import METRICS, UNITS
from attune_sim.record import CellRecord, Reading


def test_each_frame_has_exactly_the_columns_that_were_declared(comparison_records: list[CellRecord]) -> None:
    assert tuple(frame.cells_frame(comparison_records).columns) == frame.CELL_COLUMNS
    assert tuple(frame.metrics_frame(comparison_records).columns) == frame.METRIC_COLUMNS
    assert tuple(frame.samples_frame(comparison_records).columns) == frame.SAMPLE_COLUMNS


def test_frames_of_nothing_have_the_same_columns_and_number_types(
    comparison_records: list[CellRecord],
) -> None:
    for make in (frame.cells_frame, frame.metrics_frame, frame.samples_frame):
        empty, full = make([]), make(comparison_records)

        assert list(empty.columns) == list(full.columns)
        numbers = [name for name in full.columns if name in frame.DTYPES]
        assert empty.dtypes[numbers].equals(full.dtypes[numbers])


def test_a_cell_that_ended_early_is_a_row_with_its_outcome(comparison_records: list[CellRecord]) -> None:
    cells = frame.cells_frame(comparison_records)

    row = cells[cells["strategy"] == "deepcopy"].iloc[0]
    assert (row["outcome"], row["items_done"], row["items"]) == ("memory_limit", 673, 1000)


def test_every_reading_is_a_row_with_the_unit_of_its_metric(comparison_records: list[CellRecord]) -> None:
    metrics = frame.metrics_frame(comparison_records)

    assert len(metrics) == sum(len(record.readings) for record in comparison_records)
    assert all(METRICS[row.metric].unit == row.unit for row in metrics.itertuples())


def test_a_missing_counter_is_a_row_without_value_that_says_why(record_of) -> None:
    record = record_of(readings=(Reading("fork_bytes", None, label="unavailable: no mallinfo2"),), samples=())

    (row,) = frame.metrics_frame([record]).to_dict("records")
    assert pd.isna(row["value"])
    assert row["label"] == "unavailable: no mallinfo2"


def test_what_a_cell_that_was_cut_short_could_not_read_is_a_row_from_its_samples(record_of) -> None:
    record = record_of(outcome="killed", items_done=40, forking_us=80.0, readings=(Reading("wall_s", 1.0),))

    rows = frame.metrics_frame([record]).set_index("metric")
    assert rows["value"].to_dict() == pytest.approx(
        {"wall_s": 1.0, "fork_us": 2.0, "live_heap_bytes": 104 * 40 + 20_000, "fork_bytes": 104.0}
    )
    assert rows["label"].to_list() == ["", "of the run so far", "of the run so far", "slope of the samples"]


def test_units_of_the_columns_of_a_frame_go_with_it(comparison_records: list[CellRecord]) -> None:
    units = frame.cells_frame(comparison_records).attrs["units"]

    assert units == {name: UNITS[name] for name in frame.CELL_COLUMNS if name in UNITS}
    assert (units["wall_s"], units["context_bytes"]) == ("s", "bytes")


def test_estimates_and_measurements_stay_apart_by_their_source(record_of) -> None:
    readings = (Reading("fork_us", 1.0), Reading("fork_us", 2.0, source="estimated"))

    metrics = frame.metrics_frame([record_of(readings=readings, samples=())])
    assert list(metrics["source"]) == ["measured", "estimated"]


def test_surroundings_that_all_cells_share_are_told_apart_from_those_that_differ(record_of) -> None:
    here = record_of(surroundings={"python": "3.11.7", "cpu": "one"})
    there = record_of(surroundings={"python": "3.13.5", "cpu": "one"})

    attrs = frame.cells_frame([here, there]).attrs
    assert attrs["surroundings"] == {"cpu": "one"}
    assert attrs["surroundings_differ"] == {"python": ["3.11.7", "3.13.5"]}
    assert json.loads(json.dumps(attrs)) == attrs


def test_a_frame_survives_a_trip_through_csv(comparison_records: list[CellRecord]) -> None:
    metrics = frame.metrics_frame(comparison_records)

    back = pd.read_csv(io.StringIO(metrics.to_csv(index=False)))
    assert back["value"].to_list() == pytest.approx(metrics["value"].to_list())


def test_equal_keys_have_equal_cells_and_another_repeat_has_another(record_of) -> None:
    same, again = record_of(), record_of()
    other = replace(same, key=replace(same.key, repeat=1))

    ids = frame.cells_frame([same, again, other])["cell"]
    assert ids[0] == ids[1] != ids[2]


def test_every_room_below_the_frame_is_in_the_contract_of_those_that_read_frames() -> None:
    contracts = ConfigParser()
    contracts.read(Path(__file__).parent.parent / ".importlinter")
    layers = contracts["importlinter:contract:layers"]["layers"].split()
    behind = contracts["importlinter:contract:frames"]["forbidden_modules"].split()
    known = {"record", "metrics", "differences", "collector", "scope", "paths", "errors"}

    below = set(layers[layers.index("frame") + 1 :])
    assert {f"attune_sim.{name}" for name in below - known} == set(behind)


def test_tasks_and_items_derive_their_duration() -> None:
    shared = {"task": ["check"], "visit": [0], "started_s": [0.5], "ended_s": [2.0], "error": [None]}
    tasks = frame.tasks_frame({**shared, "status": ["succeeded"], "items": [None]})
    items = frame.items_frame(
        {
            **shared,
            "index": [0],
            "outcome": ["succeeded"],
            "attempts": [2],
            "fork_us": [0.1],
            "render_us": [0.5],
            "action_us": [3.0],
        }
    )

    assert tasks["duration_s"].to_list() == items["duration_s"].to_list() == [1.5]
    assert tuple(tasks.columns) == frame.TASK_COLUMNS
    assert tuple(items.columns) == frame.ITEM_COLUMNS
