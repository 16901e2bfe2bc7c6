"""What each strategy would take at a size that was asked for, at which item it would run out of memory, and which one to take.

Memory over a run, in the order of time, for N items:

    opening               what is alive as the fan-out begins: the items, results of earlier tasks
    + fork a fork         eager: all of them before the first item ends, and until the fan-out closes; windowed: one at a time
    + record an item      what an item that ended leaves behind

A fork either does not depend on the context or grows with it along a line, unless some were weighed at the very size; a record is the same
for every item, and `opening` is the line through what they leave of the live heap. On top of it come what the process takes before the run, and `slack`:
resident bytes a byte of live heap. What a limit counts is the address space: the room that it leaves is used up faster, by what allocators never fill,
and by what the making of a fork takes for a moment. The laws of `analysis.laws` ask for more sizes than there is time for here: with two of them,
in which the context grows with the items, N, C and N*C cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, inf, log, nan
from typing import Any, Final, NamedTuple

import pandas as pd

from attune_sim.analysis.law import LinearLaw, linear_law
from attune_sim.frame import bare

OUTLOOK_COLUMNS: Final = (
    *("strategy", "safe", "bytes", "low", "high", "us", "seconds", "dies_at", "source", "unsafe"),
)

_EACH: Final = ("render_us", "action_us", "bookkeeping_us", "drop_us", "collector_us")
"""What an item takes besides its fork."""

_NOISE: Final = 0.02  # of a prediction within the sizes that were run, a share
_DRIFT: Final = 0.03  # more of it for each e-fold beyond them
_DEPENDS: Final = 0.1  # per cent a per cent of context: below it a fork does not depend on it
_SLACK_FROM: Final = 16e6  # of a heap that grew by less, free memory of the process took a part
_SAME: Final = 1.01  # contexts that differ by less are one size
_COPY: Final = 0.5  # bytes of heap a byte of JSON: the least that a copy takes, since texts are shared
_ALIKE: Final = 1.1  # memory that differs by less is called the same, and time decides


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a strategy at the size that was asked for.

    `bytes` are those of the whole process at its peak, `low` and `high` a margin around them (2 %, and 3 % for each e-fold beyond
    the sizes that were run: a rule of thumb, no interval whose coverage was measured); `us` is the price of a fork, `seconds` the time of the run without what its actions take. `dies_at` is the item at which the memory is used up,
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
    def is_known(self) -> bool:
        """Whether a cell came to its end that tells of its memory."""
        return self.bytes == self.bytes or self.dies_at is not None

    @property
    def lives(self) -> bool:
        """Whether the memory lasts, as far as anything tells."""
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
    weighed: Mapping[str, WeighedFork] | None = None,
) -> list[Outlook]:
    """The outlook of each strategy of a long metrics frame, the better first.

    Of a strategy that was run in one other size only nothing is said: one size cannot tell how memory grows.
    `memory` is what the process may take, in bytes; `unsafe` says of strategies why they are not safe, `weighed` what a fork holds at the size that was asked
    for, where some were made.
    """
    told, forks, asked = (
        unsafe or {},
        weighed or {},
        Asked(items, _context_at(metrics, items), memory, dispatch),
    )
    parts = _by_strategy(metrics)
    found = [_outlook(part, asked, told.get(name, ""), forks.get(name)) for name, part in parts]
    return sorted((one for one in found if one is not None), key=lambda one: one.rank(memory))


def outlines(metrics: pd.DataFrame, *, items: int, dispatch: str = "eager") -> dict[str, Outline]:
    """The outline of each strategy of which there are cells of that size, or of two others."""
    asked = Asked(items, _context_at(metrics, items), inf, dispatch)
    wide = {name: _wide(part) for name, part in _by_strategy(metrics)}
    return {name: _outline(part, asked) for name, part in wide.items() if _tells(part, items)}


def _by_strategy(metrics: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), part) for name, part in bare(metrics).groupby("strategy", sort=False)]


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
        """The most that is alive: at the end of the last item."""
        return self.opening + self.held * self.fork + self.items * self.record

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
        return self.items if self.held == self.items else int((left - self.held * self.fork) / self.record)


class WeighedFork(NamedTuple):
    """Bytes of live heap of a fork at the size that was asked for, of address space for each of them, and of address space that making one takes
    for a moment."""

    bytes: float
    space_each: float
    workspace: float


class Beside(NamedTuple):
    """What a process takes beside the live heap of its run: before it, resident and of its address space, and a byte of it."""

    resident: float
    space: float
    slack: float


class Outline(NamedTuple):
    """Memory over a run, and what the process takes beside it."""

    course: Course
    beside: Beside


def _outlook(cells: pd.DataFrame, asked: Asked, unsafe: str, weighed: WeighedFork | None) -> Outlook | None:
    strategy, wide = str(cells["strategy"].iloc[0]), _wide(cells)
    if wide.empty:
        why = unsafe or "no cell came to its end"
        return Outlook(strategy, nan, nan, nan, nan, nan, None, "estimated", why)
    if not _tells(wide, asked.items):
        return None
    course, beside = _outline(wide, asked)
    if weighed is not None:
        course = course._replace(fork=weighed.bytes)
    own, off = _measured(wide, asked.items), _off(wide, asked.items)
    told = beside.resident + beside.slack * course.peak
    us = _at_context(wide, "fork_us", asked.context)
    return Outlook(
        strategy,
        bytes=told if own is None else own,
        low=beside.resident + beside.slack * course.peak * exp(-off) if own is None else own,
        high=beside.resident + beside.slack * course.peak * exp(off) if own is None else own,
        us=us,
        seconds=_seconds(wide, us, asked.items),
        dies_at=course.reaches(_room(asked.memory, beside, weighed)),
        source="estimated" if own is None else "measured",
        unsafe=unsafe,
    )


def _tells(wide: pd.DataFrame, items: int) -> bool:
    """Whether there are cells of that size, or of two others."""
    return not wide.empty and (set(wide["items"]) == {items} or wide["items"].nunique() > 1)


def _room(memory: float, beside: Beside, weighed: WeighedFork | None) -> float:
    """Bytes of live heap that fit into a memory."""
    if weighed is None:
        return (memory - beside.space) / beside.slack
    return (memory - beside.space - weighed.workspace) / max(beside.slack, weighed.space_each)


def _outline(wide: pd.DataFrame, asked: Asked) -> Outline:
    return Outline(_course(wide, asked), _beside(wide, asked.items))


def _course(wide: pd.DataFrame, asked: Asked) -> Course:
    opening = max(0.0, _openings(wide, asked.dispatch).at(asked.items))
    fork = _at_context(wide, "fork_bytes", asked.context)
    record = _at_context(wide, "record_bytes", None)
    return Course(
        asked.items, _held(asked.items, asked.dispatch), opening, fork, 0.0 if record != record else record
    )


def _at_context(wide: pd.DataFrame, metric: str, context: float | None) -> float:
    """A figure of one item where the fan-out is handed so many bytes of JSON (None: where it does not matter); NaN: unknown.

    Cells of one size cannot tell how it grows: a fork that is as large as the context is taken for a copy of it.
    """
    if metric not in wide or wide[metric].isna().all():
        return nan
    known = wide[wide[metric].notna()].sort_values("context")
    sizes, values = [float(one) for one in known["context"]], [float(one) for one in known[metric]]
    if context is None or context <= sizes[-1]:
        return values[-1]
    if sizes[-1] <= _SAME * sizes[0]:
        is_copy = float(known["fork_bytes"].iloc[-1]) >= _COPY * sizes[-1]
        return values[-1] * (context / sizes[-1] if is_copy else 1.0)
    depends = log(max(values[-1], 1e-9) / max(values[0], 1e-9)) / log(sizes[-1] / sizes[0])
    law = linear_law(sizes, values)
    return values[-1] if law is None or depends < _DEPENDS else max(values[-1], law.at(context))


def _seconds(wide: pd.DataFrame, us: float, items: int) -> float:
    """Of the run, from what one item took in the largest cell that was timed; NaN if none was."""
    timed = [row for row in wide.to_dict("records") if _number(row.get("wall_s")) > 0]
    if not timed or us != us:
        return nan
    largest = max(timed, key=lambda row: float(row["items"]))
    each = us + sum(_number(largest.get(name)) for name in _EACH)
    return (_number(largest.get("setup_us")) + each * items) / 1e6


def _off(wide: pd.DataFrame, items: int) -> float:
    """How far off a prediction may be, in logarithms."""
    return _NOISE + _DRIFT * max(0.0, log(max(items, 1) / float(wide["items"].max())))


def _beside(wide: pd.DataFrame, items: int) -> Beside:
    largest = max(wide.to_dict("records"), key=lambda row: float(row["live_heap_bytes"]))
    grown, live = float(largest.get("peak_rss_bytes", nan)), float(largest["live_heap_bytes"])
    slack = max(1.0, grown / live) if live >= _SLACK_FROM and grown == grown else 1.0
    resident = _line(wide, "base_rss_bytes", items)
    return Beside(resident, _line(wide, "base_space_bytes", items) or resident, slack)


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
    named = good.assign(context=good["fan_out_context_bytes"].fillna(good["context_bytes"]).astype("float64"))
    wide = named.pivot_table(
        index=["cell", "items", "context"], columns="metric", values="value"
    ).reset_index()
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


def _number(value: Any) -> float:
    return 0.0 if value is None or value != value else float(value)
