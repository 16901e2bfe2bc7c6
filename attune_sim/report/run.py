"""The summary of one run."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from attune_sim.metrics import format_s, format_us
from attune_sim.report.summary import Summary, Table, surroundings_lines

SHOWN_FAILURES: Final = 50


def run_summary(
    name: str,
    status: str,
    error: str | None,
    tasks: pd.DataFrame,
    items: pd.DataFrame,
    warnings: tuple[str, ...] = (),
    surroundings: Mapping[str, Any] | None = None,
) -> Summary:
    """From the frames of a run: how its tasks ended, how its items ended, and which of them failed."""
    done, idle = (int(items["outcome"].eq(outcome).sum()) for outcome in ("succeeded", ""))
    counted = f"; {done:,} of {len(items):,} items succeeded" if len(items) else ""
    counted += f", {idle:,} never began" if idle else ""
    remarks = (("Why it ended so", (error,) if error else ()), ("Warnings", warnings))
    return Summary(
        title=f"{name}: one run",
        lead=f"The run {'was ' if status == 'cancelled' else ''}{status}{counted}.",
        tables=(*_tasks(tasks), *_outcomes(items), *_failures(items)),
        remarks=tuple(remark for remark in remarks if remark[1]),
        surroundings=surroundings_lines({"surroundings": surroundings or {}}),
    )


def _tasks(tasks: pd.DataFrame) -> Iterator[Table]:
    if tasks.empty:
        return
    rows = tasks.to_dict("records")
    yield Table(
        caption="Tasks, in the order in which they began",
        headers=("task", "status", "items", "time", "error"),
        rows=tuple(
            (
                f"{row['task']}" + (f" (visit {row['visit'] + 1})" if row["visit"] else ""),
                _ended(row["status"]),
                "–" if pd.isna(row["items"]) else f"{row['items']:,}",
                "–" if pd.isna(row["duration_s"]) else format_s(row["duration_s"]),
                _reason(row),
            )
            for row in rows
        ),
        failed=frozenset(n for n, row in enumerate(rows) if row["status"] not in ("succeeded", "skipped")),
        texts=frozenset({0, 1, 4}),
    )


def _outcomes(items: pd.DataFrame) -> Iterator[Table]:
    if items.empty:
        return
    rows = []
    for (task, outcome), part in items.groupby(["task", "outcome"], sort=False):
        times = [part[name].median() for name in ("fork_us", "render_us", "action_us")]
        shown = ("–" if pd.isna(time) or not outcome else format_us(time) for time in times)
        rows.append((str(task), _ended(str(outcome)), f"{len(part):,}", *shown))
    yield Table(
        caption="Items of fan-outs by outcome (median times an item, retries included)",
        headers=("task", "outcome", "items", "fork", "render", "action"),
        rows=tuple(rows),
        failed=frozenset(n for n, row in enumerate(rows) if row[1] != "succeeded"),
        texts=frozenset({0, 1}),
    )


def _failures(items: pd.DataFrame) -> Iterator[Table]:
    failed = items[~items["outcome"].isin(["succeeded", "skipped", ""])]  # what never began cannot fail
    if failed.empty:
        return
    shown = failed.head(SHOWN_FAILURES).to_dict("records")
    yield Table(
        caption=f"Items that did not succeed (the first {len(shown)} of {len(failed):,})",
        headers=("task", "index", "outcome", "attempts", "reason"),
        rows=tuple(
            (row["task"], str(row["index"]), _ended(row["outcome"]), str(row["attempts"]), _reason(row))
            for row in shown
        ),
        failed=frozenset(range(len(shown))),
        texts=frozenset({0, 2, 4}),
    )


def _ended(outcome: str) -> str:
    return outcome or "never began"


def _reason(row: Mapping[Hashable, Any]) -> str:
    return row["error"] if isinstance(row["error"], str) else ""
