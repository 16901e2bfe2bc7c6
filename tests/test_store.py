"""Cells on the disk: what came is kept, what was cut off is told, what is missing is run again."""

from pathlib import Path

import pytest

from attune_sim.errors import InputError
from attune_sim.frame import readings_of
from attune_sim.record import SCHEMA_VERSION
from attune_sim.store import CellRows, Store, ended_row, started_row


def sample_row(index, heap, **counts):
    known = {
        "items_done": 0,
        "items_failed": 0,
        "items_timed_out": 0,
        "forks": index,
        "fork_us": 10.0 * index,
    }
    return {
        "row": "sample",
        "elapsed_s": index / 100,
        "samples": [[index, "live_heap_bytes", heap]],
        **known,
        **counts,
    }


def ran_row(**given):
    return {
        "row": "ran",
        "outcome": "ok",
        "run_status": "succeeded",
        "error": None,
        "wall_s": 1.5,
        "answer": "abc",
        "items_done": 10,
        "items_failed": 1,
        "items_timed_out": 0,
        "forks": 10,
        "fork_us": 100.0,
        **given,
    }


READING = {"row": "reading", "metric": "fork_us", "value": 0.2, "source": "measured", "n": 5, "label": ""}


def whole(key):
    yield started_row(key, ("sizes assumed",), 7)
    yield {"row": "running", "surroundings": {"python": "3.11"}}
    yield sample_row(5, 500)
    yield ran_row()
    yield READING
    yield ended_row("ok", None)


@pytest.fixture
def key_of(record_of):
    return lambda **given: record_of(**given).key


def write(path, key, rows):
    with Store(path) as store:
        for row in rows:
            store.append(key.id, row)


def test_a_whole_cell_comes_back_as_it_was(tmp_path, key_of):
    key = key_of()
    write(tmp_path / "a.jsonl", key, whole(key))
    [record] = Store(tmp_path / "a.jsonl").records()
    assert record.key == key
    assert (record.outcome, record.items_done, record.items_failed, record.forks) == ("ok", 10, 1, 10)
    assert (record.run_status, record.wall_s, record.answer) == ("succeeded", 1.5, "abc")
    assert [(reading.metric, reading.value, reading.n) for reading in record.readings] == [
        ("fork_us", 0.2, 5)
    ]
    assert record.forking_us == 100.0
    assert [(reading.metric, reading.value, reading.n) for reading in readings_of(record)] == [
        ("fork_us", 0.2, 5),
        ("paid_fork_us", 10.0, 10),
        ("live_heap_bytes", 500, 1),
    ]
    assert record.samples[0].item_index == 5
    assert record.assumed == ("sizes assumed",)
    assert record.surroundings == {"python": "3.11"}
    assert record.hash_seed == 7
    assert record.schema == SCHEMA_VERSION


@pytest.mark.parametrize(("seen_s", "told_s"), [(0.002, 0.5), (0.7, 0.7), (None, 0.5)])
def test_a_run_that_died_took_at_least_as_long_as_its_last_sample_says(seen_s, told_s, tmp_path, key_of):
    key = key_of()
    sample = {**sample_row(5, 500), "elapsed_s": 0.5}
    rows = [started_row(key, (), 0), {"row": "running"}, sample, ended_row("crashed", "SIGSEGV", seen_s)]
    write(tmp_path / "a.jsonl", key, rows)

    [record] = Store(tmp_path / "a.jsonl").records()

    assert record.wall_s == told_s


@pytest.mark.parametrize("kept", range(1, 6))
def test_a_cell_that_was_cut_off_anywhere_is_killed_and_keeps_what_came(kept, tmp_path, key_of):
    key = key_of()
    write(tmp_path / "a.jsonl", key, list(whole(key))[:kept])
    store = Store(tmp_path / "a.jsonl")
    [record] = store.records()
    assert record.outcome == "killed"
    assert len(record.samples) == (kept > 2)
    assert (record.answer == "abc") == (kept > 3)
    assert store.finished() == {}


def test_the_last_run_of_a_cell_counts_and_its_place_stays(tmp_path, key_of):
    first, second = key_of(), key_of(strategy="deepcopy")
    for key, rows in ((first, list(whole(first))[:3]), (second, whole(second)), (first, whole(first))):
        write(tmp_path / "a.jsonl", key, rows)
    records = Store(tmp_path / "a.jsonl").records()
    assert [(record.key.strategy, record.outcome) for record in records] == [
        ("shared", "ok"),
        ("deepcopy", "ok"),
    ]


