"""What a store says of one setting: how memory and time grow over the items there, and where each strategy dies. Pure: a frame and a
setting give an outlook, whatever shows it.

All forks of an `eager` fan-out exist at once, and their law is the one that was fitted. Of a `window` there is a law where cells of
that window were measured; else it is told from eager ones: as many forks as the window has are alive, and every item
before them left its record behind. That is one more estimate, and is called one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pandas as pd

from attune_sim.analysis.frontier import slacks_of
from attune_sim.analysis.laws import Fit, Fits, Group, fits_of
from attune_sim.analysis.laws.classes import LEAST_SIZES
from attune_sim.analysis.laws.points import Floats, context_of
from attune_sim.errors import counted
from attune_sim.frame import bare

LIVE: Final = "live_heap_bytes"
WALL: Final = "wall_s"
_SPACE, _RECORD = "base_space_bytes", "record_bytes"
NEEDED: Final = (LIVE, WALL, _SPACE, _RECORD)
"""Metrics of which laws are fitted."""

MOST_ITEMS: Final = 1e7
"""So far curves are told, and deaths looked for."""

ALIKE: Final = 0.1
"""Contexts that differ by no more than this share are the same one on a slider."""

_PLACES: Final = 121
_FINE: Final = 2_001
_DIED: Final = ("memory_limit", "crashed", "killed")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the sliders say. `context_bytes` is what lies in the context before the first task; `window` so many items under way at
    once, None: all of them (`eager`); `memory_bytes` what the process may take."""

    items: int
    context_bytes: int
    payload: str
    window: int | None
    memory_bytes: int

    @property
    def dispatch(self) -> Literal["eager", "windowed"]:
        return "eager" if self.window is None else "windowed"


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric of one strategy over the items. From `first` to `last` items, at contexts like this one, it was measured; beyond, it
    is extrapolated. `basis` says what it rests on."""

    strategy: str
    items: Sequence[float]
    values: Sequence[float]
    first: float
    last: float
    basis: str

    def is_extrapolated(self, items: float) -> bool:
        return not self.first <= items <= self.last


@dataclass(frozen=True, slots=True)
class Dot:
    """What one cell read at this setting, whatever its items; `died` where it met a limit instead, after so many `items`."""

    strategy: str
    items: float
    value: float
    died: bool = False


@dataclass(frozen=True, slots=True)
class Death:
    """At so many items a strategy has used up the memory; the law's interval is `low` to `high`. Always `estimated`."""

    strategy: str
    items: float
    low: float
    high: float
    value: float


@dataclass(frozen=True, slots=True)
class Told:
    """One strategy at the shown point. `bytes` of live heap, `s` seconds of the run, None where nothing is known; `dies_at` items, None
    where it lives as far as is looked; `source` is `measured` where a cell of this size was, else `estimated`."""

    strategy: str
    bytes: float | None
    s: float | None
    dies_at: Death | None
    source: Literal["measured", "estimated", ""]
    basis: str

    def lives(self, items: float) -> bool | None:
        """Whether it lives with so many items; None where nothing is known."""
        return None if self.bytes is None else self.dies_at is None or items < self.dies_at.items


