"""The frames of one run: its tasks, its items, its attempts, and why some of them failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from attune_sim.frame.columns import (
    ATTEMPT_COLUMNS,
    COSTS,
    FAILURE_COLUMNS,
    ITEM_COLUMNS,
    PLACE_OF_ERROR,
    TASK_COLUMNS,
    timed,
    typed,
)


def tasks_frame(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """One row a visit of a task, in the order in which they began (`TASK_COLUMNS`).

    `items` is missing for a task without `with_items`; times are seconds after the start of the run; `duration_s`
    is derived here. `file` and `line` may be left out where no action raised.
    """
    nowhere = [None] * len(columns["task"])
    return timed({"file": nowhere, "line": nowhere, **columns}, TASK_COLUMNS)


def items_frame(
    visits: Iterable[Mapping[str, Any]],
    outcomes: Sequence[str],
    errors: Mapping[tuple[str, int, int], str],
    places: Mapping[tuple[str, int, int], tuple[str, int]] | None = None,
) -> pd.DataFrame:
    """One row an item of a fan-out, in the order of tasks and indexes (`ITEM_COLUMNS`).

    `attempts` counts calls of the action, `started_s` is the first of them, and `fork_us`, `render_us`, `action_us` sum
    over all of them; an item that was never called has no times. `outcome` is empty for an item that did not end.

    `visits` are the columns of one fan-out each, as arrays (`attune_sim.probes.recorder.ItemColumns`): they are taken as they
    are, without a Python object an item. Their outcomes are places in `outcomes`; `errors` and `places` (file and line) are by task, visit and index.
    """
    marks: dict[tuple[str, int], dict[int, tuple[str | None, ...]]] = {}
    for key, reason in errors.items():
        task, visit, index = key
        marks.setdefault((task, visit), {})[index] = (reason, *(places or {}).get(key, (None, None)))
    frames = [_visit_frame(columns, np.array(outcomes, dtype=object), marks) for columns in visits]
    empty = pd.DataFrame(columns=list(ITEM_COLUMNS), dtype="str")
    return timed(pd.concat(frames, ignore_index=True) if frames else empty, ITEM_COLUMNS)


def attempts_frame(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """One row an attempt, in the order in which they ended (`ATTEMPT_COLUMNS`); `index` is missing for a task without items."""
    places = pd.array(columns["index"], dtype="Int64")
    return timed({**columns, "index": [0] * len(places)}, ATTEMPT_COLUMNS).assign(index=places)


def _visit_frame(
    columns: Mapping[str, Any], outcomes: Any, marks: Mapping[tuple[str, int], Mapping[int, tuple[Any, ...]]]
) -> pd.DataFrame:
    task, visit = columns["task"], columns["visit"]
    frame = pd.DataFrame({name: np.asarray(columns[name]) for name in (*COSTS, "started_s")})
    frame["ended_s"] = frame["started_s"] + np.asarray(columns["span_s"])
    ended, repeats = (np.frombuffer(columns[name], dtype=np.uint8) for name in ("outcome", "repeats"))
    frame["attempts"] = np.where(ended > 0, repeats.astype(np.int64) + 1, 0)
    frame["outcome"] = outcomes[ended]
    marked = marks.get((task, visit), {})
    for place, name in enumerate(PLACE_OF_ERROR):
        told = np.full(len(frame), None, dtype=object)
        for index, mark in marked.items():
            told[index] = mark[place]
        frame[name] = told
    return frame.assign(task=task, visit=visit, index=np.arange(len(frame)))


def failures_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a reason, in the order in which they were met first (`FAILURE_COLUMNS`)."""
    return typed(pd.DataFrame(list(rows), columns=list(FAILURE_COLUMNS)))
