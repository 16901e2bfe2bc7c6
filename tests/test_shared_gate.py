"""The project's own gate: what `shared`, `hamt` and `projected` cost over the context of the scenario `baseline`.

How fast a fork is stands in `benchmarks/`; here it is what it makes and how much is done for it, which no machine changes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import attune_sim as at
from attune_sim.collector import collector_at_rest
from attune_sim.files import require_place

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the live heap is read from glibc")
@pytest.mark.context_threshold(group="forks")
def test_the_project_keeps_its_own_thresholds() -> None:
    """They are those of `pyproject.toml`; a broken one makes this fail, with its line."""


def test_a_shared_fork_takes_as_much_work_over_a_large_context_as_over_a_small_one() -> None:
    small, large = (calls_of_a_fork("shared", rows) for rows in (1, 10_000))

    assert small == large <= 2
    assert (
        calls_of_a_fork("deepcopy", 1_000) > 1_000
    )  # what a count of calls shows where everything is copied


def calls_of_a_fork(strategy: str, rows: int) -> int:
    """How many functions one fork calls, those written in C included, over a result of so many rows."""
    plug = at.strategies[strategy]()
    namespaces = {name: {"a": 1} for name in ("parameters", "workflow", "config", "keystore", "system")}
    context = plug.begin({**namespaces, "task": {"fetch": [{"id": row} for row in range(rows)]}})
    forker = plug.fan_out(context, None)
    calls: list[Any] = []
    with collector_at_rest():  # what is finalised by a collection, if one came now, would be counted too
        sys.setprofile(lambda frame, event, argument: calls.append(event) if "call" in event else None)
        try:
            forker.fork("item", 7)
        finally:
            sys.setprofile(None)
    return len(calls) - 1  # without the one that ends the counting


def test_the_page_and_the_file_of_the_history_may_be_written_again() -> None:
    """As `make history` does; what somebody else wrote is never replaced."""
    for name in ("docs/history.md", "data/history.jsonl"):
        require_place(ROOT / name)
