"""Answers are equal if their JSON is, whatever types a strategy handed on."""

from datetime import UTC, datetime

import immutables
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrsistent import freeze

from attune_sim.experiment.answers import answer_digest, first_difference

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(value=json_values)
def test_a_frozen_copy_gives_the_same_answer(value):
    assert answer_digest(freeze(value)) == answer_digest(value)
    assert first_difference(freeze(value), value) is None


@given(left=json_values, right=json_values)
def test_the_digest_and_the_difference_agree(left, right):
    assert (answer_digest(left) == answer_digest(right)) == (first_difference(left, right) is None)


@pytest.mark.parametrize(
    ("left", "right", "path"),
    [
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1]"),
        ({"a": 1}, {"a": 1, "b": 2}, "b"),
        ([1, 2], [1], "the answer"),
        ({"a": True}, {"a": 1}, "a"),
        ({"a": 1}, {"a": 1.0}, "a"),
    ],
)
def test_the_first_difference_is_named(left, right, path):
    assert first_difference(left, right)[0] == path


def test_what_is_not_json_still_gives_the_same_digits_every_time():
    class Thing:
        pass

    for make in (Thing, lambda: {"b", "a"}, lambda: (1, 2**80), lambda: datetime(2026, 1, 1, tzinfo=UTC)):
        assert answer_digest({"x": make()}) == answer_digest({"x": make()})


def test_a_map_is_read_in_any_order():
    assert answer_digest(immutables.Map(a=1, b=2)) == answer_digest({"b": 2, "a": 1})


def test_long_texts_are_shown_where_they_begin_to_differ():
    left, right = ("x" * 300 + end + "y" * 300 for end in "ab")
    path, shown, other = first_difference({"error": left}, {"error": right})
    assert path == "error"
    assert shown == f"...{'x' * 39}xa{'y' * 79}..."
    assert other == shown.replace("a", "b")
