"""Made-up results: exact sizes, equal for equal seeds, nothing shared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.actions.payload import SHAPES, make_payload, payload_length
from attune_sim.errors import InputError, UnknownNameError


def json_bytes(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def inner_objects(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from inner_objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from inner_objects(inner)


@given(st.sampled_from(SHAPES), st.integers(13, 5000), st.integers())
@settings(max_examples=200, deadline=None)
def test_the_json_of_a_payload_has_exactly_the_bytes_asked_for(shape, size, seed):
    payload = make_payload(shape, size, seed)
    assert json_bytes(payload) == size
    if shape != "text":
        assert len(payload) == payload_length(shape, size)


@given(st.sampled_from(SHAPES), st.integers(1, 60), st.integers(13, 15), st.integers())
@settings(max_examples=100, deadline=None)
def test_count_says_how_many_entries_there_are_in_these_bytes(shape, count, each, seed):
    size = 2 + count * each + count - 1
    payload = make_payload(shape, size, seed, count)
    assert (len(payload), json_bytes(payload)) == (count, size)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_seed_decides_everything(shape):
    assert make_payload(shape, 3000, 1) == make_payload(shape, 3000, 1)
    assert make_payload(shape, 3000, 1) != make_payload(shape, 3000, 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_two_payloads_share_no_object_but_what_python_itself_shares(shape):
    first, second = (list(inner_objects(make_payload(shape, 20_000, 5))) for _ in range(2))
    shared = {id(value) for value in first} & {id(value) for value in second}
    singletons = [value for value in first if id(value) in shared]
    assert all(
        value is True or value is False or (isinstance(value, int) and -5 <= value <= 256)
        for value in singletons
    )


def test_records_are_maps_of_all_kinds_of_values():
    record = make_payload("records", 10_000)[3]
    kinds = {type(value) for value in record.values()}
    assert {int, str, float, bool, dict} <= kinds


def test_numbers_are_integers_and_floats():
    assert {type(number) for number in make_payload("numbers", 1000)} == {int, float}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("words", 100), "unknown payload shape 'words'"),
        (("text", 1), "bytes must be an integer of 2 or more, not 1"),
        (("text", True), "bytes must be an integer"),
        (("records", 100, 0, -1), "count must be an integer of 0 or more"),
        (
            ("records", 100, 0, 50),
            "50 records cannot have 100 bytes in all: each takes 11 bytes or more and a comma",
        ),
        (("text", 10**13), "10,000,000,000,000 bytes of text: would take 37,000.0 GB of memory"),
        (("records", 10**13, 0, 10**9), "would take 65,000.0 GB of memory"),
        (("numbers", 1000, 0, 3), "3 numbers cannot have 1,000 bytes in all: each takes 1 to 15 bytes"),
    ],
)
def test_sizes_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        make_payload(*arguments)


def test_an_unknown_shape_lists_the_shapes():
    with pytest.raises(UnknownNameError, match="choose from: text, records, numbers"):
        make_payload("record", 100)
