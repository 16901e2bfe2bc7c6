"""What stands in the place of a list of results that stay elsewhere."""

import pytest

from attune_sim.engine.tally import COUNTS, tally_of
from attune_sim.errors import EventError


def test_counts_keep_nothing_of_results():
    tally = tally_of(COUNTS)
    tally[0] = {"large": "x" * 100}

    assert tally.told() == {}


@pytest.mark.parametrize(
    "note", [None, {"n": 1}, ["a", 1], ["a", "1", "0" * 16], ["a", 1, "zz" * 8], [1, 1, "0" * 16]]
)
def test_what_is_no_note_of_a_result_cannot_be_the_end_of_an_attempt(note):
    with pytest.raises(EventError, match="item 4: its result is to be kept"):
        tally_of("folder")[4] = note


def test_sums_do_not_depend_on_the_order_of_ends():
    notes = [["a", 3, "f" * 16], ["b", 4, "0" * 15 + "2"], ["a", 5, "8" * 16]]
    first, second = tally_of("folder"), tally_of("folder")
    for slot, note in enumerate(notes):
        first[slot] = note
    for slot, note in reversed(list(enumerate(notes))):
        second[slot] = note

    assert first.told() == second.told()
    assert first.told()["kept"]["items"] == 3
