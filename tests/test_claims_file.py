"""`data/claims.yaml`: every claim has everything, and what it names exists."""

from __future__ import annotations

import json
from math import log
from typing import Any

import jsonschema_rs
import pytest

from attune_sim.analysis.claims import ANY, Figure, claims_of
from attune_sim.api.claims.claiming import claim_data
from attune_sim.contexts.registry import strategies
from attune_sim.metrics import METRICS
from attune_sim.scenarios.registry import scenarios

DATA = claim_data()
CLAIMS = claims_of(DATA)
TOLD = {"context_bytes", "forks", "died", "lived", "paid_fork_us_p50"}
"""What is told of a cell beside its metrics."""
QUALITIES = {
    "context": {"context_heap_bytes", "held_share", "freed_share"},
    "strategies": {"thread_laws", "threaded_answers", "equal_answers"},
}
UNITS = ["B", "KB", "MB", "GB", "us", "ms", "s", "times", "count", "share"]

FIGURES = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["cell", "metric"],
        "additionalProperties": False,
        "properties": {
            "cell": {"type": "string"},
            "metric": {"type": "string"},
            "times": {"type": "number", "exclusiveMinimum": 0},
        },
    },
}
LINE = {
    "type": "object",
    "required": ["reading", "claimed", "argues", "tolerance", "of"],
    "additionalProperties": False,
    "properties": {
        "side": {"enum": ["before", "after"]},
        "reading": {"type": "string", "minLength": 3},
        "claimed": {
            "type": "object",
            "required": ["value", "unit"],
            "additionalProperties": False,
            "properties": {
                "value": {"type": "number", "exclusiveMinimum": 0},
                "upto": {"type": ["number", "null"]},
                "unit": {"enum": UNITS},
            },
        },
        "argues": {"enum": ["more", "less", "same"]},
        "tolerance": {"type": "number", "exclusiveMinimum": 1, "maximum": 10},
        "of": FIGURES,
        "over": FIGURES,
    },
}
CLAIM = {
    "type": "object",
    "required": ["id", "words", "source", "lines"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "words": {"type": "string", "pattern": r"^[A-Z0-9].*\.$"},
        "source": {"enum": list(DATA["sources"])},
        "note": {"type": "string", "pattern": r"\.$"},
        "shapes": {"const": [ANY]},
        "lines": {"type": "array", "minItems": 1, "items": LINE},
    },
}

CLAIMED = {
    "context_size": ["1.06 MB"],
    "clone_memory": ["1.06 MB", "40 B"],
    "clone_time": ["100 us", "1 us"],
    "fan_out_memory": ["1.06 GB", "40 KB"],
    "fan_out_time": ["100 ms", "1 ms"],
    "less_memory": ["26500 times"],
    "faster_clones": ["100 times"],
    "clone_law": ["100 times", "1 times"],
    "total_law": ["8 times", "800 times", "1 times"],
    "scenario_1": ["1 GB", "40 KB"],
    "scenario_2": ["10 GB", "400 KB"],
    "scenario_3": ["5 GB", "200 KB"],
    "flat_memory": ["8 times", "1 times"],
    "health_checks": ["25000 count"],
    "larger_data": ["100 times"],
    "memory_range": ["1000 times"],
    "overall": ["10 times"],
    "exponential": ["128 times"],
    "out_of_memory": ["3 count", "1 count"],
    "freed": ["1 share"],
    "readers": ["1 share"],
    "unchanged": ["1 share"],
}


def figures() -> list[Figure]:
    return [one for claim in CLAIMS for line in claim.lines for one in (*line.of, *line.over)]


@pytest.mark.parametrize("claim", DATA["claims"], ids=lambda claim: claim["id"])
def test_every_claim_has_everything(claim: dict[str, Any]) -> None:
    errors = list(jsonschema_rs.validator_for(CLAIM).iter_errors(json.loads(json.dumps(claim))))

    assert [f"{error.instance_path}: {error.message}" for error in errors] == []


def test_no_claim_of_the_design_is_forgotten_and_each_says_what_was_claimed() -> None:
    told = {
        claim["id"]: list(
            dict.fromkeys(f"{line['claimed']['value']} {line['claimed']['unit']}" for line in claim["lines"])
        )
        for claim in DATA["claims"]
    }

    assert told == CLAIMED


def test_every_cell_is_used_and_every_figure_is_of_one_that_exists() -> None:
    used = {one.cell for one in figures()} - QUALITIES.keys()

    assert used == set(DATA["cells"])


def test_every_metric_of_a_figure_exists() -> None:
    unknown = [
        one for one in figures() if one.metric not in (QUALITIES.get(one.cell) or METRICS.keys() | TOLD)
    ]

    assert unknown == []


def test_every_cell_can_be_made() -> None:
    for known in DATA["cells"].values():
        assert known["workload"] in scenarios
        assert DATA["sides"][known["side"]] in strategies


def test_figures_of_a_side_are_of_its_cells() -> None:
    for claim in CLAIMS:
        for line in claim.lines:
            sides = {one.cell.split("_")[0] for one in (*line.of, *line.over)} - QUALITIES.keys()
            assert sides <= ({line.side} if line.side else {"before", "after"})


def test_where_bytes_copied_and_bytes_alive_differ_both_are_read() -> None:
    """A window of 10 keeps 10 copies alive, not 1,000."""
    for name in ("fan_out_memory", "less_memory", "memory_range", "scenario_1", "scenario_2", "scenario_3"):
        (claim,) = (claim for claim in CLAIMS if claim.id == name)
        readings = " ".join(line.reading for line in claim.lines)
        assert "alive at once" in readings
        assert "in total" in readings or "one fork" in readings


def test_no_band_is_so_wide_that_before_and_after_both_confirm_it() -> None:
    for claim in CLAIMS:
        for line in claim.lines:
            low, _ = line.band
            assert log(line.claimed / low) <= log(10) + 1e-9


def test_published_figures_are_those_of_the_original() -> None:
    groups = DATA["original"]["groups"]
    after = {(one["group"], one["size"]): one.get("after_us") for one in groups}

    assert [after["with_items", size] for size in (10, 100, 1000, 10_000)] == [1.6, 21, 211, 2110]
    assert after["clone", 100] == 0.1
    assert [one["size"] for one in groups if one["group"] == "clone"] == [0, 10, 50, 100, 500]
    assert [one["size"] for one in groups if one["group"] == "variables"] == [10, 50, 100]
