"""Records as tidy pandas frames. Every column is declared here, once; this is the first file that imports pandas.

The frames, one row a ...

    cells      cell: its key and how it ended
    metrics    reading of a cell: the key, then metric, unit, value, source (the `.frame` of a comparison)
    samples    reading of a probe while the cell ran: the key, then item_index, elapsed_s, metric, value
    tasks      visit of a task in one run
    items      item of a fan-out in one run
    attempts   attempt in one run that failed, or came after one that did
    failures   reason for which something did not succeed in one run, at one place
    strategies strategy: what it promises and what a fork of it costs (`api.strategies` makes it)

The key (`CELL_KEYS`)

    cell                text       sixteen hexadecimal digits, equal for equal keys
    workload, strategy, dispatch, executor, payload    text
    items               count      size of the main fan-out; missing where the cell ended before anybody knew it
    context_bytes       bytes      JSON of parameters, variables and history before the first task
    history_tasks       count      finished tasks whose results the context holds
    repeat, seed        count
    hash_seed           count      what texts hashed by in the cell's process: equal for the same repeat of all strategies
    machine, software   text       eight hexadecimal digits: equal where the cell ran on equal machines, with equal software
                                   (`record.MACHINE`, `record.SOFTWARE`); empty where it ended before it could say
    looks               text       numbers of repeats after which a verdict was looked for (`8 10 12`); empty where the
                                   number of repeats was fixed in advance
    real                bool       the actions did the real thing
    concurrency         count      items that were asked to be under way at once; missing: as many as the workflow says
    memory_only         bool       the cell may have had company: nothing of its time is told
    memory_limit_bytes  bytes
    time_limit_s        s
    digest              text       fingerprint of workflow, parameters, actions and strategy

What follows it

    outcome             text       `ok` or why the cell ended early
    items_done, items_failed, items_timed_out          count
    forks               count      contexts forked; with eager dispatch all of them before the first item ends
    fan_out_context_bytes          bytes
                                   JSON of all that the largest fan-out was handed, results of earlier tasks included:
                                   what a copy copies; missing where the cell ended before it was known
    run_status, error   text       of the workflow run, or the reason of the outcome
    wall_s              s          the whole run of the cell
    answer              text       fingerprint of output and variables: equal answers look equal
    assumed             text       sizes that were assumed rather than given, separated by `; `
    began               text       when the cell began, as `2026-11-28T13:05:00Z`; missing in stores of before it was kept
    metric, unit        text       see `attune_sim.metrics`
    value                          in `unit`; missing where a platform lacks the counter (`label` says so)
    source              text       `measured` or `estimated`
    n                   count      repetitions that the value rests on
    basis               text       of which items the value is, where it stands for more than were looked at
    p50, p95, max                  of single items, where the value is a mean over items that were read one by one
    label               text       a remark that belongs to the value (`opaque`, `unavailable: ...`)
    item_index          count      items forked when the sample was taken (done, or under way)
    elapsed_s           s          after the start of the cell's run
    file, line          text, count
                                   where the action raised, missing where it did not or nothing is known
    where               text       the same as FILE:LINE in FUNCTION
    reason, count       text, count
                                   of the first that failed so, and how many did
    indexes             list       their places in the fan-out
    traceback           text       of the first of them
    publish_seen ...    bool       one column a promise: what all strategies keep, then their guarantees
    lost_types          text       kinds of values that do not arrive as they were, separated by `, `
    fork_us, floor_us   us         one fork, and a bare slotted object beside it
    fork_bytes          bytes      live heap of one more fork, item and list slot included
    travel_bytes        bytes      the forker, pickled; missing where it is not promised to travel
    price_failed        text       why a strategy has no price, else empty

`frame.attrs` holds `surroundings` (what all cells share: versions, machine), `surroundings_differ` (what they do not,
with all values), `surroundings_by` (`machine` and `software`: what stands behind their digits), `schema` and the `units` of its columns; all of it is plain JSON, so it survives a trip through Parquet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from operator import attrgetter
from statistics import linear_regression
from typing import Any, Final

import numpy as np
import pandas as pd

from attune_sim.metrics import TIMES, UNITS
from attune_sim.record import (
    COUNTS,
    MACHINE,
    SCHEMA_VERSION,
    SOFTWARE,
    CellKey,
    CellRecord,
    Reading,
    Sample,
    facts_of,
)

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
_SO_FAR: Final = ("outcome", "items_done", "forks")
METRIC_COLUMNS: Final = (
    *CELL_KEYS,
    *_SO_FAR,
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
SAMPLE_COLUMNS: Final = (*CELL_KEYS, *_SO_FAR, "item_index", "elapsed_s", "metric", "unit", "value")
_SPAN: Final = ("started_s", "ended_s", "duration_s")
_COSTS: Final = ("fork_us", "render_us", "action_us")
_PLACE_OF_ERROR: Final = ("error", "file", "line")
TASK_COLUMNS: Final = ("task", "visit", "status", "items", *_SPAN, *_PLACE_OF_ERROR)
ITEM_COLUMNS: Final = ("task", "visit", "index", "outcome", "attempts", *_SPAN, *_COSTS, *_PLACE_OF_ERROR)
ATTEMPT_COLUMNS: Final = ("task", "visit", "index", "attempt", "outcome", *_SPAN)
FAILURE_COLUMNS: Final = (
    *("task", "outcome", "reason", "count", "where", "indexes", "file", "line", "traceback"),
)
STRATEGY_COLUMNS: Final = ("lost_types", "fork_us", "floor_us", "fork_bytes", "travel_bytes", "price_failed")
"""What stands behind a strategy and a flag for each of its promises."""

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
    **dict.fromkeys(("real", "memory_only"), "bool"),
}
"""Columns that are not text."""

LEAST_SAMPLES: Final = 3
"""A slope through fewer is not told."""


def readings_of(record: CellRecord) -> tuple[Reading, ...]:
    """All figures of a cell: what was read, and from its samples what a run that was cut short could not read.

    The label of the latter says so.
    """
    known = {reading.metric for reading in record.readings}
    return (*record.readings, *(reading for reading in _from_samples(record) if reading.metric not in known))


def _from_samples(record: CellRecord) -> Iterator[Reading]:
    if record.forks and record.forking_us is not None:
        each = record.forking_us / record.forks
        yield Reading("paid_fork_us", each, n=record.forks, label="of the run so far")
    samples = (sample for sample in record.samples if sample.metric == "live_heap_bytes")
    if heap := [(sample.item_index, sample.value) for sample in samples]:
        yield Reading("live_heap_bytes", max(value for _, value in heap), label="of the run so far")
    all_forked = (place for place, (index, _) in enumerate(heap, 1) if index >= record.forks)
    grown = heap[: next(all_forked, len(heap))]
    indexes, values = [index for index, _ in grown], [value for _, value in grown]
    if record.key.dispatch == "eager" and len(grown) >= LEAST_SAMPLES and len(set(indexes)) > 1:
        rise = linear_regression(indexes, values).slope
        yield Reading("fork_bytes", rise, n=len(grown), label="slope of the samples")


def cells_frame(records: Iterable[CellRecord]) -> pd.DataFrame:
    """One row a cell, in the order of the records: its key and how it ended (`CELL_COLUMNS`)."""
    known = list(records)
    where = _where(known)
    rows = [{**_cell(record, ENDS, where), "assumed": "; ".join(record.assumed)} for record in known]
    return _framed(rows, CELL_COLUMNS, known)


def metrics_frame(records: Iterable[CellRecord]) -> pd.DataFrame:
    """One row a reading (`METRIC_COLUMNS`). A metric that a platform lacks is a row without value."""
    return _long(records, readings_of, METRIC_COLUMNS)


def samples_frame(records: Iterable[CellRecord]) -> pd.DataFrame:
    """One row a sample (`SAMPLE_COLUMNS`), in the order in which they were taken."""
    return _long(records, attrgetter("samples"), SAMPLE_COLUMNS)


def tasks_frame(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """One row a visit of a task, in the order in which they began (`TASK_COLUMNS`).

    `items` is missing for a task without `with_items`; times are seconds after the start of the run; `duration_s`
    is derived here. `file` and `line` may be left out where no action raised.
    """
    nowhere = [None] * len(columns["task"])
    return _timed({"file": nowhere, "line": nowhere, **columns}, TASK_COLUMNS)


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
    return _timed(pd.concat(frames, ignore_index=True) if frames else empty, ITEM_COLUMNS)


def attempts_frame(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """One row an attempt, in the order in which they ended (`ATTEMPT_COLUMNS`); `index` is missing for a task without items."""
    places = pd.array(columns["index"], dtype="Int64")
    return _timed({**columns, "index": [0] * len(places)}, ATTEMPT_COLUMNS).assign(index=places)


def _visit_frame(
    columns: Mapping[str, Any], outcomes: Any, marks: Mapping[tuple[str, int], Mapping[int, tuple[Any, ...]]]
) -> pd.DataFrame:
    task, visit = columns["task"], columns["visit"]
    frame = pd.DataFrame({name: np.asarray(columns[name]) for name in (*_COSTS, "started_s")})
    frame["ended_s"] = frame["started_s"] + np.asarray(columns["span_s"])
    ended, repeats = (np.frombuffer(columns[name], dtype=np.uint8) for name in ("outcome", "repeats"))
    frame["attempts"] = np.where(ended > 0, repeats.astype(np.int64) + 1, 0)
    frame["outcome"] = outcomes[ended]
    marked = marks.get((task, visit), {})
    for place, name in enumerate(_PLACE_OF_ERROR):
        told = np.full(len(frame), None, dtype=object)
        for index, mark in marked.items():
            told[index] = mark[place]
        frame[name] = told
    return frame.assign(task=task, visit=visit, index=np.arange(len(frame)))


def failures_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a reason, in the order in which they were met first (`FAILURE_COLUMNS`)."""
    return _typed(pd.DataFrame(list(rows), columns=list(FAILURE_COLUMNS)))


