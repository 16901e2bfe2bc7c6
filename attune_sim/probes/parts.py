"""What the time of a run was spent on: the parts of one item of its largest fan-out, and what lies around them.

Every part is the distance between two readings of the clock that stand at its ends, less what one reading costs; none is
what is left over. An attempt is read as it begins, when its context is forked, when its input is rendered, when its
action is called and returns, and when fork and input are let go; what lies between rendering and call, and between the end
and the beginning of the next attempt, is bookkeeping. Collections of the garbage collector are told apart by the moment at which each began: those that fell into a
fork belong to it, since a fork that keeps what it made is what brings them about; the others are a part of their own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isnan
from statistics import median
from typing import Final

from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.recorder import ItemColumns, Recorder

Span = tuple[float, float]
"""When something began, in run time, and the seconds that it took."""

_US: Final = 1e6
_READINGS: Final = 6
"""Readings of the clock an attempt: began, forked, ready, called, ended, dropped."""
_KEPT_READINGS: Final = 7
"""The same where forks are kept: two around each fork when all are made, five in its attempt."""


@dataclass(frozen=True, slots=True)
class Moments:
    """When a run began and ended, in run time.

    `spans` are the pauses of the collector, `looks` the readings of memory; `looked_at` are the items of the largest fan-out
    whose forks were waited for by one. `asides` are what came between attempts and is no part of the run, in order: results
    that were made anew for a replay.
    """

    began: float
    ended: float
    spans: tuple[Span, ...] = ()
    looks: tuple[Span, ...] = ()
    looked_at: tuple[int, ...] = ()
    asides: tuple[Span, ...] = ()

    @property
    def wall_s(self) -> float:
        """Seconds from the beginning to the end, without looking at memory, and without what is no part of the run."""
        return self.ended - self.began - sum(took for _, took in (*self.looks, *self.asides))

    def is_aside(self, moment: float) -> bool:
        """Whether that was in an aside.

        >>> [Moments(0, 9, asides=((1, 2), (5, 1))).is_aside(moment) for moment in (0.5, 2, 4, 5)]
        [False, True, False, True]
        """
        place = bisect_right(self.asides, (moment, inf)) - 1
        return place >= 0 and moment < sum(self.asides[place])


@dataclass(frozen=True, slots=True)
class Parts:
    """Microseconds: `setup_us` once a run, the others an item, as means over all `n` items."""

    n: int
    setup_us: float
    paid_fork_us: float
    render_us: float
    action_us: float
    bookkeeping_us: float
    collector_us: float
    drop_us: float
    clock_us: float

    @property
    def sum_s(self) -> float:
        """What they add up to over the whole run, in seconds."""
        each = (
            self.paid_fork_us
            + self.render_us
            + self.action_us
            + self.bookkeeping_us
            + self.collector_us
            + self.drop_us
            + self.clock_us
        )
        return (self.setup_us + self.n * each) / _US


@dataclass(frozen=True, slots=True)
class Unsplit:
    """Why a run has no parts, in a few words."""

    reason: str


def parts_of(recorder: Recorder, forks: ForkLog, moments: Moments, clock_us: float) -> Parts | Unsplit:
    """The parts of a run whose attempts came one after the other (the inline executor).

    `clock_us` is what one reading of the clock costs. Handing an input over to its action is bookkeeping. The items are those of the largest fan-out; where another one ran, or
    an attempt was repeated, its time lies between them and cannot be told apart.
    """
    largest = max(recorder.items, key=len, default=None)
    reason = _why_not(recorder, largest)
    if reason is not None or largest is None:
        return Unsplit(reason or "nothing fanned out")
    return _Split(largest, forks, moments, clock_us).parts()


def wall_s(recorder: Recorder, forks: ForkLog, moments: Moments) -> float:
    """Seconds of a run without the readings of memory in it.

    A reading that came between a fork and its rendering is told exactly by the attempt in which it was: what the way there and
    back takes, with cold caches, is several times what it takes in a loop.
    """
    largest = max(recorder.items, key=len, default=None)
    looked_at = () if largest is None or forks.kept or any(largest.repeats) else moments.looked_at
    own = away = 0.0
    if largest is None or not looked_at:
        return moments.wall_s
    handover_s = handover_us(largest, moments, kept=False) / _US
    for index in looked_at:
        start, span = largest.started_s[index], largest.span_s[index]
        if not isnan(start):
            away += _slack_us(largest, index, kept=False) / _US - handover_s
            own += sum(took for began, took in moments.looks if start <= began < start + span)
    return moments.wall_s + own - away


def handover_us(columns: ItemColumns, moments: Moments, *, kept: bool) -> float:
    """From where an input is ready to where its action is called: the same code for all items, so the median over those that
    were called, and whose forks no reading of memory waited for. What else lies there in a few of them stays unseen."""
    passed_over = set() if kept else set(moments.looked_at)
    slack = [
        _slack_us(columns, index, kept=kept)
        for index, start in enumerate(columns.started_s)
        if index not in passed_over and not isnan(start)
    ]
    return median(slack) if slack else 0.0


def _slack_us(columns: ItemColumns, index: int, *, kept: bool) -> float:
    """What of the span of an attempt is neither forking nor rendering nor action."""
    forked = 0.0 if kept else columns.fork_us[index]
    return columns.span_s[index] * _US - forked - columns.render_us[index] - columns.action_us[index]


def _why_not(recorder: Recorder, largest: ItemColumns | None) -> str | None:
    if not largest:
        return "nothing fanned out"
    if not all(largest.outcome):
        return "not all items ended"
    if sum(len(columns) for columns in recorder.items) > len(largest):
        return "several tasks fanned out"
    if any(largest.repeats):
        return "attempts were repeated"
    if not any(largest.fork_us):
        return "its items are sub-workflows, whose forks are made elsewhere"
    starts = largest.started_s
    if any(isnan(start) for start in starts):
        return "not all items were called"
    if any(later < earlier for earlier, later in pairwise(starts)):
        return "items did not come in their order"
    return None


class _Split:
    def __init__(self, columns: ItemColumns, forks: ForkLog, moments: Moments, clock_us: float) -> None:
        self._columns, self._forks, self._moments, self._clock_us = columns, forks, moments, clock_us
        self._n, self._kept = len(columns), bool(forks.kept)
        self._first = columns.started_s[0]
        self._last = columns.started_s[-1] + columns.span_s[-1]
        self._handover_us = handover_us(columns, moments, kept=self._kept)
        self._collected = _Collected(columns, moments, self._handover_us, kept=self._kept)

    def parts(self) -> Parts:
        columns, n, clock = self._columns, self._n, self._clock_us
        fork, render, action = (
            sum(times) for times in (columns.fork_us, columns.render_us, columns.action_us)
        )
        collected, readings = self._collected, _KEPT_READINGS if self._kept else _READINGS
        between, drop = self._between_us() - collected.outside_us, columns.drop_us
        if self._kept:
            between, drop = between + self._forks.loop_us, drop + self._forks.drop_us
        return Parts(
            n=n,
            setup_us=self._setup_us(),
            paid_fork_us=fork / n - clock,
            render_us=(render - collected.render_us) / n - clock,
            action_us=(action - collected.action_us) / n - clock,
            bookkeeping_us=between / n + self._handover_us - (readings - 4) * clock,
            collector_us=(collected.render_us + collected.action_us + collected.outside_us) / n,
            drop_us=drop / n - clock,
            clock_us=readings * clock,
        )

    def _between_us(self) -> float:
        """From where an attempt let go to where the next one begins, all of them together."""
        columns = self._columns
        stamps = zip(columns.started_s, columns.span_s, strict=True)
        gaps = (later - (start + span) for (start, span), (later, _) in pairwise(stamps))
        aside = _within(self._moments.asides, self._first, self._last)
        return sum(gaps) * _US - aside - self._looked_between() - (columns.drop_us - columns.last_drop_us)

    def _looked_between(self) -> float:
        """One looks at memory behind a fork, which may be within an attempt, and at the pace between attempts."""
        starts, spans = self._columns.started_s, self._columns.span_s
        places = ((bisect_right(starts, began) - 1, began, took) for began, took in self._moments.looks)
        outside = (
            took
            for place, began, took in places
            if 0 <= place < self._n - 1 and began >= starts[place] + spans[place]
        )
        return sum(outside) * _US

    def _setup_us(self) -> float:
        """What lies before the first item and behind the last one; kept forks are made and let go there."""
        moments, forks, last_drop_us = self._moments, self._forks, self._columns.last_drop_us
        before = (self._first - moments.began) * _US - self._looked(moments.began, self._first)
        behind = (moments.ended - self._last) * _US - self._looked(self._last, moments.ended) - last_drop_us
        kept = forks.kept_us + forks.loop_us + forks.drop_us if self._kept else 0.0
        return before + behind - kept

    def _looked(self, since: float, until: float) -> float:
        return sum(_within(spans, since, until) for spans in (self._moments.looks, self._moments.asides))


def _within(spans: tuple[Span, ...], since: float, until: float) -> float:
    """Microseconds of those that began in a stretch of time."""
    return sum(took for began, took in spans if since <= began < until) * _US


class _Collected:
    """Microseconds of collections by the part of an item into which each began; those in a fork are left to it."""

    def __init__(self, columns: ItemColumns, moments: Moments, handover_us: float, *, kept: bool) -> None:
        self._kept = kept
        self._columns, self._handover_us, self._looked_at = columns, handover_us, set(moments.looked_at)
        self.render_us = self.action_us = self.outside_us = 0.0
        starts = columns.started_s
        last = starts[-1] + columns.span_s[-1]
        for began, took in moments.spans:
            if starts[0] <= began < last and not moments.is_aside(began):
                self._take(bisect_right(starts, began) - 1, began, took * _US)

    def _take(self, place: int, began: float, took_us: float) -> None:
        columns = self._columns
        ended = columns.started_s[place] + columns.span_s[place]
        called = ended - columns.action_us[place] / _US
        if began >= ended:
            self.outside_us += took_us
        elif began >= called:
            self.action_us += took_us
        elif began >= self._forked(place, called):
            self.render_us += took_us
        # Else it fell into the fork, which keeps it, or into a reading of memory, which is no part of the run.

    def _forked(self, place: int, called: float) -> float:
        """When forking was over, and a reading of memory behind it."""
        columns = self._columns
        if self._kept:
            return columns.started_s[place]
        if place in self._looked_at:
            return called - (columns.render_us[place] + self._handover_us) / _US
        return columns.started_s[place] + columns.fork_us[place] / _US


@dataclass(frozen=True, slots=True)
class Spread:
    """A time over the items of a fan-out: what half and nineteen in twenty do not pass, and the longest, in microseconds."""

    p50: float
    p95: float
    max: float

    def less(self, clock_us: float) -> Spread:
        """Without what one reading of the clock costs."""
        return Spread(*(max(0.0, time - clock_us) for time in (self.p50, self.p95, self.max)))


def spread_of(times: Iterable[float], outcome: bytearray) -> Spread | None:
    """Over the items that ended; None if none did.

    >>> spread_of([1.0, 2.0, 3.0, 90.0], bytearray([1, 1, 1, 1]))
    Spread(p50=2.0, p95=90.0, max=90.0)
    """
    ordered = sorted(time for time, ended in zip(times, outcome, strict=True) if ended)
    if not ordered:
        return None
    return Spread(ordered[(len(ordered) - 1) // 2], ordered[-(-len(ordered) * 19 // 20) - 1], ordered[-1])
