"""What each strategy would take at a size that was asked for, at which item it would run out of memory, and which one to take.

Memory over a run, in the order of time, for N items:

    opening               what is alive as the fan-out begins: the items, results of earlier tasks
    + fork a fork         eager: all of them before the first item ends; windowed: one at a time
    + record an item      what an item that ended leaves behind; with eager dispatch its fork goes as it ends

`fork` and `record` are laws of the sizes that were measured, and `opening` is the line through what they leave of the live
heap. On top of it come what the process takes before the run, and `slack`: resident bytes a byte of live heap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, log, nan
from typing import Any, Final, NamedTuple

import pandas as pd

from attune_sim.analysis.law import LinearLaw, linear_law
from attune_sim.analysis.laws import Fit, Prediction, fits_of

OUTLOOK_COLUMNS: Final = (
    *("strategy", "safe", "bytes", "low", "high", "us", "seconds", "dies_at", "source", "unsafe"),
)

_FITTED: Final = ("fork_bytes", "record_bytes", "fork_us", "wall_s")
_SLACK_FROM: Final = 16e6  # of a heap that grew by less, free memory of the process took a part
_COPY: Final = 0.5  # bytes of heap a byte of JSON: the least that a copy takes, since texts are shared
_GUESS: Final = 2.0
_ALIKE: Final = 1.1  # memory that differs by less is called the same, and time decides


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a strategy at the size that was asked for.

    `bytes` are those of the whole process at its peak, `low` and `high` the interval that holds 95 of 100; `us` is the price of
    a fork, `seconds` the time of the run without what its actions take. `dies_at` is the item at which the memory is used up,
    None where it lasts. `source` is `measured` if a cell of that size was run. `unsafe` says why it is not safe, empty if it is.
    """

    strategy: str
    bytes: float
    low: float
    high: float
    us: float
    seconds: float
    dies_at: int | None
    source: str
    unsafe: str = ""

    @property
    def safe(self) -> bool:
        return not self.unsafe

    @property
    def lives(self) -> bool:
        """Whether the memory lasts."""
        return self.dies_at is None

    def rank(self, memory: float) -> tuple[Any, ...]:
        """The better comes first: safe, alive, surely alive, then less memory, less time; of those that die the last one."""
        step = round(log(max(self.bytes, 1.0)) / log(_ALIKE)) if self.bytes == self.bytes else inf
        furthest = 0 if self.dies_at is None else -self.dies_at
        return (not self.safe, not self.lives, self.high > memory, furthest, step, self.us)


def outlooks(
    metrics: pd.DataFrame,
    *,
    items: int,
    memory: float,
    dispatch: str = "eager",
    unsafe: Mapping[str, str] | None = None,
) -> list[Outlook]:
    """The outlook of each strategy of a long metrics frame, the better first.

    `memory` is what the process may take, in bytes; `unsafe` says of strategies why they are not safe.
    """
    fits, told = fits_of(metrics, _FITTED), unsafe or {}
    context = _context_at(metrics, items)
    found = [
        _outlook(
            part, _laws_of(fits, str(name)), Asked(items, context, memory, dispatch), told.get(str(name), "")
        )
        for name, part in metrics.groupby("strategy", sort=False)
    ]
    return sorted(found, key=lambda one: one.rank(memory))


def outlooks_frame(found: Iterable[Outlook]) -> pd.DataFrame:
    """One row an outlook (`OUTLOOK_COLUMNS`)."""
    rows = [tuple(getattr(one, name) for name in OUTLOOK_COLUMNS) for one in found]
    return pd.DataFrame(rows, columns=list(OUTLOOK_COLUMNS)).astype({"dies_at": "Int64", "safe": "bool"})


class Asked(NamedTuple):
    """The size and the memory that are asked about; `context` is what the fan-out would be handed, in bytes of JSON."""

    items: int
    context: float
    memory: float
    dispatch: str


class Course(NamedTuple):
    """Memory over a run of so many items, in bytes, as the head of this file says. `held` forks are alive together."""

    items: int
    held: int
    opening: float
    fork: float
    record: float

    @property
    def peak(self) -> float:
        """The most that is alive."""
        return self.opening + max(self.held * self.fork, self._leaving + self.items * self.record)

    @property
    def _leaving(self) -> float:
        """Forks that are alive while the last items end: with eager dispatch they have gone one by one."""
        return 0.0 if self.held == self.items else self.held * self.fork

    def reaches(self, room: float) -> int | None:
        """The item at which so many bytes are used up, counted as cells count: by the forks that were made, or the items that
        ended if these are more. None if they last; 0: before the first item."""
        left = room - self.opening
        if left < 0:
            return 0
        if left < self.held * self.fork:
            return int(left / self.fork)
        if room >= self.peak:
            return None
        return self.items if self.held == self.items else int((left - self._leaving) / self.record)


