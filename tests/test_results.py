"""Views of results, and the result of a run."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from attune_sim.results import result_view, run_result

RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parent / "conformance" / "misc.jsonl").read_text("utf-8").splitlines()
]


def records(kind: str) -> list[Any]:
    return [pytest.param(record, id=record["id"]) for record in RECORDS if record["kind"] == kind]


@pytest.mark.parametrize("record", records("result_view"))
def test_the_view_of_a_result_is_that_of_the_original(record: dict[str, Any]) -> None:
    before = json.dumps(record["result"])
    assert result_view(record["result"]) == record["expect"]
    assert json.dumps(record["result"]) == before


@pytest.mark.parametrize("record", records("workflow_result"))
def test_the_result_of_a_run_is_that_of_the_original(record: dict[str, Any]) -> None:
    status = "succeeded" if record["success"] else "failed"
    assert run_result(status, record["output"], record["error"]) == record["expect"]


@pytest.mark.parametrize(
    "stdout", ["{", "[1]", '{"a": NaN}', "{" * 100_000, '{"a": ' + "9" * 5000 + "}", "", None, 5]
)
def test_other_output_than_a_json_object_adds_nothing(stdout: Any) -> None:
    result = {"stdout": stdout}
    assert result_view(result) is result


def test_own_keys_win_and_any_mapping_counts() -> None:
    result = MappingProxyType({"a": 1, "data": MappingProxyType({"a": 2, "b": 3})})
    assert result_view(result) == {"a": 1, "b": 3, "data": {"a": 2, "b": 3}}


def test_a_cancelled_run_says_so() -> None:
    assert run_result("cancelled") == {"error": "Workflow cancelled", "succeeded": False}
