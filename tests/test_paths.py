"""The one spelling of places inside of values, and where two values differ."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.differences import ABSENT, differences, windows
from attune_sim.paths import below, spelled

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("path", "place", "spelling"),
    [
        ((), "", ""),
        (("a", "b", 0), "", "a.b[0]"),
        ((0, "a"), "", "[0].a"),
        ((0, 1), "task.fetch", "task.fetch[0][1]"),
        (("a",), "task 'x', input", "task 'x', input.a"),
        ((None,), "item", "item[None]"),
    ],
)
def test_a_path_has_one_spelling(path: tuple, place: str, spelling: str) -> None:
    assert spelled(path, place) == spelling


@given(st.lists(st.text("ab", min_size=1) | st.integers(0, 9), min_size=1))
def test_a_path_is_spelled_alike_at_once_and_step_by_step(path: list) -> None:
    assert below(spelled(path[:-1]), path[-1]) == spelled(path)


def at(value: Any, place: str) -> Any:
    """What stands at a place, read from its spelling."""
    for step in re.findall(r"[^.\[\]]+", place):
        value = value.get(step, ABSENT) if isinstance(value, dict) else value[int(step)]
    return value


@given(JSON, JSON)
def test_what_differs_stands_at_the_place_that_is_named(left: object, right: object) -> None:
    for place, before, after in differences(left, right):
        assert (at(left, place), at(right, place)) == (before, after)


@given(JSON, JSON)
def test_values_without_a_difference_are_equal_as_json(left: object, right: object) -> None:
    alike = json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)

    assert (not list(differences(left, right))) == alike


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        ({"a": 1}, {"b": 1}, [("a", 1, ABSENT), ("b", ABSENT, 1)]),
        ([1, 2], [1], [("", [1, 2], [1])]),
        ({"a": [{"b": 1}]}, {"a": [{"b": True}]}, [("a[0].b", 1, True)]),
        (1, 1.0, [("", 1, 1.0)]),
    ],
)
def test_all_differences_are_found(left: object, right: object, found: list) -> None:
    assert list(differences(left, right)) == found


def test_integers_and_floats_are_told_apart_only_where_it_is_asked_for() -> None:
    assert list(differences([1], [1.0], kinds=(bool,))) == []
    assert list(differences([1], [True], kinds=(bool,))) == [("[0]", 1, True)]


def test_a_window_shows_both_texts_from_a_little_before_they_differ() -> None:
    assert windows("short", "also short", 20) == ("short", "also short")
    assert windows("x" * 50 + "a", "x" * 50 + "b", 9) == ("...xxxa", "...xxxb")
    assert windows("a" * 50, "b", 9) == ("a" * 9 + "...", "b")
