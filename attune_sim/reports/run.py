"""The summary of one run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from attune_sim.errors import counted as counted_words
from attune_sim.metrics import format_s, format_us
from attune_sim.plot import plot_timeline, plot_workflow
from attune_sim.reports.summary import (
    SURROUNDINGS,
    Code,
    Facts,
    Number,
    Picture,
    Section,
    Summary,
    Table,
    remarked,
    surroundings_lines,
)

SHOWN_FAILURES: Final = 20
SHOWN_CHARACTERS: Final = 20_000
"""Of an output or of parameters: a report is read, and what is longer is data."""
SHOWN_INDEXES: Final = 5
SHOWN_VISITS: Final = 3
"""Of a task in a loop, before those that are folded."""

WHY: Final = "Why it ended so"
CAUSES: Final = "What did not succeed, by cause"
WHEN: Final = "What ran when"
"""Headings of what is read first."""

Row = Mapping[Hashable, Any]


def run_summary(
    name: str,
    status: str,
    error: str | None,
    tasks: pd.DataFrame,
    items: pd.DataFrame,
    warnings: tuple[str, ...] = (),
    surroundings: Mapping[str, Any] | None = None,
    failures: pd.DataFrame | None = None,
    *,
    attempts: pd.DataFrame | None = None,
    graph: pd.DataFrame | None = None,
    wall_s: float | None = None,
    cluster: Sequence[Section] = (),
    values: Mapping[str, Any] = MappingProxyType({}),
) -> Summary:
    """From the frames of a run: why some of it failed, what ran when, how its tasks and items ended.

    `wall_s` is what it took, `cluster` what `cluster_sections` made of its workers; `values` are shown under their names as JSON (output, parameters): no secret may be in them.
    """
    done, idle = (int(items["outcome"].eq(outcome).sum()) for outcome in ("succeeded", ""))
    counted = f"; {done:,} of {len(items):,} items succeeded" if len(items) else ""
    counted += f", {idle:,} never began" if idle else ""
    took = () if wall_s is None else (("took", format_s(wall_s)),)
    known = (*took, *surroundings_lines({"surroundings": surroundings or {}}))
    shown = ((heading, value) for heading, value in values.items() if value not in (None, {}))
    sections = (
        *remarked([(WHY, (error,) if error else ())]),
        Section(CAUSES, tuple(_failures(failures))),
        Section(WHEN, (*_timeline(tasks, items, attempts), *_graph(graph, tasks))),
        Section("Tasks", tuple(_tasks(tasks))),
        Section("Items", tuple(_outcomes(items))),
        *cluster,
        *(Section(heading, (Code(_shown(value)),)) for heading, value in shown),
        Section(SURROUNDINGS, (Facts(known),) if known else ()),
    )
    return Summary(
        title=f"{name}: one run",
        lead=f"The run {'was ' if status == 'cancelled' else ''}{status}{counted}.",
        sections=tuple(section for section in sections if section.blocks),
        finding=_finding(name, status, done, len(items), wall_s, failures),
        number=Number(f"{done:,} of {len(items):,}", "items succeeded") if len(items) else None,
        warnings=warnings,
        kind="Runs",
    )


def _finding(
    name: str, status: str, done: int, count: int, wall_s: float | None, failures: pd.DataFrame | None
) -> str:
    """How it ended, and what it failed of most often."""
    took = "" if wall_s is None else f" after {format_s(wall_s)}"
    of_items = f", with {done:,} of {count:,} items done" if count else ""
    first = f"{name} {'was ' if status == 'cancelled' else ''}{status}{took}{of_items}."
    if failures is None or failures.empty:
        return first
    causes = failures.sort_values("count", ascending=False, kind="stable").to_dict("records")
    most, more = causes[0], len(causes) - 1
    others = f"; {counted_words(more, 'other cause')}" if more else ""
    what = f"{most['count']:,} {str(most['outcome']).replace('_', ' ')} of {most['task']}"
    return f"{first} The most frequent cause ({what}): {most['reason']}{others}."


def _timeline(tasks: pd.DataFrame, items: pd.DataFrame, attempts: pd.DataFrame | None) -> Iterator[Picture]:
    caption = "What ran when: a bar a task, a line an item; pauses between attempts are thin"
    rows = sum(_rows_of(most) for most in tasks.groupby("task", sort=False)["items"].max())
    if len(tasks):
        yield Picture("timeline", caption, partial(plot_timeline, tasks, items, attempts), rows, large=True)


def _rows_of(most: Any) -> int:
    """Rows of text that a task takes in a timeline: a fan-out needs room for its items."""
    return 6 if pd.notna(most) and most > 1 else 2


def _graph(graph: pd.DataFrame | None, tasks: pd.DataFrame) -> Iterator[Picture]:
    if graph is not None and len(graph):
        caption = "The workflow: what follows what, and how each task ended"
        yield Picture("graph", caption, partial(plot_workflow, graph, tasks), 2 * len(set(graph["task"])))


def _shown(value: Any) -> str:
    """The value as JSON, the beginning of it where it is long."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    rest = len(text) - SHOWN_CHARACTERS
    return text if rest <= 0 else f"{text[:SHOWN_CHARACTERS]}\n… and {rest:,} characters more"