@dataclass(frozen=True, slots=True)
class Outlook:
    """All that is known of one setting. `room_bytes` are what the limit leaves for the live heap of the run."""

    setting: Setting
    memory: tuple[Curve, ...]
    time: tuple[Curve, ...]
    memory_dots: tuple[Dot, ...]
    time_dots: tuple[Dot, ...]
    deaths: tuple[Death, ...]
    room_bytes: float
    told: tuple[Told, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Strategies of which there is no law here."""
        return tuple(one.strategy for one in self.told if not one.basis)


class Known:
    """The laws of a long metrics frame, and its cells: it gives an `outlook` of any setting.

    `strategies` are those that are to be told of, None: those that are in the frame.
    """

    def __init__(self, metrics: pd.DataFrame, strategies: Iterable[str] | None = None) -> None:
        self._metrics = bare(metrics)
        own = dict.fromkeys(self._metrics["strategy"].astype(str)) if strategies is None else strategies
        self.strategies = tuple(own)

    def __repr__(self) -> str:
        return f"<Known: {counted(len(self._metrics), 'reading')} of {', '.join(self.strategies) or 'no strategy'}>"

    @cached_property
    def _fits(self) -> Fits:
        return {} if self._metrics.empty else fits_of(self._metrics, NEEDED)

    @cached_property
    def _slacks(self) -> Mapping[str, float]:
        return {} if self._metrics.empty else slacks_of(self._metrics)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row a cell that ran, with what it read of memory and time, and `handed`: C of the laws."""
        frame = self._metrics[self._metrics["source"].eq("measured")]
        wide = frame[frame["metric"].isin(NEEDED)].pivot_table(
            index="cell", columns="metric", values="value", aggfunc="last"
        )
        cells = self._metrics.drop_duplicates("cell")
        cells = cells[cells["outcome"].ne("skipped") & cells["items"].notna()]
        cells = cells.assign(handed=context_of(cells)).set_index("cell")
        return cells.join(wide.reindex(columns=list(NEEDED)))

    @property
    def payloads(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._metrics["payload"].dropna().astype(str)))

    def outlook(self, setting: Setting) -> Outlook:
        """What is known there; nothing is measured."""
        context = setting.context_bytes + self._handed_more
        growths = [(name, self._growths(name, setting)) for name in self.strategies]
        grid = np.geomspace(1.0, MOST_ITEMS, _PLACES)
        here = self._here(setting)
        memory, time, deaths, told = [], [], [], []
        for name, (live, wall) in growths:
            limit = self._limit(name, live, setting)
            death = None if live is None else _death(name, live, context, limit)
            memory += _curves(name, live, grid, context)
            time += _curves(name, wall, grid, context)
            deaths += [death] if death is not None and death.items < MOST_ITEMS else []
            told.append(self._told(name, setting, context, live, wall, death, here))
        return Outlook(
            setting,
            tuple(memory),
            tuple(time),
            tuple(self._dots(here, LIVE)),
            tuple(self._dots(here, WALL)),
            tuple(deaths),
            max(setting.memory_bytes - self._space, 0.0),
            tuple(told),
        )

    def _growths(self, strategy: str, setting: Setting) -> tuple[_Growth | None, _Growth | None]:
        """Of memory and of time."""
        own = self._group(strategy, setting, window=setting.window)
        if own is not None or setting.window is None:
            return self._growth(own, LIVE), self._growth(own, WALL)
        eager = self._group(strategy, setting, window=None)
        live, wall = self._growth(eager, LIVE), self._growth(eager, WALL)
        record = None if eager is None else self._fits.get((eager, _RECORD))
        if live is None or record is None:
            return None, wall
        return live._replace(window=setting.window, record=record), wall

    def _growth(self, group: Group | None, metric: str) -> _Growth | None:
        fit = None if group is None else self._fits.get((group, metric))
        if fit is None or len(fit.points.sizes) < LEAST_SIZES:
            return None
        return _Growth(fit)

    def _group(self, strategy: str, setting: Setting, window: int | None) -> Group | None:
        """Cells of this strategy, payload and window that have a law. One item is under way at a time where they are performed inline."""
        for group, metric in self._fits:
            alike = metric == LIVE and (group.strategy, group.payload) == (strategy, setting.payload)
            wide = (
                (1 if group.executor == "inline" else group.concurrency)
                if group.dispatch == "windowed"
                else None
            )
            if alike and wide == window and len(self._fits[group, metric].points.sizes) >= LEAST_SIZES:
                return group
        return None

    def _limit(self, strategy: str, live: _Growth | None, setting: Setting) -> float:
        """Live heap at which the limit is met: less where the system gives more than is used."""
        return max(setting.memory_bytes - self._space, 0.0) / self._slacks.get(strategy, 1.0)

    @cached_property
    def _space(self) -> float:
        """Address space of a process before its run."""
        known = self.cells[_SPACE].dropna()
        return 0.0 if known.empty else float(known.median())

    @cached_property
    def _handed_more(self) -> float:
        """Bytes by which a fan-out is handed more than lies in the context before the first task."""
        more = (self.cells["handed"] - self.cells["context_bytes"].astype("float64")).dropna()
        return 0.0 if more.empty else max(float(more.min()), 0.0)

    def _here(self, setting: Setting) -> pd.DataFrame:
        """The cells of this payload, window and context, whatever their items."""
        cells = self.cells
        near = (cells["context_bytes"].astype("float64") / max(setting.context_bytes, 1) - 1).abs() <= ALIKE
        alike = near & cells["payload"].eq(setting.payload) & cells["dispatch"].eq(setting.dispatch)
        if setting.window is not None:
            inline = cells["executor"].eq("inline")
            width = cells["concurrency"].astype("Float64").mask(inline, 1.0)
            alike &= width.eq(setting.window).fillna(False).astype(bool)
        return cells[alike & cells["strategy"].isin(self.strategies)]

    def _dots(self, here: pd.DataFrame, metric: str) -> Iterator[Dot]:
        rows: Any = here.itertuples()
        for row in rows:
            ended, value = str(row.outcome), getattr(row, metric)
            if ended == "ok" and pd.notna(value):
                yield Dot(str(row.strategy), float(row.items), float(value))
            elif ended in _DIED and metric == LIVE:
                room = max(float(row.memory_limit_bytes) - self._space, 0.0)
                yield Dot(str(row.strategy), max(float(row.forks), 1.0), room, died=True)

    def _told(
        self,
        name: str,
        setting: Setting,
        context: float,
        live: _Growth | None,
        wall: _Growth | None,
        death: Death | None,
        here: pd.DataFrame,
    ) -> Told:
        cells = here[
            here["strategy"].eq(name)
            & here["items"].astype("float64").eq(setting.items)
            & here["outcome"].eq("ok")
        ]
        dies = None if death is None or death.items >= MOST_ITEMS else death
        basis = "" if live is None else live.basis
        if not cells.empty:
            read = (float(cells[LIVE].median()), float(cells[WALL].median()))
            return Told(name, read[0], None if np.isnan(read[1]) else read[1], dies, "measured", basis)
        heap, wall_s = (None if one is None else one.at(setting.items, context) for one in (live, wall))
        return Told(name, heap, wall_s, dies, "estimated" if live is not None else "", basis)


