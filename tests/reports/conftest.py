"""Summaries of every kind, from figures that are always the same: for the forms, and for what a browser makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import pytest

import attune_sim as at
from attune_sim.analysis.claims import READING_COLUMNS, claims_of
from attune_sim.api.claims.claiming import claim_data
from attune_sim.api.claims.claims import Claims
from attune_sim.contexts.registry import strategies
from attune_sim.frame import (
    attempts_frame,
    cells_frame,
    failures_frame,
    graph_frame,
    metrics_frame,
    promises_frame,
    samples_frame,
    tasks_frame,
)
from attune_sim.record import CellRecord, Reading, Sample
from attune_sim.reports import Summary, comparison_summary, run_summary, sweep_summary
from attune_sim.simulation.prices import Line, Prices, StrategyPrices, TaskPrice

Cells = Callable[..., CellRecord]


@pytest.fixture(scope="session")
def promised() -> pd.DataFrame:
    """What all strategies promise."""
    return promises_frame(
        {"strategy": name, "isolates": one.guarantees.isolates, **one.guarantees.as_dict()}
        for name, one in ((name, strategies[name]) for name in strategies)
    )


@pytest.fixture(scope="session")
def summaries(
    comparison_records: list[CellRecord], record_of: Cells, promised: pd.DataFrame
) -> Mapping[str, Summary]:
    """Name -> summary: a comparison in which one strategy died, a sweep with cells that were left out, a run with failures, claims,
    a simulation in which one strategy dies."""
    compared = [make(comparison_records) for make in (cells_frame, metrics_frame, samples_frame)]
    swept = [make(sweep_records(record_of)) for make in (cells_frame, metrics_frame, samples_frame)]
    return {
        "comparison": comparison_summary(*compared, {"baseline"}, promised),
        "sweep": sweep_summary(
            *swept, {"baseline"}, promised, ["target: 1,000 items over 500 KB of context"]
        ),
        "run": failed_run(),
        "claims": claims(),
        "simulation": simulation(),
    }


def claims() -> Summary:
    rows = [
        ("before_8", "text", 0, "fork_bytes", 4456.0, False),
        ("before_8", "records", 0, "fork_bytes", 2_265_600.0, False),
        ("after_1000", "any", 0, "fork_object_bytes", 56.0, False),
    ]
    frame = pd.DataFrame(rows, columns=list(READING_COLUMNS))
    return Claims(claims_of(claim_data()), frame, [], ["stopped: 1 of 2 cells were measured"]).findings()


def simulation() -> Summary:
    """Of workers, with a memory in which one strategy dies."""
    forks = {"deepcopy": 2e6, "json": 1.1e6, "frozen": 600.0, "hamt": 400.0, "merge": 280.0, "shared": 96.0}
    tasks = {
        name: {"check_health": TaskPrice(fork=Line(each), record=Line(8.0))} for name, each in forks.items()
    }
    prices = {name: StrategyPrices(begin=2e6, tasks=known) for name, known in tasks.items()}
    return at.simulate(
        "health_check", items=300, every="1min", duration="10min", workers=2, memory="512MiB", seeds=2,
        dispatch="eager", prices=Prices(prices, "made up"), progress=False,
    ).findings()  # fmt: skip


def sweep_records(record_of: Cells) -> list[CellRecord]:
    """Four strategies over nine sizes, just as their laws say; what would not fit was left out."""
    laws = {"deepcopy": 2.0, "json": 4.1, "hamt": 0.0, "shared": 0.0}
    each = {"hamt": 400.0, "shared": 150.0}
    return [
        _swept(record_of, name, n, c, laws[name] * n * c + each.get(name, 40.0) * n)
        for c in (20_000, 100_000, 500_000)
        for n in (10, 100, 1_000)
        for name in laws
    ]


def _swept(record_of: Cells, name: str, n: int, c: int, live: float) -> CellRecord:
    copied = name in ("deepcopy", "json")
    fork_us = 0.01 * c + 20 if copied else {"hamt": 0.25, "shared": 0.12}[name]
    known = {
        "live_heap_bytes": live, "base_space_bytes": 8e7, "fork_bytes": live / n, "fork_us": fork_us,
        "wall_s": 1e-3 + n * (fork_us + 4) / 1e6,
    }  # fmt: skip
    fits = live < 2**29
    readings = (
        [Reading(metric, value) for metric, value in known.items()]
        if fits
        else [Reading("live_heap_bytes", live, source="estimated")]
    )
    return record_of(
        strategy=name, items=n, context_bytes=c, memory_limit_bytes=2**29, readings=tuple(readings),
        samples=_samples(n, live) if fits else (), fan_out_context_bytes=c if fits else None,
        outcome="ok" if fits else "skipped", items_done=n if fits else 0,
        error=None if fits else "not run: smaller cells foretell more memory than a cell may take",
    )  # fmt: skip


def _samples(items: int, live: float) -> tuple[Sample, ...]:
    return tuple(
        Sample(n, n * 1e-5, "live_heap_bytes", 9_000.0 + live * n / items)
        for n in range(1, items + 1, max(1, items // 12))
    )


def failed_run() -> Summary:
    """A run with a fan-out of forty items, of which some failed and one was tried twice; every time is given."""
    tasks = tasks_frame(
        {
            "task": ["fetch", "check", "report"], "visit": [0, 0, 0], "status": ["succeeded", "failed", "succeeded"],
            "items": [None, 40, None], "started_s": [0.0, 0.4, 2.1], "ended_s": [0.4, 2.1, 2.3],
            "error": [None, "3 of 40 items failed", None],
        }
    )  # fmt: skip
    starts = [0.4 + 0.04 * n for n in range(40)]
    items = pd.DataFrame(
        {
            "task": "check", "visit": 0, "index": range(40),
            "outcome": ["failed" if n in (7, 19) else "timed_out" if n == 31 else "succeeded" for n in range(40)],
            "attempts": [2 if n == 12 else 1 for n in range(40)], "started_s": starts, "ended_s": [start + 0.09 for start in starts],
            "fork_us": 1.2, "render_us": 4.0, "action_us": 88_000.0,
            "error": [{7: "KeyError: 'missing'", 19: "KeyError: 'missing'", 31: "no answer within 0.5 s"}.get(n) for n in range(40)],
            "file": None, "line": None,
        }
    )  # fmt: skip
    items = items.assign(duration_s=items["ended_s"] - items["started_s"])
    attempts = attempts_frame(
        {
            "task": ["check", "check"], "visit": [0, 0], "index": [12, 12], "attempt": [0, 1], "outcome": ["failed", "succeeded"],
            "started_s": [starts[12], starts[12] + 0.06], "ended_s": [starts[12] + 0.02, starts[12] + 0.09],
        }
    )  # fmt: skip
    failures = failures_frame(
        [
            {"task": "check", "outcome": "failed", "reason": "KeyError: 'missing'", "count": 2, "where": "actions.py:2 in inner", "indexes": [7, 19]},
            {"task": "check", "outcome": "timed_out", "reason": "no answer within 0.5 s", "count": 1, "where": None, "indexes": [31]},
        ]
    )  # fmt: skip
    rows = [
        ("fetch", "check", "succeeded"),
        ("check", "report", "always"),
        ("fetch", "report", "failed"),
        ("report", None, ""),
    ]
    graph = graph_frame(
        {
            "task": task,
            "to": to,
            "kind": kind,
            "when": "",
            "with_items": task == "check",
            "join": task == "report",
        }
        for task, to, kind in rows
    )
    return run_summary(
        "mine.fleet", "failed", "Workflow failed: check", tasks, items, ("item 12 was tried twice",), {"python": "3.11.7", "seed": 0},
        failures, attempts=attempts, graph=graph, wall_s=2.3, values={"Output": {"checked": 37}, "Parameters": {"region": "eu"}},
    )  # fmt: skip
