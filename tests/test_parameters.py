"""Parameters against their schema."""

from __future__ import annotations

import datetime
import json
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.errors import ParametersError
from attune_sim.parameters import (
    check_parameters,
    fill_defaults,
    ready_parameters,
    secret_paths,
    unknown_parameters,
)

RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parent / "conformance" / "misc.jsonl").read_text("utf-8").splitlines()
]


def records(kind: str) -> list[Any]:
    return [pytest.param(record, id=record["id"]) for record in RECORDS if record["kind"] == kind]


def messages(schema: Any, values: Any) -> list[str]:
    return [str(problem) for problem in check_parameters(schema, values)]


def pointer(path: tuple[str, ...]) -> str:
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)


@pytest.mark.parametrize("record", records("param_defaults"))
def test_defaults_fill_what_is_absent_or_null(record: dict[str, Any]) -> None:
    assert fill_defaults(record["schema"], record["params"]) == record["expect"]


@pytest.mark.parametrize("record", records("param_validate"))
def test_checks_agree_with_the_original(record: dict[str, Any]) -> None:
    assert (not check_parameters(record["schema"], record["params"])) == record["valid"]


@pytest.mark.parametrize("record", records("secret_paths"))
def test_secret_paths_follow_properties(record: dict[str, Any]) -> None:
    assert [pointer(path) for path in secret_paths(record["schema"])] == record["expect"]


def test_all_problems_are_told_at_once_in_one_line_each() -> None:
    schema = {
        "name": {"type": "string", "required": True},
        "size": {"type": "integer", "minimum": 1},
        "unit": {"type": "string", "enum": ["s", "min"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "either": {"type": ["integer", "null"]},
    }
    found = messages(schema, {"size": 0, "unit": "h", "tags": ["a", 5], "either": "x"})
    assert found == [
        "parameter 'name' is missing",
        "parameter 'size' does not satisfy 'minimum' of its schema: 1",
        "parameter 'unit' must be one of \"s\", \"min\", not the text 'h'",
        "parameter 'tags[1]' must be text, not the number '5'",
        "parameter 'either' must be an integer or null, not the text 'x'",
    ]


def test_a_default_excuses_a_missing_parameter_only_when_it_has_been_filled_in() -> None:
    schema = {"n": {"type": "integer", "required": True, "default": 3}}
    assert messages(schema, {}) == ["parameter 'n' is missing"]
    assert ready_parameters(schema, {}) == {"n": 3}


def test_a_template_fits_everywhere_until_the_run_begins() -> None:
    schema = {"n": {"type": "integer", "minimum": 5}, "l": {"type": "array", "items": {"type": "integer"}}}
    values = {"n": "{{ x }}", "l": [1, "{{ y }}"]}
    assert check_parameters(schema, values) == ()
    with pytest.raises(ParametersError, match=r"'n' must be an integer(.|\n)*'l\[1\]' must be an integer"):
        ready_parameters(schema, values)


def test_json_schema_is_used_as_it_stands() -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer", "default": 1}},
        "required": ["n"],
        "additionalProperties": False,
    }
    assert fill_defaults(schema, {}) == {}
    assert sorted(messages(schema, {"x": 1})) == [
        "parameter 'n' is missing",
        "the parameters may not have 'x'",
    ]


def test_the_value_of_a_secret_is_never_shown() -> None:
    schema = {
        "token": {"type": "integer", "secret": True},
        "mode": {"type": "string", "secret": True, "enum": ["hunter2"]},
        "pin": {"type": "string", "secret": True, "pattern": "^[0-9]+$"},
        "login": {"type": "object", "properties": {"password": {"type": "integer", "secret": True}}},
        "deep": {"type": "string", "properties": {"key": {"secret": True}}},
    }
    values = {
        "token": "s3cret",
        "mode": "s3cret",
        "pin": "s3cret",
        "login": {"password": "s3cret"},
        "deep": {"key": "s3cret"},
    }
    with pytest.raises(ParametersError) as raised:
        ready_parameters(schema, values)
    assert len(raised.value.problems) == 5
    assert "s3cret" not in repr(raised.value.problems)
    assert "hunter2" not in repr(raised.value.problems)


@pytest.mark.parametrize(
    "schema",
    [
        5,
        [],
        "x",
        {"a": {"type": "nonsense"}},
        {"a": {"type": 5}},
        {"a": {"enum": 5}},
        {"a": {"pattern": "("}},
        {"a": {"properties": {"k": {"required": True}}}},
        {"a": {"$ref": "http://127.0.0.1:1/x.json"}},
        {"a": {"$ref": "file:///etc/hostname"}},
        {"a": {"$ref": "#/nowhere"}},
        {"type": "object", "properties": {"a": {"items": 5}}},
        {"$schema": "nowhere", "type": "object", "properties": {}},
    ],
)
def test_a_broken_schema_is_a_problem(schema: Any) -> None:
    assert [problem.kind for problem in check_parameters(schema, {"a": 1})] == ["schema"]


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/x.json", "file:///etc/hostname", "#/nowhere"])
def test_a_reference_to_what_is_not_in_the_schema_is_told_as_that(target: str) -> None:
    [problem] = check_parameters({"a": {"$ref": target}}, {"a": 1})

    assert "a schema may only refer to what is in it" in str(problem)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "#/properties/b"}, "b": {"$ref": "#/properties/a"}}},
        {"type": "object", "properties": {}, "allOf": [{"$ref": "#"}]},
        {"a": {"type": "string", "pattern": "^(a|a)*$"}},
        {"a": {"type": "string", "pattern": "(a+)+\\1$"}},
    ],
)
def test_a_schema_that_turns_in_circles_ends(schema: Any) -> None:
    check_parameters(schema, {"a": "a" * 50 + "b"})