def test_only_outcomes_that_a_rerun_would_repeat_count_as_finished(tmp_path, key_of):
    outcomes = ("ok", "memory_limit", "time_limit", "aborted", "skipped", "killed", "crashed", "interrupted")
    for number, outcome in enumerate(outcomes):
        key = key_of(repeat=number)
        write(tmp_path / "a.jsonl", key, [started_row(key, (), 7), ended_row(outcome, "why")])
    finished = Store(tmp_path / "a.jsonl").finished()
    assert [record.outcome for record in finished.values()] == list(outcomes[:5])


def test_figures_of_a_cell_that_was_cut_short_come_from_its_samples_and_say_so(key_of):
    rows = CellRows(key_of(dispatch="eager"))
    for index in (1, 2, 4, 8):
        rows.add(sample_row(index, 1000 + 50 * index))
    rows.add(ended_row("killed", "SIGKILL"))
    readings = {reading.metric: reading for reading in readings_of(rows.record())}
    assert readings["paid_fork_us"].value == pytest.approx(10.0)
    assert readings["paid_fork_us"].label == "of the run so far"
    assert readings["fork_bytes"].value == pytest.approx(50.0)
    assert readings["fork_bytes"].label == "slope of the samples"
    assert readings["live_heap_bytes"].value == 1400


def test_the_last_word_of_a_worker_says_how_far_it_came(key_of):
    rows = CellRows(key_of(dispatch="eager"))
    rows.add(sample_row(4, 1000))
    rows.add({"row": "reached", "items_done": 6, "forks": 7, "fork_us": 35.0})
    record = rows.record()
    assert (record.items_done, record.forks, record.forking_us) == (6, 7, 35.0)


def test_a_windowed_cell_has_no_slope_of_forks_in_its_samples(key_of):
    rows = CellRows(key_of(dispatch="windowed"))
    for index in (1, 2, 4, 8):
        rows.add(sample_row(index, 1000))
    assert "fork_bytes" not in {reading.metric for reading in readings_of(rows.record())}


def test_points_at_one_number_of_forks_have_no_slope(key_of):
    rows = CellRows(key_of(dispatch="eager"))
    for heap in (1000, 1100, 1200):
        rows.add(sample_row(4, heap, forks=8))
    assert [reading.metric for reading in readings_of(rows.record())] == ["paid_fork_us", "live_heap_bytes"]


def test_a_store_of_the_first_schema_can_still_be_read():
    cut_off, whole = Store(Path(__file__).parent / "stores" / "schema_1.jsonl").records()
    assert (cut_off.key.strategy, cut_off.outcome, cut_off.forks) == ("deepcopy", "killed", 5)
    assert [(reading.metric, reading.value, reading.label) for reading in readings_of(cut_off)] == [
        ("paid_fork_us", 1483.591015625, "of the run so far"),
        ("live_heap_bytes", 674616, "of the run so far"),
        ("fork_bytes", pytest.approx(133568.0), "slope of the samples"),
    ]
    assert (whole.key.strategy, whole.outcome, whole.items) == ("shared", "ok", 12)
    assert whole.surroundings["versions"]["pyrsistent"] == "0.20.0"
    figures = {reading.metric: reading.value for reading in whole.readings}
    assert (figures["fork_us"], figures["fork_object_bytes"]) == (0.152095, 56.0)
    assert len(figures) == 16


def test_a_store_that_does_not_exist_yet_is_empty(tmp_path):
    store = Store(tmp_path / "none.jsonl")
    assert store.records() == []
    assert store.memory_limit() is None


def test_the_memory_limit_of_the_first_cell_is_the_stores(tmp_path, key_of):
    key = key_of(memory_limit_bytes=123)
    write(tmp_path / "a.jsonl", key, whole(key))
    assert Store(tmp_path / "a.jsonl").memory_limit() == 123


def test_another_kind_of_file_is_refused_with_its_line(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"event": "started"}\n')
    with pytest.raises(InputError, match=r"a\.jsonl:1: not a row of a store of cells"):
        Store(tmp_path / "a.jsonl").records()


def test_a_newer_schema_is_refused(tmp_path, key_of):
    key = key_of()
    write(tmp_path / "a.jsonl", key, [{**started_row(key, (), 7), "schema": SCHEMA_VERSION + 1}])
    with pytest.raises(InputError, match="newer than this version"):
        Store(tmp_path / "a.jsonl").records()


def test_writing_needs_an_open_store(tmp_path, key_of):
    with pytest.raises(InputError, match="open the store with `with`"):
        Store(tmp_path / "a.jsonl").append("x", READING)


def test_a_store_from_before_hash_seeds_were_kept_is_read_with_the_seed_that_all_had(tmp_path, key_of):
    key = key_of()
    begun = {name: value for name, value in started_row(key, (), 7).items() if name != "hash_seed"}
    write(tmp_path / "a.jsonl", key, [{**begun, "schema": 1}, ended_row("ok", None)])
    [record] = Store(tmp_path / "a.jsonl").records()
    assert (record.hash_seed, record.schema) == (0, 1)
