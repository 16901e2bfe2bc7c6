"""Every column of every frame, declared once: its place, and its kind where it is not text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import pandas as pd

from attune_sim.metrics import TIMES, UNITS
from attune_sim.record import COUNTS, CellKey

_OF_KEY: Final = tuple(field.name for field in fields(CellKey))
_PLACE: Final = _OF_KEY.index("repeat") + 1
WHERE: Final = ("machine", "software")
CELL_KEYS: Final = ("cell", *_OF_KEY[:_PLACE], "hash_seed", *_OF_KEY[_PLACE:], *WHERE, "looks")
READ_ANEW: Final = frozenset({"hash_seed", "clock_floor_us"})
"""Surroundings that each cell has of its own: the one is meant to differ and is a column, the other is a reading."""
PROGRESS: Final = ("outcome", *COUNTS)
ENDS: Final = (
    *PROGRESS,
    "fan_out_context_bytes",
    "run_status",
    "error",
    "wall_s",
    "answer",
    "assumed",
    "began",
)
CELL_COLUMNS: Final = (*CELL_KEYS, *ENDS)
SO_FAR: Final = ("outcome", "items_done", "forks")
METRIC_COLUMNS: Final = (
    *CELL_KEYS,
    *SO_FAR,
    "fan_out_context_bytes",
    "metric",
    "unit",
    "value",
    "source",
    "n",
    "p50",
    "p95",
    "max",
    "basis",
    "label",
)
SAMPLE_COLUMNS: Final = (*CELL_KEYS, *SO_FAR, "item_index", "elapsed_s", "metric", "unit", "value")
_SPAN: Final = ("started_s", "ended_s", "duration_s")
COSTS: Final = ("fork_us", "render_us", "action_us")
PLACE_OF_ERROR: Final = ("error", "file", "line")
TASK_COLUMNS: Final = ("task", "visit", "status", "items", *_SPAN, *PLACE_OF_ERROR)
ITEM_COLUMNS: Final = ("task", "visit", "index", "outcome", "attempts", *_SPAN, *COSTS, *PLACE_OF_ERROR)
ATTEMPT_COLUMNS: Final = ("task", "visit", "index", "attempt", "outcome", *_SPAN)
FAILURE_COLUMNS: Final = (
    *("task", "outcome", "reason", "count", "where", "indexes", "file", "line", "traceback"),
)
STRATEGY_COLUMNS: Final = ("lost_types", "fork_us", "floor_us", "fork_bytes", "travel_bytes", "price_failed")
"""What stands behind a strategy and a flag for each of its promises."""

_ENDED: Final = ("succeeded", "failed", "timed_out", "cancelled")
CYCLE_COLUMNS: Final = (
    *("seed", "cycle", "due_s", *_SPAN, "status", "items", *_ENDED, "retries", "lost", "max_in_flight"),
    *("skipped", "source"),
)
SIMULATED_ITEM_COLUMNS: Final = (
    *(
        "seed",
        "cycle",
        "run",
        "task",
        "visit",
        "index",
        "status",
        "attempts",
        "lost",
        "queued_s",
        *_SPAN,
        "worker",
        "source",
    ),
)
MEMORY_COLUMNS: Final = ("seed", "strategy", "time_s", "low_bytes", "high_bytes", "source")
QUEUE_COLUMNS: Final = ("seed", "time_s", "waiting", "in_service", "most_waiting", "source")
WORKER_COLUMNS: Final = (
    *("seed", "worker", "busy_s", "utilisation", "attempts", "lost", "failures", "down_s"),
    *("shipped_bytes", "peak_bytes", "over_s", "source"),
)
CREW_COLUMNS: Final = (
    *("worker", "address", "name", "pid", "threads", "memory_limit_bytes", "memory_bytes", "fate", "why"),
    *("batches", "items", "lost", "grown_bytes", "wire_bytes", "dask_wire_bytes", "bytes_a_second"),
)
TRANSFER_COLUMNS: Final = ("worker", "address", "kind", "counted_by", "items", "bytes", "bytes_an_item")
KEPT_COLUMNS: Final = ("task", "folder", "file", "host", "items", "bytes", "digest")
DEATH_COLUMNS: Final = (
    *("seed", "strategy", "time_s", "cycle", "task", "item"),
    *("peak_bytes", "peak_s", "peak_cycle", "heap_bytes", "limit_bytes", "source"),
)
CHECK_COLUMNS: Final = (
    "seed",
    "check",
    "unit",
    "simulated",
    "low",
    "high",
    "expected",
    "holds",
    "why",
    "source",
)
FIGURE_COLUMNS: Final = ("seed", "strategy", "metric", "unit", "value", "source")

DTYPES: Final[Mapping[str, str]] = {
    "items": "Int64",
    "line": "Int64",
    "concurrency": "Int64",
    "count": "int64",
    "fan_out_context_bytes": "Int64",
    **dict.fromkeys(
        ("context_bytes", "history_tasks", "repeat", "hash_seed", "seed", "memory_limit_bytes"), "int64"
    ),
    **dict.fromkeys((*COUNTS, "n", "item_index", "visit", "index", "attempt", "attempts"), "int64"),
    **dict.fromkeys(("value", "p50", "p95", "max", "fork_bytes", "travel_bytes"), "float64"),
    **{name: "float64" for name, unit in UNITS.items() if unit in TIMES},
    **dict.fromkeys(("real", "memory_only", "skipped"), "bool"),
    **dict.fromkeys(("cycle", "item", "worker", "peak_cycle", "failures", *_ENDED), "Int64"),
    **dict.fromkeys(("retries", "lost", "max_in_flight", "most_waiting", "run"), "Int64"),
    **dict.fromkeys(("due_s", "queued_s", "time_s", "busy_s", "down_s", "over_s", "peak_s"), "float64"),
    **dict.fromkeys(("low_bytes", "high_bytes", "limit_bytes", "peak_bytes", "heap_bytes"), "float64"),
    **dict.fromkeys(("shipped_bytes", "bytes_an_item", "bytes_a_second"), "float64"),
    **dict.fromkeys(("grown_bytes", "dask_wire_bytes"), "float64"),
    **dict.fromkeys(("pid", "threads", "memory_bytes", "batches", "bytes", "wire_bytes"), "int64"),
    **dict.fromkeys(("waiting", "in_service", "utilisation"), "float64"),
    **dict.fromkeys(("simulated", "low", "high", "expected"), "float64"),
    "holds": "boolean",
}
"""Columns that are not text."""


def timed(columns: Mapping[str, Sequence[Any]] | pd.DataFrame, wanted: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame({name: columns[name] for name in wanted if name != "duration_s"})
    frame["duration_s"] = frame["ended_s"] - frame["started_s"]
    return typed(frame[list(wanted)])


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: DTYPES[name] for name in frame.columns if name in DTYPES})


def bare(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows without what the frame says of itself in its `attrs`: pandas copies that, deep, with every part that is taken out."""
    plain = frame.copy(deep=False)
    plain.attrs = {}
    return plain