class _Growth(NamedTuple):
    """A metric over the items: a law, or, of a `window` without one, that of eager cells with the `record` of an item."""

    fit: Fit
    window: int | None = None
    record: Fit | None = None

    @property
    def basis(self) -> str:
        """`O(N*C) of 18 cells`, and `eager ones` where the window is told from them."""
        of = f"{self.fit.law} of {len(self.fit.points)} cells"
        return of if self.record is None else f"{of}, eager ones"

    def costs(self, items: Floats, context: float) -> Floats:
        alive = items if self.window is None else np.minimum(items, self.window)
        found = self.fit.costs(alive, np.full(len(items), context))
        if self.record is not None:
            found = found + (items - alive) * np.maximum(
                self.record.costs(items, np.full(len(items), context)), 0.0
            )
        return np.asarray(found)

    def at(self, items: float, context: float) -> float:
        return float(self.costs(np.array([float(items)]), context)[0])

    def measured(self, context: float) -> tuple[float, float]:
        """The items between which it was measured; none where the context lies outside of what was."""
        points = self.fit.points
        inside = points.context.min() * (1 - ALIKE) <= context <= points.context.max() * (1 + ALIKE)
        if not inside or self.window is not None:
            return inf, -inf
        return float(points.items.min()), float(points.items.max())

    def items_at(self, context: float, limit: float, side: int) -> float:
        """The items at which the limit is met; `side` -1 and 1 are the ends of the interval. Infinite where it is not met."""
        contexts = np.full(_FINE, context)
        items = np.geomspace(1.0, MOST_ITEMS, _FINE)
        off = np.hypot(self.fit.off_by(items, contexts), self.fit.noise) * self.fit.quantile
        costs = self.costs(items, context) * np.exp(side * np.minimum(off, 50.0))
        (over,) = np.nonzero(costs > limit)
        if not len(over):
            return inf
        place = int(over[0])
        near = slice(max(place - 1, 0), place + 1)
        return float(
            np.exp(
                np.interp(np.log(max(limit, 1.0)), np.log(np.maximum(costs[near], 1.0)), np.log(items[near]))
            )
        )


def _curves(name: str, growth: _Growth | None, grid: Floats, context: float) -> list[Curve]:
    if growth is None:
        return []
    values = growth.costs(grid, context)
    return [Curve(name, tuple(grid), tuple(values), *growth.measured(context), growth.basis)]


def _death(name: str, live: _Growth, context: float, limit: float) -> Death:
    items, low, high = (live.items_at(context, limit, side) for side in (0, 1, -1))
    value = limit if items == inf else live.at(items, context)
    return Death(name, items, low, high, value)


def points_of_sizes(known: Known) -> dict[str, list[int]]:
    """The items and contexts that were measured, each sorted and once."""
    found: dict[str, list[int]] = {}
    for name in ("items", "context_bytes"):
        column: Any = known.cells[name].dropna()
        found[name] = sorted({int(value) for value in column})
    return found
