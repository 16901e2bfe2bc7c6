from __future__ import annotations

from typing import Any

import immutables
import pytest
import rpds
from hypothesis import given
from hypothesis import strategies as st
from pyrsistent import pmap, pvector

from attune_sim.stepping.walk import behind, is_constant, is_writable, reached, references, sized

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def everything(value: Any) -> dict[int, Any]:
    found: dict[int, Any] = {}
    assert reached([value], (), found)
    return found


@given(VALUES, VALUES)
def test_what_is_own_and_what_is_known_are_all_there_is_and_nothing_is_both(shared: Any, own: Any) -> None:
    known = everything(shared)
    mine: dict[int, Any] = {}
    border: dict[int, Any] = {}
    both = [own, shared]
    reached([both], known, mine, border)

    assert not mine.keys() & known.keys()
    assert border.keys() <= known.keys()
    assert mine.keys() | known.keys() == everything(both).keys()


@given(VALUES)
def test_constants_are_nobodys_and_all_else_is_found(value: Any) -> None:
    found = everything(value)

    assert not [one for one in found.values() if is_constant(one)]
    assert (id(value) in found) is not is_constant(value)


@pytest.mark.parametrize(
    "make",
    [
        dict,
        pmap,
        immutables.Map,
        rpds.HashTrieMap,
        lambda entries: rpds.List(entries.values()),
        lambda entries: pvector(entries.values()),
        lambda entries: tuple(entries.values()),
        lambda entries: frozenset([tuple(entries.values())]),
    ],
)
def test_values_are_found_in_containers_of_every_library(make: Any) -> None:
    rows = (1_000.5, "a text of its own")

    assert id(rows) in everything(make({"rows": rows}))


def test_a_program_is_no_data() -> None:
    assert everything([len, pytest, dict, lambda: pytest]).keys() - everything([]).keys()
    assert len(everything([len, pytest, dict])) == 1


def test_a_class_that_raises_is_passed_over() -> None:
    class Rude(dict[str, int]):
        def __iter__(self) -> Any:
            raise RuntimeError

        def __sizeof__(self) -> int:
            raise RuntimeError

    assert sized(list(everything(Rude()).values())) >= 0
    assert is_writable(Rude())
    assert list(behind(Rude())) in ([], [Rude])


def test_too_much_is_said_to_be_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attune_sim.stepping.walk.MOST", 10)

    assert not reached([[[n] for n in range(100)]], (), {})


@given(st.integers(0, 20))
def test_references_are_counted_without_those_of_who_looks(number: int) -> None:
    one = object()
    held = [one] * number

    assert references([one]) == [number + 1]
    assert len(held) == number


def test_what_can_be_written_into_is_told_from_what_cannot() -> None:
    fixed = [
        1,
        "a",
        (1, 2),
        pvector([pmap({"a": 1})]),
        frozenset({1}),
        immutables.Map(a=1),
        rpds.HashTrieMap({"a": 1}),
    ]
    written = [[], {}, set(), bytearray(), (1, []), pvector([[]]), immutables.Map(a={}), object()]

    assert [is_writable(one) for one in fixed] == [False] * len(fixed)
    assert [is_writable(one) for one in written] == [True] * len(written)
