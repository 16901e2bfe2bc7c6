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
from attune_sim.probes.recorder import OUTCOMES, ItemColumns
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
        {"wall_s": 1.0, "paid_fork_us": 2.0, "live_heap_bytes": 104 * 40 + 20_000, "fork_bytes": 104.0}
    )
    assert rows["label"].to_list() == ["", "of the run so far", "of the run so far", "slope of the samples"]


def test_units_of_the_columns_of_a_frame_go_with_it(comparison_records: list[CellRecord]) -> None:
    units = frame.cells_frame(comparison_records).attrs["units"]

    assert units == {name: UNITS[name] for name in frame.CELL_COLUMNS if name in UNITS}
    assert (units["wall_s"], units["context_bytes"]) == ("s", "bytes")


def test_the_hash_seed_of_a_cell_stands_beside_its_repeat_in_every_frame_and_is_no_surrounding(
    record_of,
) -> None:
    records = [
        record_of(repeat=repeat, hash_seed=10 + repeat, surroundings={"hash_seed": str(10 + repeat)})
        for repeat in range(2)
    ]

    for made in (frame.cells_frame(records), frame.metrics_frame(records), frame.samples_frame(records)):
        assert set(zip(made["repeat"], made["hash_seed"], strict=True)) == {(0, 10), (1, 11)}
        assert list(made.columns).index("hash_seed") == list(made.columns).index("repeat") + 1
        assert made.attrs["surroundings_differ"] == {}


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


def test_machine_and_software_of_a_cell_are_told_apart_by_what_figures_depend_on(record_of) -> None:
    def where(**surroundings) -> tuple[str, str]:
        made = frame.metrics_frame([record_of(surroundings=surroundings)])
        [found] = set(zip(made["machine"], made["software"], strict=True))
        return found

    usual = {"python": "3.11.7", "cpu": "one", "versions": {"orjson": "3.10"}, "clock_floor_us": 0.05}
    here = where(**usual)
    assert where(**{**usual, "clock_floor_us": 0.06, "hash_seed": "7"}) == here
    for name, value in {"python": "3.13.5", "versions": {"orjson": "3.11"}, "commit": "abc"}.items():
        machine, software = where(**{**usual, name: value})
        assert (machine == here[0], software == here[1]) == (True, False)
    machine, software = where(**{**usual, "cpu": "another"})
    assert (machine == here[0], software == here[1]) == (False, True)


def test_a_cell_that_ended_before_it_could_say_where_is_counted_with_the_others_if_these_are_in_one_place(
    record_of,
) -> None:
    mute = record_of(repeat=1, outcome="crashed", surroundings={}, readings=(), samples=())
    elsewhere = record_of(repeat=2, surroundings={"python": "3.13.5"})

    assert frame.cells_frame([record_of(), mute])["software"].nunique() == 1
    assert frame.cells_frame([record_of(), mute, elsewhere])["software"][1] == ""


def test_what_stands_behind_the_digits_of_a_place_is_kept_with_the_frame(record_of) -> None:
    made = frame.cells_frame([record_of(surroundings={"python": "3.11.7", "cpu": "one", "gc": None})])

    assert made.attrs["surroundings_by"] == {
        "machine": {made["machine"][0]: {"cpu": "one"}},
        "software": {made["software"][0]: {"python": "3.11.7"}},
    }


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
    known = {
        "record",
        "metrics",
        "amounts",
        "differences",
        "collector",
        "scope",
        "paths",
        "errors",
        "display",
    }

    below = set(layers[layers.index("frame") + 1 :])
    assert {f"attune_sim.{name}" for name in below - known} == set(behind)


def test_tasks_and_items_derive_their_duration() -> None:
    tasks = frame.tasks_frame(
        {
            "task": ["check"],
            "visit": [0],
            "status": ["succeeded"],
            "items": [None],
            "started_s": [0.5],
            "ended_s": [2.0],
            "error": [None],
            "file": [None],
            "line": [None],
        }
    )
    columns = ItemColumns("check", 0, 1)
    columns.started_s[0], columns.span_s[0] = 0.5, 1.5
    items = frame.items_frame([columns.as_dict()], OUTCOMES, {})

    assert tasks["duration_s"].to_list() == items["duration_s"].to_list() == [1.5]
    assert tasks["ended_s"].to_list() == items["ended_s"].to_list() == [2.0]
    assert tuple(tasks.columns) == frame.TASK_COLUMNS
    assert tuple(items.columns) == frame.ITEM_COLUMNS


def test_items_of_all_fan_outs_are_rows_in_order_with_what_was_recorded_of_each() -> None:
    first, second = ItemColumns("check", 0, 2), ItemColumns("check", 1, 1)
    for code, columns in enumerate((first, second), start=1):
        columns.outcome[0] = code
        columns.repeats[0] = code - 1
        columns.fork_us[0] = columns.render_us[0] = columns.action_us[0] = code
    items = frame.items_frame([first.as_dict(), second.as_dict()], OUTCOMES, {("check", 1, 0): "no answer"})

    told = items.astype({"error": object}).fillna({"error": ""})[
        ["visit", "index", "outcome", "attempts", "error"]
    ]
    assert told.to_numpy().tolist() == [
        [0, 0, "succeeded", 1, ""],
        [0, 1, "", 0, ""],
        [1, 0, "failed", 2, "no answer"],
    ]
    for metric in ("fork_us", "render_us", "action_us"):
        assert items[metric].to_list() == [1.0, 0.0, 2.0]


def test_the_frame_of_no_items_has_the_kinds_of_columns_of_one_with_items() -> None:
    full, empty = (
        frame.items_frame([ItemColumns("check", 0, 1).as_dict()], OUTCOMES, {}),
        frame.items_frame([], OUTCOMES, {}),
    )

    assert list(empty.columns) == list(full.columns)
    numbers = [name for name in full.columns if pd.api.types.is_numeric_dtype(full[name])]
    assert numbers == [name for name in empty.columns if pd.api.types.is_numeric_dtype(empty[name])]
    assert numbers == [name for name in frame.ITEM_COLUMNS if name in frame.DTYPES]
