"""The summary of a plan."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from attune_sim.errors import counted
from attune_sim.reports.summary import Picture, Section, Summary, Table, surroundings_lines

Row = Mapping[Hashable, Any]
Tell = Callable[[str, float], str]
"""Figure, value -> the value as a person reads it."""

SHOWN: Final = 20
"""Rows of a frontier, before the rest is counted."""


def plan_summary(
    name: str,
    lead: str,
    bound: str,
    strategies: pd.DataFrame,
    binds: pd.DataFrame,
    frontier: pd.DataFrame,
    *,
    tell: Tell,
    pictures: Sequence[Picture],
    warnings: Sequence[str] = (),
    assumed: Sequence[str] = (),
    surroundings: Mapping[str, Any],
) -> Summary:
    """From the frames of a plan: its goals, the best setting of each strategy, the frontier. `bound` says what binds with more items, `pictures`
    what is to be seen."""
    more = f" With more items, {bound} (estimated)." if bound else ""
    left = len(frontier) - SHOWN
    caption = f"The frontier: the first {SHOWN} of {len(frontier):,} settings" if left > 0 else "The frontier"
    return Summary.plain(
        title=f"{name}: planned",
        lead=f"{lead}{more}",
        tables=(
            _goals(binds, tell),
            _settings("The best of each strategy (estimated)", strategies, tell),
            _settings(
                f"{caption} in cost, p99 of a cycle and memory (estimated)", frontier.head(SHOWN), tell
            ),
        ),
        remarks=[("To be taken with care", tuple(warnings)), ("Assumed", tuple(assumed))],
        surroundings=surroundings_lines({"surroundings": surroundings}),
        about="What was planned",
        opening=(Section("The frontier of settings", tuple(pictures)),),
        kind="Plans",
    )


def _goals(binds: pd.DataFrame, tell: Tell) -> Table:
    rows = binds.to_dict("records")
    return Table(
        caption="Goals (estimated)",
        headers=("goal", "value", "left of it", "holds up to"),
        rows=tuple(
            (str(row["goal"]), tell(row["figure"], row["value"]), _left(row["slack"]), _up_to(row))
            for row in rows
        ),
        failed=frozenset(place for place, row in enumerate(rows) if not row["holds"]),
    )


def _left(slack: float) -> str:
    return "none" if slack < 0 else f"{100 * slack:.3g} %"


def _up_to(row: Row) -> str:
    return "–" if pd.isna(row["up_to_items"]) else counted(int(row["up_to_items"]), "item")


def _settings(caption: str, frame: pd.DataFrame, tell: Tell) -> Table:
    """A row a setting; what is not chosen in any has no column."""
    columns: dict[str, Callable[[Row], str]] = {
        "strategy": lambda row: str(row["strategy"]),
        "at a time": lambda row: f"{row['concurrency']:,}",
    }
    for name, header in (("workers", "workers"), ("slots", "slots"), ("batch_size", "batch")):
        if frame[name].notna().any():
            columns[header] = lambda row, name=name: f"{row[name]:,}"  # type: ignore[misc]
    columns |= {
        "cost": lambda row: tell("cost", row["cost"]),
        "p99 of a cycle": lambda row: tell("cycle_p99", row["cycle_p99_s"]),
        "memory": lambda row: tell("memory", row["memory_bytes"]),
        "misses": lambda row: row["misses"] or ("the pick" if row["pick"] else "–"),
    }
    records = frame.to_dict("records")
    return Table(
        caption=caption,
        headers=tuple(columns),
        rows=tuple(tuple(tell_one(row) for tell_one in columns.values()) for row in records),
        failed=frozenset(place for place, row in enumerate(records) if row["misses"]),
        texts=frozenset({0, len(columns) - 1}),
    )