def strategies_frame(rows: Iterable[Mapping[str, Any]], promises: Sequence[str]) -> pd.DataFrame:
    """One row a strategy, in the order of the rows: a flag for each promise, then `STRATEGY_COLUMNS`.

    A price that was not measured is missing.
    """
    frame = _framed(list(rows), ("strategy", *promises, *STRATEGY_COLUMNS), ())
    return frame.astype(dict.fromkeys(promises, "bool"))


def surroundings_of(records: Iterable[CellRecord]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """What all records share of their surroundings, and what differs (name -> all its values), without `READ_ANEW`."""
    seen: dict[str, dict[str, Any]] = {}
    for record in records:
        for name, value in record.surroundings.items():
            if name in READ_ANEW:
                continue
            seen.setdefault(name, {})[json.dumps(value, sort_keys=True, default=str)] = value
    shared = {name: next(iter(values.values())) for name, values in seen.items() if len(values) == 1}
    differ = {name: list(values.values()) for name, values in seen.items() if len(values) > 1}
    return shared, differ


def _where(records: Iterable[CellRecord]) -> dict[str, str]:
    """What `machine` and `software` are of a cell that ended before it could say: those of all others, if these are one."""
    seen = {name: {getattr(record, name) for record in records} - {""} for name in WHERE}
    return {name: next(iter(known)) if len(known) == 1 else "" for name, known in seen.items()}


def _behind(records: Iterable[CellRecord]) -> dict[str, dict[str, dict[str, Any]]]:
    """What stands behind the digits of `machine` and of `software`."""
    by: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in WHERE}
    for record in records:
        for column, names in zip(WHERE, (MACHINE, SOFTWARE), strict=True):
            by[column].setdefault(getattr(record, column), facts_of(record.surroundings, names))
    return by


