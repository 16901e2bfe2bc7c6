"""The JSON Schema of workflow files: current, and never stricter than the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from yaml.events import ScalarEvent

from attune_sim.errors import WorkflowError
from attune_sim.loader import load
from attune_sim.loader.fields import Fields, fields_of
from attune_sim.loader.scalars import resolve
from attune_sim.loader.schema import workflow_schema
from attune_sim.loader.source import read_source
from attune_sim.loader.tree import compose
from attune_sim.scenarios.data import data_path

ROOT = Path(__file__).resolve().parents[2]
RECORDS = [
    json.loads(line)
    for line in (ROOT / "tests" / "conformance" / "parse.jsonl").read_text("utf-8").splitlines()
]
SCHEMA = jsonschema_rs.validator_for(workflow_schema())


def plain(text: str) -> Any:
    """A text as an editor sees it: plain data with every key in its place."""
    return read_node(compose(read_source(text)))


def read_node(node: Any) -> Any:
    if isinstance(node, ScalarEvent):
        return resolve(node.value) if node.implicit[0] and node.tag is None else node.value
    if node.is_map:
        return {str(key.value): read_node(value) for key, value in node.pairs()}
    return [read_node(entry) for entry in node.nodes]


def loads(text: str) -> bool:
    try:
        load(text)
    except WorkflowError:
        return False
    return True


def test_the_schema_in_the_folder_of_data_is_that_of_the_fields() -> None:
    written = json.loads(data_path("workflow.schema.json").read_text("utf-8"))

    assert written == workflow_schema(), (
        "write it anew: attune-sim validate --schema > data/workflow.schema.json"
    )


def test_the_schema_travels_in_the_wheel() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")

    assert '"data/workflow.schema.json" = "attune_sim/_data/workflow.schema.json"' in project


def test_every_field_has_a_meaning_and_a_place_in_the_schema() -> None:
    definitions = workflow_schema()["definitions"]

    assert set(definitions) == {structure.__name__ for structure in Fields.__subclasses__()}
    for structure in Fields.__subclasses__():
        known = definitions[structure.__name__]["properties"]
        assert {name for name in fields_of(structure) if not known[name].get("description")} == set()
        assert set(known) == {*fields_of(structure), *structure.ignored}


@pytest.mark.parametrize(
    "record", [record for record in RECORDS if loads(record["yaml"] + "\n")], ids=lambda record: record["id"]
)
def test_what_the_loader_accepts_the_schema_accepts(record: dict[str, Any]) -> None:
    assert [error.message for error in SCHEMA.iter_errors(plain(record["yaml"] + "\n"))] == []


@pytest.mark.parametrize("path", sorted(data_path("workflows").rglob("*.yaml")), ids=lambda path: path.name)
def test_the_schema_accepts_the_workflows_that_come_along(path: Path) -> None:
    assert SCHEMA.is_valid(plain(path.read_text("utf-8")))


HEAD = "version: 1.0.0\ntasks:\n  - name: a\n    action: core.noop\n"


@pytest.mark.parametrize(
    "lines",
    [
        "concurency: 3",
        "next: {do: a}",
        "next: [{do: a}]",
        "retry: {count: 0, delay: 1}",
        "retry: {count: 1}",
        "join: some",
        "timeout: soon",
        "type: Action",
        "with_items: [1]",
        "wait_for: {inquiry: x}",
    ],
)
def test_what_an_editor_can_see_is_refused_by_both(lines: str) -> None:
    text = f"{HEAD}    {lines}\n"

    assert not loads(text)
    assert not SCHEMA.is_valid(plain(text))


def test_a_file_without_tasks_or_with_an_unknown_key_is_refused_by_both() -> None:
    for text in ("version: 1.0.0\n", "version: 1.0.0\ntasks: []\n", f"{HEAD}bogus: 1\n", f"{HEAD}tags: x\n"):
        assert not loads(text)
        assert not SCHEMA.is_valid(plain(text))
