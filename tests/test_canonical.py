"""Canonical JSON: the same bytes for equal values of any kind."""

from __future__ import annotations

from types import MappingProxyType

from attune_sim.canonical import as_json


def test_equal_values_of_other_kinds_have_the_same_bytes():
    assert (
        as_json({"b": [1, 2], "a": 3})
        == as_json(MappingProxyType({"a": 3, "b": (1, 2)}))
        == b'{"a":3,"b":[1,2]}'
    )


def test_what_json_does_not_know_is_its_text_without_its_address():
    assert as_json([1j, object()]) == b'["1j","object"]'
    assert as_json(2**70) == b'"1180591620717411303424"'


def test_what_is_nested_too_deep_for_json_is_its_text_and_too_deep_for_that_its_kind():
    assert as_json(nested(300)) == b'"' + b"[" * 301 + b"]" * 301 + b'"'
    assert as_json({"deep": nested(100_000)}) == b'"dict"'


def nested(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value
