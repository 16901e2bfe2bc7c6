"""Names of actions and variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attune_sim.loader.meaning import is_action_ref, is_variable_name

RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "conformance" / "misc.jsonl").read_text("utf-8").splitlines()
]
CHECKS = {"action_ref": is_action_ref, "variable_name": is_variable_name}


@pytest.mark.parametrize(
    "record", [r for r in RECORDS if r["kind"] in CHECKS], ids=lambda record: record["id"]
)
def test_names_are_judged_as_the_original_does(record: dict[str, Any]) -> None:
    assert CHECKS[record["kind"]](record["value"]) == record["valid"]
