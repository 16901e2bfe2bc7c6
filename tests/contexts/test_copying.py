"""The copier of JSON types does what `copy.deepcopy` does, sharing and cycles included."""

import copy
import datetime
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.contexts.copying import deep_copy

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
KEYS = st.text(max_size=2) | st.integers() | st.tuples(st.integers())
VALUES = st.recursive(
    LEAVES | st.binary(max_size=2) | st.just(datetime.date(2026, 1, 2)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(OrderedDict, st.dictionaries(KEYS, inner, max_size=2))
    ),
    max_leaves=12,
)


def containers(value):
    """All lists and dicts in a value, by identity, however deep."""
    found, pending = {}, [value]
    while pending:
        part = pending.pop()
        if isinstance(part, (list, tuple, dict)) and id(part) not in found:
            if not isinstance(part, tuple):
                found[id(part)] = part
            pending.extend(part.values() if isinstance(part, dict) else part)
    return found


def shape(value, seen=None):
    """A value with every container numbered in the order in which it first shows: equal for equal sharing."""
    seen = {} if seen is None else seen
    if not isinstance(value, (list, dict)):
        return (
            (type(value), [shape(part, seen) for part in value]) if isinstance(value, tuple) else repr(value)
        )
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = f"#{len(seen)}"
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    return (type(value), seen[id(value)], [(repr(key), shape(part, seen)) for key, part in entries])


@given(VALUES, VALUES)
def test_a_copy_equals_that_of_the_standard_library_and_shares_nothing(one, other):
    value = {"one": one, "other": [other, one], "again": one}

    copied = deep_copy(value, {})

    assert shape(copied) == shape(copy.deepcopy(value))
    assert not containers(copied).keys() & containers(value).keys()


def test_what_holds_itself_holds_its_copy():
    ring = {"list": [1]}
    ring["list"].append(ring)
    ring[(1,)] = ring["list"]

    copied = deep_copy(ring, {})

    assert copied["list"][1] is copied
    assert copied[(1,)] is copied["list"]
    assert copied["list"] is not ring["list"]


def test_a_value_that_shows_exponentially_often_is_copied_once():
    value = ["leaf"]
    for _ in range(100):
        value = [value, value]

    copied = deep_copy(value, {})

    assert copied[0] is copied[1]


def test_one_memo_keeps_what_two_values_share():
    rows, memo = [1, 2], {}

    context, item = deep_copy({"rows": rows}, memo), deep_copy(rows, memo)

    assert context["rows"] is item


class Uncopyable:
    def __deepcopy__(self, memo):
        raise ValueError("not me")


def test_what_cannot_be_copied_raises_as_the_standard_library_does():
    with pytest.raises(ValueError, match="not me"):
        deep_copy([{"x": Uncopyable()}], {})
