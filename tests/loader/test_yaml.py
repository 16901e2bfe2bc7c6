"""YAML as the language reads it: the core schema of YAML 1.2, one document, text keys."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from attune_sim.errors import WorkflowError
from attune_sim.loader import load


def value_of(yaml: str) -> Any:
    return load(f"version: '1'\nvars:\n  x: {yaml}\ntasks: [{{name: a, action: c.e}}]\n").vars["x"]


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("017", "017"),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("+5", 5),
        ("-0", 0),
        ("1.", 1.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("0b11", "0b11"),
        ("~", None),
        ("NULL", None),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("=", "="),
        ("'5'", "5"),
        ("! 5", "5"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!float 5", 5.0),
        ("-.inf", -math.inf),
        ("{1: a, true: b, ~: c, 1.50: d}", {"1": "a", "true": "b", "~": "c", "1.50": "d"}),
        ("{<<: {a: 1}, b: 2}", {"<<": {"a": 1}, "b": 2}),
        ("{a: 1, a: 2}", {"a": 2}),
        ("&a [1, &b {c: 2}]", [1, {"c": 2}]),
        ("[&a [1], *a, *a]", [[1], [1], [1]]),
    ],
)
def test_scalars_and_maps_are_read_as_yaml_1_2_has_them(yaml: str, expected: Any) -> None:
    found = value_of(yaml)
    assert found == expected
    assert type(found) is type(expected)


def test_a_value_named_twice_by_aliases_is_two_values() -> None:
    first, second = value_of("[&a [1], *a]")
    assert first is not second


@pytest.mark.parametrize(
    "yaml", ["!!python/object:os.system x", "!custom 1", "!!binary aGk=", "!!int abc", "!!set {a}"]
)
def test_other_tags_are_refused(yaml: str) -> None:
    with pytest.raises(WorkflowError, match="the tag"):
        value_of(yaml)


@pytest.mark.parametrize("version", ["1.0", "1", "1.10", "0o17", "true"])
def test_a_text_field_keeps_the_spelling_of_a_number(version: str) -> None:
    assert load(f"version: {version}\ntasks: [{{name: a, action: c.e}}]\n").version == version


def test_positions_count_characters_and_survive_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_bytes(
        b"\xef\xbb\xbf" + "version: '1'\r\ntasks: [{name: é, bogus: 1, action: c.e}]\r\n".encode()
    )
    with pytest.raises(WorkflowError) as raised:
        load(path)
    assert [(problem.line, problem.column) for problem in raised.value.problems] == [(2, 19)]


def test_a_second_document_is_an_error() -> None:
    with pytest.raises(WorkflowError, match=":2:1: a second YAML document"):
        load("version: '1'\n---\ntasks: []\n")


def test_tabs_are_explained() -> None:
    with pytest.raises(WorkflowError, match="spaces, not tabs"):
        load("version: '1'\ntasks:\n\t- name: a\n")


def test_places_of_fields_are_kept_for_later_messages() -> None:
    text = (
        "version: '1'\n"
        "tasks:\n"
        "  - name: a\n"
        "    action: c.e\n"
        "    input:\n"
        "      list:\n"
        "        - plain\n"
        "        - '{{ parameters.x }}'\n"
        "    next:\n"
        "      - when: '{{ succeeded() }}'\n"
    )
    lines = load(text).tasks[0].lines
    assert lines["input.list[1]"] == (8, 11)
    assert lines["next[0].when"] == (10, 15)
    assert lines["action"] == (4, 13)
    assert "input.list[0]" not in lines


def test_a_workflow_knows_its_source_and_the_digest_of_its_text(tmp_path: Path) -> None:
    text = "version: '1'\ntasks: [{name: a, action: c.e}]\n"
    path = tmp_path / "check.workflow.yaml"
    path.write_text(text, "utf-8")
    loaded = load(path)
    assert loaded.source == str(path)
    assert loaded.name == "check"
    assert loaded.digest == load(text).digest != load(text + "# more\n").digest
    assert len(loaded.digest) == 16
    assert load(str(path)) == loaded