@pytest.mark.parametrize("value", [datetime.date(2026, 1, 1), {1, 2}, b"x", object(), float("nan"), range(3)])
def test_a_value_that_is_no_json_fits_only_where_nothing_is_asked(value: Any) -> None:
    assert check_parameters({"a": {"description": "anything"}}, {"a": value}) == ()
    (problem,) = check_parameters({"a": {"type": "integer"}}, {"a": value})
    assert problem.kind == "type"


def test_values_may_be_any_mapping_and_sequence() -> None:
    schema = {"o": {"type": "object", "properties": {"l": {"type": "array"}}}}
    assert check_parameters(schema, MappingProxyType({"o": MappingProxyType({"l": (1, 2), 3: 4})})) == ()


def test_values_that_hold_themselves_end_in_a_problem() -> None:
    values: dict[str, Any] = {}
    values["a"] = values
    assert [problem.kind for problem in check_parameters({"a": {}}, values)] == ["limit"]


def test_values_that_are_no_map_are_a_problem() -> None:
    assert messages({}, [1]) == ["parameters must be a map of names to values, not a list"]
    with pytest.raises(ParametersError):
        ready_parameters({}, [1])  # type: ignore[arg-type]


def test_a_parameter_that_a_schema_does_not_speak_of_is_told_with_the_nearest_one() -> None:
    flat, json_schema = {"items": {}, "url": None}, {"type": "object", "properties": {"items": {}}}
    for schema in (flat, json_schema):
        (problem,) = unknown_parameters(schema, ["items", "itms"], "mine")
        assert str(problem) == "mine declares no parameter 'itms' (did you mean 'items'?)"
    (problem,) = unknown_parameters(flat, ["url", "zzz"], "mine")
    assert str(problem) == "mine declares no parameter 'zzz' (it declares items, url)"


@pytest.mark.parametrize("more", [{"additionalProperties": True}, {"patternProperties": {"^x": {}}}])
def test_nothing_is_unknown_where_a_schema_says_what_else_may_come_or_declares_nothing(more: Any) -> None:
    for schema in (None, {}, [], {"type": "object", "properties": {"items": {}}, **more}):
        assert unknown_parameters(schema, ["itms"], "mine") == ()


def test_no_schema_accepts_everything() -> None:
    assert check_parameters(None, {"x": object()}) == ()
    assert ready_parameters(None, {"x": 1}) == {"x": 1}


def test_a_default_is_not_shared_between_runs() -> None:
    schema: dict[str, Any] = {"l": {"default": []}}
    ready_parameters(schema, {})["l"].append(1)
    assert ready_parameters(schema, {}) == {"l": []}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
words = st.sampled_from(
    ["type", "enum", "default", "required", "properties", "items", "minimum", "secret", "$ref"]
)


def entry_at(schema: Any, path: tuple[str, ...]) -> Any:
    return reduce(lambda entry, name: entry["properties"][name], path, {"properties": schema})


@given(st.dictionaries(st.sampled_from("ab"), st.dictionaries(words, json_values)), json_values)
def test_any_schema_and_any_values_give_problems_or_none(schema: Any, value: Any) -> None:
    values = {"a": value}
    assert all("\n" not in str(problem) for problem in check_parameters(schema, values))
    assert all(entry_at(schema, path)["secret"] is True for path in secret_paths(schema))
    assert fill_defaults(schema, values).keys() >= values.keys()
