"""The frames of cells: how they ended, what was read of them, and while they ran; and that of strategies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from statistics import linear_regression
from typing import Any, Final

import pandas as pd

from attune_sim.frame.columns import (
    CELL_COLUMNS,
    ENDS,
    METRIC_COLUMNS,
    READ_ANEW,
    SAMPLE_COLUMNS,
    SO_FAR,
    STRATEGY_COLUMNS,
    WHERE,
    typed,
)
from attune_sim.metrics import UNITS
from attune_sim.record import (
    MACHINE,
    SCHEMA_VERSION,
    SOFTWARE,
    CellKey,
    CellRecord,
    Reading,
    Sample,
    facts_of,
)

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
        **_fields(record.key),
        "hash_seed": record.hash_seed,
        **{name: getattr(record, name) or usual for name, usual in where.items()},
        "looks": " ".join(map(str, record.looks)),
        "items": record.items,
        **own,
    }


def _fields(one: CellKey | Reading | Sample) -> dict[str, Any]:
    """Its values by name; `dataclasses.asdict` would copy each of them, deep."""
    return {name: getattr(one, name) for name in one.__slots__}


def _long(
    records: Iterable[CellRecord],
    parts_of: Callable[[CellRecord], Iterable[Reading | Sample]],
    columns: Sequence[str],
) -> pd.DataFrame:
    known, rows = list(records), []
    where = _where(known)
    for record in known:
        cell = _cell(record, (*SO_FAR, "fan_out_context_bytes"), where)
        rows += [{**cell, **_fields(part), "unit": UNITS.get(part.metric, "")} for part in parts_of(record)]
    return _framed(rows, columns, known)


def _framed(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], records: Sequence[CellRecord]
) -> pd.DataFrame:
    frame = typed(pd.DataFrame(rows, columns=list(columns)))
    shared, differ = surroundings_of(records)
    units = {name: UNITS[name] for name in columns if name in UNITS}
    frame.attrs.update(surroundings=shared, surroundings_differ=differ, surroundings_by=_behind(records))
    frame.attrs.update(schema=SCHEMA_VERSION, units=units)
    return frame