def _tasks(tasks: pd.DataFrame) -> Iterator[Table]:
    if tasks.empty:
        return
    groups = list(_folded(tasks.to_dict("records")))
    yield Table(
        caption="Tasks, in the order in which they began",
        headers=("task", "status", "items", "time", "error"),
        rows=tuple(map(_task_row, groups)),
        failed=frozenset(
            place
            for place, visits in enumerate(groups)
            if any(row["status"] not in ("succeeded", "skipped") for row in visits)
        ),
        texts=frozenset({0, 1, 4}),
        name="tasks",
    )


def _folded(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The visits of each task one by one; of a long loop the first ones and the last, and those between them as one."""
    visits = Counter(row["task"] for row in rows)
    between: dict[str, list[Row]] = {}
    for row in rows:
        if SHOWN_VISITS <= row["visit"] < visits[row["task"]] - 1:
            between.setdefault(row["task"], []).append(row)
    for row in rows:
        folded = between.get(row["task"], [])
        if row["visit"] == SHOWN_VISITS and len(folded) > 1:
            yield folded
        elif len(folded) <= 1 or not SHOWN_VISITS <= row["visit"] <= folded[-1]["visit"]:
            yield [row]


def _task_row(visits: Sequence[Row]) -> tuple[str, ...]:
    counts = Counter(_ended(row["status"]) for row in visits)
    times = [row["duration_s"] for row in visits if not pd.isna(row["duration_s"])]
    items = [row["items"] for row in visits if not pd.isna(row["items"])]
    return (
        _visited(visits),
        ", ".join(f"{count:,} {end}" if len(visits) > 1 else end for end, count in counts.items()),
        f"{sum(items):,}" if items else "–",
        format_s(sum(times)) if times else "–",
        next((_reason(row) for row in visits if _reason(row)), ""),
    )


def _visited(visits: Sequence[Row]) -> str:
    first, last = visits[0]["visit"] + 1, visits[-1]["visit"] + 1
    if first != last:
        return f"{visits[0]['task']} (visits {first:,} to {last:,})"
    return f"{visits[0]['task']}" + (f" (visit {first:,})" if first > 1 else "")


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
        name="items",
    )


def _failures(failures: pd.DataFrame | None) -> Iterator[Table]:
    if failures is None or failures.empty:
        return
    shown = (
        failures.sort_values("count", ascending=False, kind="stable").head(SHOWN_FAILURES).to_dict("records")
    )
    more = f" (the {len(shown)} most frequent of {len(failures):,})" if len(shown) < len(failures) else ""
    total = int(failures["count"].sum())
    yield Table(
        caption=f"What did not succeed, by cause{more}: reasons that differ in their numbers only are one",
        headers=("task", "outcome", "count", "share", "cause", "items"),
        rows=tuple(
            (
                row["task"],
                row["outcome"],
                f"{row['count']:,}",
                f"{row['count'] / total:.0%}",
                _placed(row),
                _some(row["indexes"]),
            )
            for row in shown
        ),
        failed=frozenset(range(len(shown))),
        texts=frozenset({0, 1, 4, 5}),
        name="failures",
    )


def _placed(row: Row) -> str:
    """`actions.py:2 in inner: KeyError: 'missing'`, as far as the place is known."""
    return f"{row['where']}: {row['reason']}" if isinstance(row["where"], str) else str(row["reason"])


def _some(indexes: Sequence[int]) -> str:
    """The first of them.

    >>> _some([3, 5, 8]), _some(range(10))
    ('3, 5, 8', '0, 1, 2, 3, 4, ...')
    """
    return ", ".join([*map(str, indexes[:SHOWN_INDEXES]), *(["..."] if len(indexes) > SHOWN_INDEXES else [])])


def _ended(outcome: str) -> str:
    return outcome or "never began"


def _reason(row: Row) -> str:
    """`actions.py:2: KeyError: 'missing'`, as far as the place is known."""
    if not isinstance(row["error"], str):
        return ""
    return f"{row['file']}:{row['line']}: {row['error']}" if isinstance(row["file"], str) else row["error"]
