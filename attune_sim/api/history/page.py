"""A history as a page of a project's documentation: what changed, then a table for each strategy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from attune_sim.analysis.steps import Point, Series, steps_of
from attune_sim.api.history.shown import bars, changes, told
from attune_sim.errors import counted
from attune_sim.files import MARK
from attune_sim.metrics import METRICS

HEADERS: Final = ("metric", "commits", "first", "last", "course", "changes")
ALIGNED: Final = ("---", "---:", "---:", "---:", "---", "---:")


def markdown(history: Sequence[Series], title: str) -> str:
    """The page. The same history gives the same bytes."""
    lines = [f"- {told(one, step)}" for one, step in changes(history)]
    parts = [f"<!-- {MARK} -->", f"# {title}", "", *_lead(history), "", "## Changes", ""]
    parts += [*(lines or ["None so far."]), ""]
    for (group, strategy, case), some in groupby(history, key=_place):
        parts += [f"## {group}: {strategy}", "", f"{case}.", "", *_table(list(some)), ""]
    return "\n".join([*parts, *_meanings(history), ""])


def _place(one: Series) -> tuple[str, str, str]:
    return one.group, one.strategy, one.case


def _lead(history: Sequence[Series]) -> Iterator[str]:
    known = {point.commit: point for one in history for point in one.points}
    points = sorted(known.values(), key=lambda point: (point.date, point.commit))
    span = " to ".join(dict.fromkeys(f"{one.date[:10]} ({one.commit})" for one in (points[0], points[-1])))
    yield f"{counted(len(points), 'commit')}: {span}{_where(points[-1])}. Counts and ratios only, for a time is of a machine as well. A value is the"
    yield "median over the cells of its commit; a course goes from the least value of its row to the largest, and is level where they are the same."


def _where(point: Point) -> str:
    facts = json.loads(point.surroundings or "{}")
    told = " on ".join(str(facts[name]) for name in ("python", "platform") if facts.get(name))
    return f", the last under Python {told}" if told else ""


def _table(history: Sequence[Series]) -> Iterator[str]:
    for row in (HEADERS, ALIGNED, *map(_row, history)):
        yield f"| {' | '.join(row)} |"


def _row(one: Series) -> tuple[str, ...]:
    medians = [point.median for point in one.points]
    name = f"{one.metric} / {one.over}" if one.over else one.metric
    ends = (one.format(medians[0]), one.format(medians[-1]))
    return name, f"{len(medians):,}", *ends, bars(medians), str(len(steps_of(one)) or "none")


def _meanings(history: Sequence[Series]) -> Iterator[str]:
    yield "## What is measured"
    yield ""
    named = (name for one in history for name in (one.metric, one.over.rpartition(".")[2]) if name)
    for name in dict.fromkeys(named):
        yield f"- `{name}`: {METRICS[name].title}"