def _cell(record: CellRecord, names: Sequence[str], where: Mapping[str, str]) -> dict[str, Any]:
    own = {name: getattr(record, name) for name in names}
    return {
        "cell": record.key.id,
        **asdict(record.key),
        "hash_seed": record.hash_seed,
        **{name: getattr(record, name) or usual for name, usual in where.items()},
        "looks": " ".join(map(str, record.looks)),
        "items": record.items,
        **own,
    }


def _long(
    records: Iterable[CellRecord],
    parts_of: Callable[[CellRecord], Iterable[Reading | Sample]],
    columns: Sequence[str],
) -> pd.DataFrame:
    known, rows = list(records), []
    where = _where(known)
    for record in known:
        cell = _cell(record, (*_SO_FAR, "fan_out_context_bytes"), where)
        rows += [{**cell, **asdict(part), "unit": UNITS.get(part.metric, "")} for part in parts_of(record)]
    return _framed(rows, columns, known)


def _framed(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], records: Sequence[CellRecord]
) -> pd.DataFrame:
    frame = _typed(pd.DataFrame(rows, columns=list(columns)))
    shared, differ = surroundings_of(records)
    units = {name: UNITS[name] for name in columns if name in UNITS}
    frame.attrs.update(surroundings=shared, surroundings_differ=differ, surroundings_by=_behind(records))
    frame.attrs.update(schema=SCHEMA_VERSION, units=units)
    return frame


def _timed(columns: Mapping[str, Sequence[Any]] | pd.DataFrame, wanted: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame({name: columns[name] for name in wanted if name != "duration_s"})
    frame["duration_s"] = frame["ended_s"] - frame["started_s"]
    return _typed(frame[list(wanted)])


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: DTYPES[name] for name in frame.columns if name in DTYPES})
