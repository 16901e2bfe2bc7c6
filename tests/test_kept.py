"""Results that stay where they were made: what is written there is read back, and what is not there is told."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.engine.tally import tally_of
from attune_sim.errors import InputError, ResultError
from attune_sim.kept import Shelf, host_of, is_used, kept_results

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def _told(folder, notes, failed=()):
    """The aggregate of a fan-out whose items were told with these notes."""
    tally = tally_of(str(folder))
    for slot, note in notes.items():
        tally[slot] = note
    return {**tally.told(), "failed_items": [{"index": index} for index in failed]}


@settings(max_examples=40)
@given(results=st.lists(JSON, max_size=8), shelves=st.integers(1, 3))
def test_what_was_kept_by_any_number_of_processes_is_read_back(tmp_path_factory, results, shelves):
    folder = tmp_path_factory.mktemp("kept")
    there = [Shelf(str(folder), "each", 0) for _ in range(shelves)]
    alone = Shelf(str(folder / "alone"), "each", 0)
    notes = {n: there[n % shelves].put(n, 0, result) for n, result in enumerate(results)}
    told = _told(folder, notes)

    assert dict(kept_results(told)) == dict(enumerate(results))
    one = _told(folder / "alone", {n: alone.put(n, 0, result) for n, result in enumerate(results)})
    same = ("items", "bytes", "digest")
    assert [told["kept"][name] for name in same] == [one["kept"][name] for name in same]


def test_of_attempts_that_were_lost_the_last_one_counts_and_of_items_that_failed_none(tmp_path):
    first, second = Shelf(str(tmp_path), "each", 0), Shelf(str(tmp_path), "each", 0)
    first.put(0, 0, "lost")
    first.put(1, 0, "lost, and then it failed")
    notes = {2: first.put(2, 0, "two"), 0: second.put(0, 1, "zero")}

    assert sorted(kept_results(_told(tmp_path, notes, failed=[1]))) == [(0, "zero"), (2, "two")]


def test_a_file_that_is_not_there_or_was_changed_is_told(tmp_path):
    shelf = Shelf(str(tmp_path), "each", 0)
    told = _told(tmp_path, {0: shelf.put(0, 0, "a"), 1: shelf.put(1, 0, "b")})
    path = tmp_path / shelf.file
    whole = path.read_text()

    path.write_text(whole.replace('"b"', '"c"'))
    with pytest.raises(InputError, match="does not hold the results that the run has told of"):
        list(kept_results(told))
    path.write_text(whole.replace('[1,0,"b"]\n', ""))
    with pytest.raises(InputError, match="1 of 2 items found"):
        list(kept_results(told))
    path.write_text(whole.replace('"b"]', '"b"'))
    with pytest.raises(InputError, match=f"{shelf.file}:3: not a line of JSON"):
        list(kept_results(told))
    path.write_text(whole.replace('[1,0,"b"]', '{"what": 1}'))
    with pytest.raises(InputError, match="a damaged line"):
        list(kept_results(told))
    path.unlink()
    with pytest.raises(InputError, match=f"is not on this machine; it was written on {host_of(shelf.file)}"):
        kept_results(told)


def test_a_result_that_is_not_json_or_has_no_place_is_refused_with_the_task(tmp_path):
    with pytest.raises(ResultError, match="task 'each': its result cannot be kept: a: set is not JSON"):
        Shelf(str(tmp_path), "each", 0).put(0, 0, {"a": {1}})
    (tmp_path / "file").touch()
    with pytest.raises(ResultError, match="task 'each': its result cannot be kept on "):
        Shelf(str(tmp_path / "file"), "each", 0).put(0, 0, 1)
    assert not is_used(tmp_path)


def test_secrets_are_masked_before_they_are_written(tmp_path):
    shelf = Shelf(str(tmp_path), "each", 0, lambda value: "***" if value == "geheim" else value)
    told = _told(tmp_path, {0: shelf.put(0, 0, "geheim")})

    assert "geheim" not in (tmp_path / shelf.file).read_text()
    assert list(kept_results(told)) == [(0, "***")]


def test_a_file_says_what_it_holds_and_its_name_is_safe_for_any_task(tmp_path):
    shelf = Shelf(str(tmp_path), "a/b c", 3)
    shelf.put(0, 0, None)

    assert shelf.file.startswith("a-b-c.3@")
    with open(tmp_path / shelf.file) as file:
        assert json.loads(file.readline()) == {"kept": 1, "task": "a/b c", "visit": 3}
