"""A recording asked for another number of items: item i is answered as item i mod n was."""

from __future__ import annotations

import pickle
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.errors import ExperimentError
from attune_sim.recording.file import Ending, Entry, Place, Recording, RecordingWriter
from attune_sim.recording.resized import Repeat, Resized, repeated


def written(folder, endings):
    """A recording of these results by place."""
    path = str(Path(folder, "recording"))
    with RecordingWriter(path) as writer:
        for place, result in endings.items():
            writer.add(Entry(place, "action", "", False), pickle.dumps(Ending("succeeded", result, None)))
    return path


@settings(deadline=None, max_examples=40)
@given(had=st.integers(1, 20), asked=st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_every_item_is_answered_as_the_one_that_stands_at_its_place_in_the_cycle(had, asked):
    places = {Place("", "check", visit, n, 0): (visit, n) for visit in (0, 1) for n in range(had + visit)}
    with TemporaryDirectory() as folder:
        recording = Resized(written(folder, places), None)
        assert recording.items_of("check") == had
        for index in asked:
            for visit in (0, 1):
                ending = recording.at(Place("", "check", visit, index, 0))
                assert ending.result == (visit, index % (had + visit))


@settings(deadline=None, max_examples=40)
@given(outer=st.integers(1, 5), inner=st.integers(1, 5), item=st.integers(0, 99), within=st.integers(0, 99))
def test_calls_within_the_sub_workflows_of_items_go_round_with_them(outer, inner, item, within):
    """`run[1]` is a name that a task may have; an inner fan-out may be of another length for every item."""
    places = {
        Place(f"once:0:0/run[1][{n}]:0:0/", "check", 0, m, 0): (n, m)
        for n in range(outer)
        for m in range(inner + n)
    }
    with TemporaryDirectory() as folder:
        recording = Resized(written(folder, places), None)
        found = recording.at(Place(f"once:0:0/run[1][{item}]:0:0/", "check", 0, within, 0))
        assert found.result == (item % outer, within % (inner + item % outer))


def test_a_later_attempt_goes_round_with_its_item(tmp_path):
    places = {
        Place("", "check", 0, 0, 0): "a",
        Place("", "check", 0, 1, 0): "b",
        Place("", "check", 0, 1, 1): "b again",
    }
    recording = Resized(written(tmp_path, places), None)
    assert recording.at(Place("", "check", 0, 5, 1)).result == "b again"
    with pytest.raises(ExperimentError, match="task 'check', item 0, attempt 2: was not begun"):
        recording.at(Place("", "check", 0, 4, 1))


def test_the_list_is_repeated_in_the_result_of_its_task_alone_and_nothing_is_shared(tmp_path):
    places = {
        Place("", "find", 0, None, 0): {"hosts": [{"id": 1}, {"id": 2}], "total": 2},
        Place("call:0:0/", "find", 0, None, 0): {"hosts": [{"id": 3}]},
    }
    path = written(tmp_path, places)
    recording = Resized(path, Repeat("find", ("hosts",), 5))
    found = recording.at(Place("", "find", 0, None, 0)).result
    assert found == {"hosts": [{"id": n} for n in (1, 2, 1, 2, 1)], "total": 2}
    assert found["hosts"][0] is not found["hosts"][2]
    assert recording.at(Place("call:0:0/", "find", 0, None, 0)).result == {"hosts": [{"id": 3}]}
    assert Recording(path).at(Place("", "find", 0, None, 0)).result["total"] == 2


@given(rows=st.lists(st.integers(), min_size=1, max_size=10), count=st.integers(0, 50))
def test_repeating_gives_so_many_elements_in_order(rows, count):
    assert repeated(rows, count) == (rows * (count // len(rows) + 1))[:count]
