"""The same figures of a real run and of simulated cycles, so that one can be set beside the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

SIDE_COLUMNS: Final = ("metric", "task", "unit", "value")
_ENDS: Final = ("succeeded", "failed", "timed_out")
_READ_S: Final = 1e-6
_KEPT: Final = 1e-6
"""By how much, and by which share, an attempt may seem longer than it was: its span is kept in few digits."""

_Figure = tuple[str, str, str, float]


def run_figures(tasks: pd.DataFrame, items: pd.DataFrame, attempts: pd.DataFrame) -> pd.DataFrame:
    """From the frames of one real run: metric, task, unit, value. Times are run time; attempts count calls of actions of items."""
    called = items[items["started_s"].notna()]
    rows: list[_Figure] = [("makespan_s", "", "s", float(tasks["ended_s"].max()))]
    rows += _of_items(called.assign(status=called["outcome"]))
    rows += [(name, "", "count", float((items["outcome"] == name).sum())) for name in _ENDS]
    rows += [
        ("items", "", "count", float(len(items))),
        ("attempts", "", "count", float(items["attempts"].sum())),
    ]
    rows += [("max_in_flight", "", "count", _at_once(*_spans(called, attempts)))]
    return _framed(rows)


def cycle_figures(cycles: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """The same of each simulated cycle that ended, from the frames of a simulation: a row a cycle and figure.

    Times of tasks and items are those of the cycles of which every item is kept. A real run tells nothing of what happens in sub-workflows: where
    there are some, counts are those of the workflow's own items, of such cycles too.
    """
    ended = cycles[cycles["ended_s"].notna() & cycles["started_s"].notna()]
    own = items[items["run"].fillna(0) == 0]
    is_nested = len(own) < len(items)
    rows: list[_Figure] = []
    for row in ended.to_dict("records"):
        rows.append(("makespan_s", "", "s", row["ended_s"] - row["started_s"]))
        if not is_nested:
            over = sum(row[name] for name in (*_ENDS, "cancelled"))
            counts = {name: row[name] for name in (*_ENDS, "items")}
            rows += _counts({**counts, "attempts": over + row["retries"] + row["lost"]})
            rows += _counts({"max_in_flight": row["max_in_flight"]})
    whole = _whole(items, ended)
    for key, part in own.groupby(["seed", "cycle"], sort=False):
        if key in whole:
            rows += _of_items(part)
            if is_nested:
                ends = {name: (part["status"] == name).sum() for name in _ENDS}
                rows += _counts({**ends, "items": len(part), "attempts": part["attempts"].sum()})
    return _framed(rows)


def _counts(values: Mapping[str, Any]) -> list[_Figure]:
    return [(name, "", "count", float(value)) for name, value in values.items()]


def _whole(items: pd.DataFrame, cycles: pd.DataFrame) -> set[Any]:
    """Seed and cycle of those that ended and of which every item is kept."""
    kept = items.groupby(["seed", "cycle"], sort=False).size().to_dict()
    asked = cycles.set_index(["seed", "cycle"])["items"].to_dict()
    return {key for key, number in kept.items() if asked.get(key) == number}


def _of_items(items: pd.DataFrame) -> Iterator[_Figure]:
    """Of each fan-out: how long it takes from the first begin to the last end, and how long its items take."""
    for task, part in items.groupby("task", sort=False):
        yield "task_s", str(task), "s", float(part["ended_s"].max() - part["started_s"].min())
        took = part["ended_s"] - part["started_s"]
        for share in (50, 99):
            yield f"item_p{share}_s", str(task), "s", float(took.quantile(share / 100))


def _spans(items: pd.DataFrame, attempts: pd.DataFrame) -> tuple[Any, Any]:
    """Begins and ends of all attempts of items: one that was tried again was not under way between."""
    again = attempts[attempts["index"].notna()]
    single = items[items["attempts"] <= 1]
    parts = [frame[["started_s", "ended_s"]] for frame in (single, again)]
    spans = pd.concat(parts).dropna().to_numpy(dtype=float)
    begins, ends = spans[:, 0], spans[:, 1]
    return begins, np.maximum(begins, ends - _READ_S - _KEPT * (ends - begins))


def _at_once(begins: Any, ends: Any) -> float:
    """The most spans at one moment; what ends as another begins is not under way with it.

    >>> _at_once(np.array([0.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0]))
    2.0
    """
    moments = np.concatenate([begins, ends])
    steps = np.concatenate([np.ones(len(begins)), -np.ones(len(ends))])
    order = np.lexsort((steps, moments))
    return float(np.cumsum(steps[order]).max()) if len(order) else 0.0


def _framed(rows: Iterable[_Figure]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(SIDE_COLUMNS))
