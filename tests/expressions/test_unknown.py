"""Calls of what does not exist are found without evaluating anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import calls_in, check_condition, evaluate, unknown_calls

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
        ("{{ workflow.x.length() }}", [("method", "length", None)]),
        ("{{ result().sum() }}", [("method", "sum", None)]),
        ("{{ item . merge () }}", [("method", "merge", None)]),
        ("{{ item.name.trim().lower() }}", [("method", "trim")]),
        ("{{ strip(item) }}", [("function", "strip")]),
        ("{{ (lowr)(1) }}", [("function", "lowr", "did you mean 'lower'?")]),
        ("{{ ((item.lowr) )\n(1) }}", [("method", "lowr")]),
        ("{{ (lower)(item) }} {{ (item.lower)() }}", []),
    ],
)
def test_what_is_called_and_does_not_exist_is_named_once_with_a_hint(text, found):
    calls = unknown_calls(text)

    assert [tuple(call)[: len(want)] for call, want in zip(calls, found, strict=True)] == found


@pytest.mark.parametrize("text", ["succeded()", "{{ succeded() }}", "{{ not (succeded()) and failed() }}"])
def test_a_condition_may_stand_without_braces(text):
    (call,) = unknown_calls(text, condition=True)

    assert (call.name, call.hint) == ("succeded", "did you mean 'succeeded'?")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("default", "it is a filter: value | default"),
        ("d", "it is a filter: value | d"),
        ("first", "it is a filter: value | first"),
        ("defined", "it is a test: value is defined"),
        ("divisibleby", "it is a test: value is divisibleby"),
        ("lowr", "did you mean 'lower'?"),
        ("fail", "did you mean 'failed'?"),
        ("outp", None),
        ("other", None),
        ("loop", None),
    ],
)
def test_an_unknown_function_has_the_same_hint_when_it_is_loaded_and_when_it_is_reached(name, hint):
    (call,) = unknown_calls(f"{{{{ {name}(1, 'x') }}}}")
    with pytest.raises(ExpressionError) as raised:
        evaluate(f"{name}(1, 'x')", {})

    assert call.hint == hint
    assert raised.value.message == f"there is no function {name!r}{f' ({hint})' if hint else ''}"


@pytest.mark.parametrize(
    ("text", "condition", "nth"),
    [
        ("{{ 'it''s lowr(3)' }} bar lowr(9) {{ lowr(4) }}", False, 2),
        ("lowr(1) {{ item.lowr }} {{ x(1) and lowr(2) }}", False, 2),
        ("'lowr(1)' == \"lowr(2)\" or lowr(3)", True, 2),
        ("{{ 'a\\'lowr(1)' ~ (lowr)(2) }}", True, 1),
    ],
)
def test_an_unknown_call_is_told_from_what_only_looks_like_it(text, condition, nth):
    call = next(call for call in unknown_calls(text, condition=condition) if call.name == "lowr")

    assert call.nth == nth
    assert calls_in(text)[nth][0] == "lowr"


def test_a_function_and_a_method_of_one_name_have_places_of_their_own():
    calls = unknown_calls("{{ lowr(1) or item.lowr() }} {{ lowr(2) }}")

    assert [(call.kind, call.nth) for call in calls] == [("function", 0), ("method", 1)]


def test_a_text_of_very_many_unknown_calls_names_the_first_of_them():
    calls = unknown_calls(f"{{{{ [{', '.join(f'f{n}()' for n in range(1_000))}] }}}}")

    assert [call.name for call in calls] == [f"f{n}" for n in range(101)]


def test_no_expression_of_the_conformance_suite_is_warned_of_without_reason():
    records = [json.loads(line) for line in (DATA / "expressions.jsonl").read_text().splitlines()]
    texts = [record["expr"] for record in records if "expect" in record]
    good = [text for text in texts if check_condition(text) is None]

    assert len(good) > 200
    assert [text for text in good if unknown_calls(text, condition=True)] == []
