"""What the original accepts and refuses, and the normal form of what it accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attune_sim.errors import WorkflowError
from attune_sim.loader import load

RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "conformance" / "parse.jsonl").read_text("utf-8").splitlines()
]

ACCEPTED_HERE = {
    "form.join_all": "docs/language.md#joins",
    "form.timeout_tpl": "docs/language.md#timeouts: it may be a template",
    "form.seed_form": "docs/language.md#seed-form",
}
"""Records that the original refuses and this engine accepts, with the rule that says so."""

REFUSED_UNLESS_LENIENT = {
    "form.unknown_task": "docs/language.md#unknown-keys",
    "form.on-success": "docs/language.md#unknown-keys",
    "form.output_schema_key": "docs/language.md#unknown-keys",
    "form.retry_in_retry": "docs/language.md#unknown-keys",
    "form.self_ref": "docs/language.md#entry-points",
    "form.when_bool": "docs/language.md#entry-points",
    "parser.rs.test_cycles_now_allowed_legacy": "docs/language.md#entry-points",
}
"""Records that the original's folder loader accepts and this engine refuses unless it is lenient."""


def accepted(record: dict[str, Any], *, lenient: bool) -> bool:
    try:
        load(record["yaml"] + "\n", lenient=lenient)
    except WorkflowError:
        return False
    return True


def contains(actual: Any, expected: Any) -> bool:
    """Equal, apart from keys of maps that `expected` does not speak of; 1, 1.0 and true are different."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            key in actual and contains(actual[key], value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(contains(left, right) for left, right in zip(actual, expected, strict=True))
        )
    return type(actual) is type(expected) and actual == expected


def counts_here(record: dict[str, Any]) -> bool:
    """The folder loader's complaints about schemas without `type` and about an empty ref are not copied."""
    strict = record.get("strict", {})
    return strict.get("error_kind") != "schema" and "ref cannot be empty" not in strict.get("message", "")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_lenient_reading_accepts_what_the_original_parser_accepts(record: dict[str, Any]) -> None:
    expected = record["valid"] or record["id"] in ACCEPTED_HERE
    assert accepted(record, lenient=True) == expected


@pytest.mark.parametrize("record", [*filter(counts_here, RECORDS)], ids=lambda record: record["id"])
def test_strict_reading_accepts_what_the_folder_loader_accepts(record: dict[str, Any]) -> None:
    expected = record.get("strict", {}).get("valid", record["valid"])
    if record["id"] in ACCEPTED_HERE:
        expected = True
    if record["id"] in REFUSED_UNLESS_LENIENT:
        expected = False
    assert accepted(record, lenient=False) == expected


@pytest.mark.parametrize("record", [r for r in RECORDS if "expect" in r], ids=lambda record: record["id"])
def test_the_normal_form_is_that_of_the_original(record: dict[str, Any]) -> None:
    form = load(record["yaml"] + "\n", lenient=True).as_dict()
    for key, expected in record["expect"].items():
        assert contains(form[key], expected), key


def test_every_listed_override_is_a_record_and_is_needed() -> None:
    by_id = {record["id"]: record for record in RECORDS}
    assert not any(by_id[name]["valid"] for name in ACCEPTED_HERE)
    assert all(by_id[name]["strict"]["valid"] for name in REFUSED_UNLESS_LENIENT)
