"""Calls of what does not exist are found without evaluating anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune_sim.expressions import check_condition, unknown_calls

DATA = Path(__file__).parents[1] / "conformance"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ lowr(item) }}", [("function", "lowr", "did you mean 'lower'?")]),
        ("{{ 1 if lowr(item) else uper(item) }}", [("function", "lowr"), ("function", "uper")]),
        ("{{ lowr(lowr(item)) }} {{ lowr(index) }}", [("function", "lowr")]),
        ("{{ tojson(item) }}", [("function", "tojson", "it is a filter: value | tojson")]),
        ("{{ item.name.lowr() }}", [("method", "lowr", "did you mean 'lower'?")]),
        ("{{ zzzzz () }}", [("function", "zzzzz", None)]),
        ("{{ lower(item) | upper }} {{ item.get('a') }} {{ item is defined }}", []),
        ("{{ 'lowr(item)' }} lowr(item)", []),
        ("{{ (1, 2) and not (item in (3,)) }}", []),
    ],
)
def test_what_is_called_and_does_not_exist_is_named_once_with_a_hint(text, found):
    calls = unknown_calls(text)

    assert [tuple(call)[: len(want)] for call, want in zip(calls, found, strict=True)] == found


@pytest.mark.parametrize("text", ["succeded()", "{{ succeded() }}", "{{ not (succeded()) and failed() }}"])
def test_a_condition_may_stand_without_braces(text):
    (call,) = unknown_calls(text, condition=True)

    assert (call.name, call.hint) == ("succeded", "did you mean 'succeeded'?")


def test_no_expression_of_the_conformance_suite_is_warned_of_without_reason():
    records = [json.loads(line) for line in (DATA / "expressions.jsonl").read_text().splitlines()]
    good = [one["expr"] for one in records if "expect" in one and check_condition(one["expr"]) is None]

    assert len(good) > 200
    assert [text for text in good if unknown_calls(text, condition=True)] == []
