"""A run as a trace of Chrome's format, which Perfetto and speedscope read: tasks, their items and attempts over time.

Each task is a process of the trace, and what of it runs at once lies in lanes below each other (its threads): in a lane nothing
overlaps but an item and its attempts, which lie inside it. Times are microseconds of run time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush
from typing import Any

import pandas as pd

from attune_sim import __version__

Event = dict[str, Any]
Spans = Iterable[tuple[float, float]]


def trace_text(name: str, tasks: pd.DataFrame, items: pd.DataFrame, attempts: pd.DataFrame) -> str:
    """The trace as JSON, an event a line, from the frames of a run. The same frames give the same text."""
    events = ",\n".join(
        json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        for event in trace_events(tasks, items, attempts)
    )
    other = json.dumps({"written_by": f"attune-sim {__version__}", "run": name}, ensure_ascii=False)
    return f'{{"otherData":{other},"displayTimeUnit":"ms","traceEvents":[\n{events}\n]}}\n'


def trace_events(tasks: pd.DataFrame, items: pd.DataFrame, attempts: pd.DataFrame) -> Iterator[Event]:
    """The events of a trace: names of processes and lanes, then a span a visit of a task, an item, and an attempt of what was tried again.

    What did not end goes on to the end of the run.
    """
    ends = pd.concat([tasks["ended_s"], tasks["started_s"], items["ended_s"]]).dropna()
    end = float(ends.max()) if len(ends) else 0.0
    by_task = dict(iter(items.groupby("task", sort=False)))
    tried = _attempts(attempts)
    for process, (task, visits) in enumerate(tasks.groupby("task", sort=False), 1):
        yield {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": str(task)}}
        yield {
            "ph": "M",
            "name": "process_sort_index",
            "pid": process,
            "tid": 0,
            "args": {"sort_index": process},
        }
        yield from _visits(str(task), process, visits, tried, end)
        if task in by_task:
            yield from _items(str(task), process, by_task[task], tried, end)


def lanes_of(spans: Spans) -> list[int]:
    """A lane for each span, counted from 0, so that those of one lane do not overlap; the least that is free.

    >>> lanes_of([(0, 2), (1, 3), (2, 4), (2.5, 3)])
    [0, 1, 0, 2]
    """
    known = list(spans)
    lanes, free, busy = [0] * len(known), list[int](), list[tuple[float, int]]()
    for place in sorted(range(len(known)), key=lambda place: known[place]):
        start, end = known[place]
        while busy and busy[0][0] <= start:
            heappush(free, heappop(busy)[1])
        lanes[place] = heappop(free) if free else len(busy)
        heappush(busy, (end, lanes[place]))
    return lanes


Tried = Mapping[tuple[str, int, int], list[tuple[float, float, str, int]]]


def _attempts(attempts: pd.DataFrame) -> Tried:
    """(task, visit, index, -1 without items) -> spans of its attempts, with outcome and number."""
    found: dict[tuple[str, int, int], list[tuple[float, float, str, int]]] = {}
    columns = ("task", "visit", "index", "started_s", "ended_s", "outcome", "attempt")
    index = attempts["index"].fillna(-1).astype("int64")
    for task, visit, place, start, end, outcome, number in zip(
        *(index if name == "index" else attempts[name] for name in columns), strict=True
    ):
        found.setdefault((task, visit, place), []).append((start, end, outcome, number))
    return found


def _visits(task: str, process: int, visits: pd.DataFrame, tried: Tried, end: float) -> Iterator[Event]:
    yield _lane_name(process, 0, "task")
    for row in visits.to_dict("records"):
        known = {"visit": row["visit"], "status": row["status"], "items": row["items"], "error": row["error"]}
        yield _span(task, process, 0, row["started_s"], row["ended_s"], end, known)
        yield from _tries(tried.get((task, row["visit"], -1), ()), process, 0)


def _items(task: str, process: int, items: pd.DataFrame, tried: Tried, end: float) -> Iterator[Event]:
    called = items[items["started_s"].notna()]
    ended = called["ended_s"].fillna(end)
    lanes = lanes_of(zip(called["started_s"], ended, strict=True))
    for lane in range(1 + max(lanes, default=-1)):
        yield _lane_name(process, lane + 1, f"items {lane + 1}")
    names = ("visit", "index", "outcome", "attempts", "started_s", "ended_s", "error")
    rows = zip(*(called[name] for name in names), lanes, strict=True)
    for visit, index, outcome, count, started, stopped, error, lane in rows:
        known = {"outcome": outcome, "attempts": count, "error": error}
        yield _span(f"{task}[{index}]", process, lane + 1, started, stopped, end, known)
        if count > 1:
            yield from _tries(tried.get((task, visit, index), ()), process, lane + 1)


def _tries(attempts: Iterable[tuple[float, float, str, int]], process: int, lane: int) -> Iterator[Event]:
    for started, ended, outcome, number in attempts:
        yield _span(f"attempt {number + 1}", process, lane, started, ended, ended, {"outcome": outcome})


def _span(
    name: str, process: int, lane: int, started: float, ended: float, end: float, known: Mapping[str, Any]
) -> Event:
    last = end if pd.isna(ended) else ended
    began, stopped = (round(moment * 1e6, 3) for moment in (started, max(last, started)))
    told = {key: _plain(value) for key, value in known.items() if value is not None and not pd.isna(value)}
    times = {
        "ts": began,
        "dur": round(stopped - began, 3),
    }  # both ends to a nanosecond: what lies inside stays inside
    return {"ph": "X", "name": name, "pid": process, "tid": lane, **times, "args": told}


def _lane_name(process: int, lane: int, name: str) -> Event:
    return {"ph": "M", "name": "thread_name", "pid": process, "tid": lane, "args": {"name": name}}


def _plain(value: Any) -> Any:
    """A value of a frame as one of Python's own."""
    return value.item() if hasattr(value, "item") else value
