"""A history, as people read it: a line a series, and a line a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from attune_sim.analysis.steps import Series, Step, steps_of
from attune_sim.errors import counted

BARS: Final = "▁▂▃▄▅▆▇█"
WIDTH: Final = 40
"""Commits of a line of bars; of more, the latest."""

HEADERS: Final = ("series", "case", "commits", "first", "last", "course", "changes")


def bars(values: Sequence[float]) -> str:
    """Values as bars, the lowest and the highest of them at the ends; level where they are all the same.

    >>> bars([1, 1, 2, 3]), bars([5, 5])
    ('▁▁▅█', '▁▁')
    """
    shown = values[-WIDTH:]
    low, high = min(shown), max(shown)
    reach = (high - low) or 1.0
    return "".join(BARS[round((value - low) / reach * (len(BARS) - 1))] for value in shown)


def table(history: Iterable[Series]) -> list[tuple[str, ...]]:
    """A row a series."""
    return [_row(one) for one in history]


def _row(one: Series) -> tuple[str, ...]:
    medians = [point.median for point in one.points]
    ends = (one.format(medians[0]), one.format(medians[-1]))
    return one.name, one.case, f"{len(medians):,}", *ends, bars(medians), str(len(steps_of(one)) or "none")


def told(one: Series, step: Step) -> str:
    """One change: what, when, from what to what."""
    span = f"{step.ratio:.3g} times ({step.low:.3g} to {step.high:.3g} over {counted(step.n, 'pair')})"
    ends = f"{one.format(step.before)} -> {one.format(step.after)}"
    others = "; its surroundings changed too" if step.other_surroundings else ""
    return f"{step.date[:10]} {step.commit}: {one.name}: {ends}, {span}, after {step.since}{others}"


def changes(history: Iterable[Series]) -> list[tuple[Series, Step]]:
    """All changes, the latest first."""
    found = [(one, step) for one in history for step in steps_of(one)]
    return sorted(found, key=lambda pair: pair[1].date, reverse=True)


def points(one: Series) -> list[tuple[str, ...]]:
    """A row a commit of one series."""
    marked = {step.place for step in steps_of(one)}
    return [
        (point.date[:10], point.commit, one.format(point.median), "changed" if place in marked else "")
        for place, point in enumerate(one.points)
    ]


def as_json(history: Iterable[Series]) -> list[dict[str, Any]]:
    """All of it for a program."""
    return [
        {
            **{name: getattr(one, name) for name in ("group", "case", "strategy", "metric", "over")},
            "points": [
                {"commit": p.commit, "date": p.date, "value": p.median, "n": len(p.values)}
                for p in one.points
            ],
            "changes": [asdict(step) for step in steps_of(one)],
        }
        for one in history
    ]
