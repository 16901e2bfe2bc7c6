"""The records of the conformance suite, through the public functions; overridden ones are listed with their rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attune_sim.errors import ExpressionError
from attune_sim.expressions import check_value, compile_value, condition, evaluate, render
from attune_sim.scope import Ended, Namespaces

DATA = Path(__file__).parents[1] / "conformance"

OVERRIDDEN = {
    # id -> (the rule of docs/language.md, or the note of the suite's README; what happens here instead)
    "condcode.7": ("docs/language.md#conditions: truthiness, an empty list is false", False),
    "condcode.12": ("docs/language.md#conditions: truthiness, 0.0 is false", False),
    "condcode.16": ("docs/language.md#conditions: truthiness, a text that is not empty is true", True),
    "condcode.19": ("docs/language.md#conditions: an error is an error", "variable_not_found"),
    "condcode.20": ("docs/language.md#conditions: an error is an error", "variable_not_found"),
    "condcode.22": ("docs/language.md#conditions: an error is an error", "variable_not_found"),
    "condcode.27": ("docs/language.md#conditions: an error is an error", "parse_error"),
    "condcode.28": ("docs/language.md#conditions: one outer pair of braces", "parse_error"),
    "condcode.29": ("docs/language.md#conditions: one outer pair of braces", "parse_error"),
    "condcode.35": ("docs/language.md#conditions: an error is an error", "type_error"),
    "code.lex.4": ("README: legal Jinja2", 16),
    "code.lex.5": ("README: legal Jinja2", 1e5),
    "code.lex.6": ("README: legal Jinja2", 1500.0),
    "code.lex.11": ("docs/language.md#limits: integers have 4,096 bits", 9223372036854775808),
    "code.lex.16": ("README: Jinja2's escape is accepted", "A"),
    "code.lex.21": ("README: bare None, True, False are accepted", None),
    "code.lex.36": ("docs/language.md#filters: filters", "variable_not_found"),
    "code.lex.42": ("docs/language.md#operators: slices", [1]),
    "code.lex.43": ("README: legal Jinja2", 8),
    "code.lex.45": ("README: legal Jinja2", "ab"),
    "code.lex.47": ("README: legal Jinja2", True),
    "code.lex.48": ("README: legal Jinja2", {}),
    "code.lex.53": ("README: legal Jinja2, a name", "variable_not_found"),
    "bad.25": ("docs/language.md#methods: method calls", "variable_not_found"),
    "bad.27": ("docs/language.md#filters: filters", "1, a, null, true, 1.0"),
    "doc_refused.3": ("docs/language.md#filters: filters", ["u"]),
    "doc_refused.5": ("docs/language.md#filters: filters", "X"),
    "doc_refused.6": ("docs/language.md#filters: filters", 1),
}
KINDS = {"variable_not_found": "variable_not_found", "type_error": "type_conversion"}


def records(name: str, *kinds: str) -> list[Any]:
    lines = (DATA / name).read_text().splitlines()
    return [
        pytest.param(record, id=record["id"]) for record in map(json.loads, lines) if record["kind"] in kinds
    ]


LANGUAGE = [
    *records("expressions.jsonl", "expression", "condition"),
    *records("templates.jsonl", "render", "publish"),
]


def exactly(a: Any, b: Any) -> bool:
    """Equal, and of the same types all the way down: 4 and 4.0 differ."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(exactly(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(exactly, a, b))
    return bool(a == b)


def outcome(record: dict[str, Any]) -> Any:
    """What this engine makes of a record: a value, or an error."""
    context = record["context"]
    try:
        match record["kind"]:
            case "expression":
                return evaluate(record["expr"], context)
            case "condition":
                return condition(record["expr"], context)
            case "render":
                return render(record["template"], context)
            case "publish":
                return {**context.get("workflow", {}), **render(record["template"], context)}
    except ExpressionError as error:
        return error


@pytest.mark.parametrize("record", LANGUAGE)
def test_a_record_gives_what_the_suite_expects_or_what_the_rule_that_overrides_it_says(
    record: dict[str, Any],
) -> None:
    found = outcome(record)
    if record["id"] in OVERRIDDEN:
        _, instead = OVERRIDDEN[record["id"]]
        assert exactly(found.kind if isinstance(found, ExpressionError) else found, instead)
    elif "error" not in record:
        assert exactly(found, record["expect"])
    else:
        assert isinstance(found, ExpressionError)
        assert record["error"] in spellings(record["kind"], found.kind)


def spellings(kind_of_record: str, kind: str) -> tuple[str, ...]:
    """How the suite may name a kind of error: its context layer knows three names only."""
    coarse = KINDS.get(kind, "invalid_expression")
    return {"expression": (kind,), "condition": (kind, coarse)}.get(kind_of_record, (coarse,))


def test_every_override_names_a_record_of_the_suite_and_changes_it() -> None:
    by_id = {param.values[0]["id"]: param.values[0] for param in LANGUAGE}
    for name, (rule, instead) in OVERRIDDEN.items():
        assert rule
        record = by_id[name]
        assert "error" in record or not exactly(record["expect"], instead)
        assert record.get("error") != instead


@pytest.mark.parametrize("record", records("misc.jsonl", "output_map"))
def test_an_output_map_renders_entry_by_entry(record: dict[str, Any]) -> None:
    context = dict(record["context"])
    ended = Ended(context.pop("result", None), context.pop("outcome", None))
    output = {}
    for key, text in record["output_map"].items():
        try:
            output[key] = compile_value(text).render(Namespaces(context), ended)
        except ExpressionError:  # docs/language.md#publish-errors: what cannot be rendered is left out
            continue
    assert exactly(output or None, record["expect"])


def test_records_whose_error_is_no_parse_error_compile() -> None:
    for param in records("templates.jsonl", "render"):
        record = param.values[0]
        if "error" in record and record["error"] != "invalid_expression":
            assert check_value(record["template"]) == []