def _outlook(cells: pd.DataFrame, laws: Mapping[str, Fit], asked: Asked, unsafe: str) -> Outlook:
    strategy = str(cells["strategy"].iloc[0])
    wide = _wide(cells)
    if not laws.keys() >= {"fork_bytes", "wall_s"} or wide.empty:
        return Outlook(
            strategy, nan, nan, nan, nan, nan, None, "estimated", unsafe or "no cell came to its end"
        )
    told = {name: fit.predict(asked.items, asked.context) for name, fit in laws.items()}
    told["fork_bytes"] = _fork(laws["fork_bytes"], told["fork_bytes"], asked.context)
    process = _Process.of(wide, asked.items)
    openings = _openings(wide, asked.dispatch)

    def course(fork: float, record: float) -> Course:
        return Course(
            asked.items, _held(asked.items, asked.dispatch), max(0.0, openings.at(asked.items)), fork, record
        )

    record = told.get("record_bytes", Prediction(0.0, 0.0, 0.0))
    low, value, high = (
        course(getattr(told["fork_bytes"], name), getattr(record, name)) for name in ("low", "value", "high")
    )
    own = _measured(wide, asked.items)
    sizes = [
        process.resident + process.slack * one.peak if own is None else own for one in (value, low, high)
    ]
    return Outlook(
        strategy,
        bytes=sizes[0],
        low=sizes[1],
        high=sizes[2],
        us=told["fork_us"].value if "fork_us" in told else nan,
        seconds=told["wall_s"].value,
        dies_at=value.reaches((asked.memory - process.space) / process.slack),
        source="estimated" if own is None else "measured",
        unsafe=unsafe,
    )


def _fork(fit: Fit, told: Prediction, context: float) -> Prediction:
    """Bytes of a fork. Cells of one size cannot tell how it grows: one that is as large as the context is taken to be a copy of it."""
    points = fit.points
    before, each = float(points.context.max()), told.value
    if len(points.sizes) > 1 or context <= before or each < _COPY * before:
        return told
    grown = context / before
    return Prediction(each * grown, each, told.high * grown * _GUESS)


class _Process(NamedTuple):
    """What a process takes beside the live heap of its run: before it, resident and of its address space, and a byte of it."""

    resident: float
    space: float
    slack: float

    @classmethod
    def of(cls, wide: pd.DataFrame, items: int) -> _Process:
        largest = max(wide.to_dict("records"), key=lambda row: float(row["live_heap_bytes"]))
        grown, live = float(largest.get("peak_rss_bytes", nan)), float(largest["live_heap_bytes"])
        slack = max(1.0, grown / live) if live >= _SLACK_FROM and grown == grown else 1.0
        resident = _line(wide, "base_rss_bytes", items)
        return cls(resident, _line(wide, "base_space_bytes", items) or resident, slack)


def _line(wide: pd.DataFrame, metric: str, items: int) -> float:
    """The metric at a size, by the line over the sizes; its mean where there is one size only, 0 where it is not known."""
    if metric not in wide or wide[metric].isna().all():
        return 0.0
    known = wide[wide[metric].notna()]
    law = linear_law(list(known["items"]), list(known[metric]))
    mean = float(known[metric].mean())
    return mean if law is None else max(law.at(items), float(known[metric].min()))


def _openings(wide: pd.DataFrame, dispatch: str) -> LinearLaw:
    """What is alive beside forks and records, over the items."""
    sizes, left = [], []
    for row in wide.to_dict("records"):
        items = int(row["items"])
        held = Course(items, _held(items, dispatch), 0.0, row["fork_bytes"], _number(row.get("record_bytes")))
        sizes.append(float(items))
        left.append(float(row["live_heap_bytes"]) - held.peak)
    return linear_law(sizes, left) or LinearLaw(0.0, sum(left) / len(left), 1.0, len(left))


def _held(items: int, dispatch: str) -> int:
    """Forks that are alive together: all of them, or that of the one item that is under way."""
    return items if dispatch == "eager" else min(items, 1)


def _wide(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a cell that came to its end, a column a metric."""
    good = cells[(cells["outcome"] == "ok") & (cells["source"] == "measured") & cells["items"].notna()]
    wide = good.pivot_table(index=["cell", "items"], columns="metric", values="value").reset_index()
    needed = {"live_heap_bytes", "fork_bytes"}
    return wide.dropna(subset=list(needed)) if needed <= set(wide.columns) else wide.iloc[:0]


def _measured(wide: pd.DataFrame, items: int) -> float | None:
    """Bytes of the process in cells of that very size, their mean; None if there is none."""
    own = wide[wide["items"] == items]
    if own.empty or not {"base_rss_bytes", "peak_rss_bytes"} <= set(own.columns):
        return None
    total = (own["base_rss_bytes"] + own["peak_rss_bytes"]).dropna()
    return None if total.empty else float(total.mean())


def _context_at(metrics: pd.DataFrame, items: int) -> float:
    """What the fan-out would be handed: the line through what it was handed at the sizes that were run."""
    cells = metrics.drop_duplicates("cell")
    known = cells[cells["fan_out_context_bytes"].notna() & cells["items"].notna()]
    if known.empty:
        return float(cells["context_bytes"].max())
    sizes = [float(size) for size in known["items"]]
    handed = [float(size) for size in known["fan_out_context_bytes"]]
    law = linear_law(sizes, handed)
    return max(handed) if law is None else max(law.at(items), min(handed))


def _laws_of(fits: Mapping[Any, Fit], strategy: str) -> dict[str, Fit]:
    return {metric: fit for (group, metric), fit in fits.items() if group.strategy == strategy}


def _number(value: Any) -> float:
    return 0.0 if value is None or value != value else float(value)
