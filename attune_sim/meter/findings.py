"""What was told of a figure, what the meter took, and what is to be thought of the difference."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import Final

from attune_sim.meter.speed import PACES, PAID, Figures, Pairs, Speed, full_speed

TIMES: Final = ("fork_us", *PAID)
MEMORY: Final = ("fork_bytes", "live_heap_bytes", "copied_bytes", "alive_bytes")
JUDGED: Final = (*TIMES, *MEMORY)
SHOWN: Final = (*JUDGED, "wall_s")
"""The last is for information: the told `wall_s` has a recorder in its run, the other has none."""

SLOW_US: Final = 50.0
"""Microseconds of a fork from which on a watch around it adds 2 % at the most to what it takes, some 0.6 to 1.2 us."""
READINGS: Final = 20
"""So many readings of the clock a time is to last, which has one in it: what that one takes is known to a twentieth of the time then, and no better."""
CLOSE: Final = 2
"""By so many of them such a short time may be told otherwise than metered, without being judged."""
ASTRAY: Final = 2.0
"""So many times off what the meter's own run took, in every repeat, cells told something else: no two speeds of a machine are that far apart."""

SEEN: Final = 3
"""In so many repeats at least, where a run takes too little for all of them together: what interrupts it once is many times as much."""

AGREES: Final = 0.05
OFF: Final = 0.15
PAID_RESOLVED_US: Final = 50_000.0
"""Microseconds that all forks, renderings or actions of a run take together below which one run does not tell what one takes: a
preemption, a cold start or a moment in which the machine is slow are as large, and so is one collection more. What two read in one run has all of these
on both sides."""
RESOLVED: Final = 8_000_000
"""Bytes of growth of a run below which pages do not tell it: their ends hide some 100 KB."""

ALIVE_RESOLVED: Final = 640_000
"""Bytes of `alive_bytes` below which the odds and ends of a run, up to 13 KB of them, are more than 2 %."""

TOO_SMALL: Final = "too small to resolve"

ALIKE: Final = 0.1
"""By no more than this is a fork told another size than metered where both sides drew the same layout, of a strategy whose processes draw one each,
as the map of `rpds` does: its layouts are 24 to 48 % apart. Other repeats tell nothing."""
LIKE_PAIRS: Final = 0.05
"""By no more than this may the memory of a fork, as a share of the meter's, differ between the repeats of such a strategy where too few drew alike."""
AS_MANY: Final = 5
"""Repeats of which at least one draws alike, of `rpds` in 299 of 300 cases: where none did, one of the two is mistaken."""

VARIES: Final = "varies by process"

UNSETTLED: Final = "cannot tell"
"""The machine was at its full speed in too few repeats, or the middle one is off and another one agrees."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one strategy, by both, as medians over its repeats; None where one side has none. `ratios` are what the repeats
    told, each as a share of what was metered right after it under the same hash seed, of times at one speed of the machine; `varies` is
    whether processes drew layouts that differ, `slow` whether the machine was at its full speed in too few of the repeats: then all of them are here,
    as they were read. `one_run` is whether both are of runs that were made for it, beside the cell, and `clock_us` what one reading of the clock
    took there."""

    strategy: str
    metric: str
    told: float | None
    metered: float | None
    repeats: int = 1
    varies: bool = False
    ratios: Sequence[float] = ()
    slow: bool = False
    one_run: bool = False
    clock_us: float = 0.0

    @property
    def deviations(self) -> Sequence[float]:
        """What was told, as a share of the meter's figure more (less: negative), of each repeat, in order; those that lack one of the
        two have none.

        >>> Figure("shared", "fork_us", told=1.2, metered=1.0, ratios=(1.2, 1.25)).deviations
        [0.2, 0.25]
        """
        if self.told is None or self.metered is None or self.metered <= 0:
            return []
        return [round(ratio - 1, 6) for ratio in self.ratios or (self.told / self.metered,)]

    @property
    def deviation(self) -> float | None:
        """The middle one of `deviations`, not that of both medians: these may be of moments in which the machine ran at another
        speed. None where there is nothing to compare.

        >>> Figure("shared", "fork_us", told=1.1, metered=1.0).deviation
        0.1
        """
        return round(median(found), 6) if (found := self.deviations) else None

    @property
    def is_judged(self) -> bool:
        """Whether this counts: there is something to compare, and it is meant to agree."""
        return self._is_meant_to_agree and not self.slow

    @property
    def is_open(self) -> bool:
        """Whether this would count, had the machine been at its full speed in enough repeats.

        >>> Figure("shared", "fork_us", told=1.6, metered=1.0, slow=True).is_open
        True
        """
        return self._is_meant_to_agree and self.slow

    @property
    def verdict(self) -> str:
        """`agrees` (within 5 %), `near` (within 15 %), `OFF`, or why there is none. Where the machine was slow, or the repeats of a time
        contradict each other, some of them within 5 % and the middle one beyond 15 %, it is `cannot tell`: a mistake is there in every repeat. In one
        run the machine has no part in it.

        >>> Figure("shared", "fork_us", told=1.2, metered=1.0).verdict
        'OFF'
        >>> Figure("shared", "fork_us", told=1.2, metered=1.0, ratios=(1.0, 1.2, 1.4)).verdict
        'cannot tell'
        """
        if self.deviation is None:
            return "not told" if self.told is None else self._unmetered()
        if self.metric not in JUDGED:
            return "for information"
        if not self.is_judged:
            return TOO_SMALL if self._is_lost else VARIES if self.varies else UNSETTLED
        size = abs(self.deviation)
        if (
            size > OFF
            and self.metric in TIMES
            and not self.one_run
            and min(map(abs, self.deviations)) <= AGREES
        ):
            return UNSETTLED
        return "agrees" if size <= AGREES else "near" if size <= OFF else "OFF"

    @property
    def _is_meant_to_agree(self) -> bool:
        is_known = self.deviation is not None and self.metric in JUDGED
        return is_known and not self._is_lost and not self.varies

    @property
    def _is_lost(self) -> bool:
        """Whether what both say is lost in the odds and ends of a run, or in what a reading of the clock takes."""
        told, metered = self.told or 0.0, self.metered or 0.0
        if self.metric == "alive_bytes":
            return max(told, metered) < ALIVE_RESOLVED
        return metered < READINGS * self.clock_us and abs(told - metered) <= CLOSE * self.clock_us

    def _unmetered(self) -> str:
        is_small = self.metric in ("live_heap_bytes", *PAID) or self.metered is not None
        return TOO_SMALL if is_small else "not seen"


def one_run(metric: str) -> str:
    """The name of what runs that both sides read say of a figure.

    >>> one_run("render_us")
    'one_run_render_us'
    """
    return f"one_run_{metric}"


def is_slow(metered: Figures) -> bool:
    """Whether a fork of a run takes so long that a watch around it is hardly any part of what it takes: two may read it in one run.

    >>> is_slow({"paid_fork_us": 250.0}), is_slow({"paid_fork_us": 0.2}), is_slow({})
    (True, False, False)
    """
    return (metered.get("paid_fork_us") or 0.0) >= SLOW_US


def derived(timed: Figures, held: Figures, beside: Figures = MappingProxyType({})) -> dict[str, float | None]:
    """The figures of one cell, from what the processes took, and the number of its `forks`; `beside` is of runs with instruments,
    where there were some.

    Memory of a run is the growth of its pages less what pools waste beside its forks, and less what a fork passed through and let
    go: neither is alive, and neither is in a figure of ours.
    """
    each, forks, alive = held.get("fork_bytes"), timed.get("forks"), timed.get("alive")
    grown, waste = held.get("grown_bytes"), held.get("pool_bytes")
    unseen = (waste or 0) * (alive or 0) + (held.get("passing_bytes") or 0)
    return {
        **{name: timed.get(name) for name in TIMES},
        "fork_bytes": each,
        "live_heap_bytes": None if grown is None or waste is None else grown - unseen,
        "copied_bytes": None if each is None or forks is None else each * forks,
        "alive_bytes": None if each is None or alive is None else each * alive,
        "wall_s": held.get("wall_s"),
        **{one_run(name): beside.get(f"metered_{name}") for name in PAID},
        "clock_us": beside.get("clock_us"),
        "forks": forks,
        **{name: timed.get(name) for name in set(PACES.values())},
    }


def compared(
    strategy: str, pairs: Pairs, *, draws_layout: bool = False, others: Iterable[Pairs] = ()
) -> list[Figure]:
    """The figures of a strategy, from what was told and what was metered of its repeats: medians over the same repeats,
    and so over the same hash seeds. Of times those repeats count in which the machine was at its full speed under both, if there
    are enough; what slow forks paid, renderings and actions are those of runs which both sides read. `others` are repeats of other strategies beside
    them. `draws_layout` tells that its processes differ nevertheless: then those count in which both sides drew the same, if
    most did.

    >>> pairs = [({"fork_us": 1.0}, {"fork_us": 2.0}), ({"fork_us": 3.0}, {"fork_us": 3.0})]
    >>> compared("shared", pairs)[0]
    Figure(strategy='shared', metric='fork_us', told=2.0, metered=2.5, repeats=2, varies=False, ratios=(0.5, 1.0), slow=False, one_run=False, clock_us=0.0)
    """
    alike = _drawn_alike(pairs) if draws_layout else pairs
    varies, chosen, beside = not alike and _layouts_differ(pairs), alike or pairs, [pairs, *others]
    return [_figure(strategy, metric, chosen, full_speed(chosen, metric, beside), varies) for metric in SHOWN]


def figures_of(pairs: Mapping[str, Pairs], drawing: Collection[str] = ()) -> list[Figure]:
    """The figures of all strategies that were taken beside each other; `drawing` are those that draw a layout in each process."""
    return [
        one
        for name, mine in pairs.items()
        for one in compared(name, mine, draws_layout=name in drawing, others=pairs.values())
    ]


def _figure(strategy: str, metric: str, pairs: Pairs, full: Speed | None, varies: bool) -> Figure:
    figure = _of_cells(strategy, metric, pairs, full, varies)
    if metric not in PAID or 2 * len(_known(pairs, one_run(metric))) <= len(pairs):
        return figure
    is_whole = metric == "paid_fork_us" and figure.is_judged and not is_slow({metric: figure.metered})
    return figure if is_whole else _of_one_run(strategy, metric, pairs)


def _of_cells(strategy: str, metric: str, pairs: Pairs, full: Speed | None, varies: bool) -> Figure:
    quick = pairs if full is None else full.chosen(_known(pairs, metric))
    chosen = quick or pairs
    told = _median([one for one, _ in chosen], metric)
    metered = _resolved([other for _, other in chosen], metric)
    speed = full if quick else None
    return Figure(
        strategy, metric, told, metered, len(chosen), varies, _ratios(chosen, metric, speed), slow=not quick
    )


def _known(pairs: Pairs, metric: str) -> Pairs:
    """The repeats of which both sides have it."""
    return [pair for pair in pairs if None not in (pair[0].get(metric), pair[1].get(metric))]


def _of_one_run(strategy: str, metric: str, pairs: Pairs) -> Figure:
    """What both sides read in runs of their own; but what cells told, where that is another figure in every repeat."""
    is_seen = _resolved([other for _, other in pairs], metric) is not None or len(pairs) >= SEEN
    name = metric if is_seen and _is_astray(_ratios(pairs, metric)) else one_run(metric)
    known = _known(pairs, name)
    told, metered = (_median([pair[side] for pair in known], name) for side in (0, 1))
    clock_us = _median([pair[1] for pair in known], "clock_us") or 0.0
    is_of_one = name != metric
    return Figure(
        strategy,
        metric,
        told,
        metered,
        len(known),
        ratios=_ratios(known, name),
        one_run=is_of_one,
        clock_us=clock_us,
    )


def _is_astray(ratios: Sequence[float]) -> bool:
    return bool(ratios) and min(max(ratio, 1 / ratio) if ratio > 0 else ASTRAY for ratio in ratios) >= ASTRAY


def _resolved(metered: Sequence[Figures], metric: str) -> float | None:
    """The median, None where it is too small. All repeats count or none: those that came out large would tell too much."""
    middle, forks = _median(metered, metric), _median(metered, "forks")
    if middle is None or (metric == "live_heap_bytes" and middle < RESOLVED):
        return None
    if metric in PAID and (forks is None or middle * forks < PAID_RESOLVED_US):
        return None
    return middle


def _drawn_alike(pairs: Pairs) -> Pairs:
    """The repeats in which both sides drew the same layout, if most did: a mistake as large as layouts are apart makes few of them seem so."""
    alike = [pair for pair in pairs if any(map(_is_alike, _ratios([pair], "fork_bytes")))]
    return alike if 2 * len(alike) > len(pairs) else []


def _is_alike(ratio: float) -> bool:
    return abs(ratio - 1) <= ALIKE


def _layouts_differ(pairs: Pairs) -> bool:
    shares = _ratios(pairs, "fork_bytes")
    if len(shares) >= AS_MANY and not any(map(_is_alike, shares)):
        return False
    return bool(shares) and max(shares) - min(shares) > LIKE_PAIRS


def _ratios(pairs: Pairs, metric: str, speed: Speed | None = None) -> tuple[float, ...]:
    """What was told as a share of what was metered, of each repeat that has both; of times as both would be at one speed."""
    return tuple(
        told / metered * (1.0 if speed is None else speed.unequal(pair))
        for pair in pairs
        if (told := pair[0].get(metric)) is not None and (metered := pair[1].get(metric) or 0.0) > 0
    )


def _median(many: Iterable[Figures], metric: str) -> float | None:
    known = [value for one in many if (value := one.get(metric)) is not None]
    return median(known) if known else None


def summary_of(figures: Iterable[Figure]) -> str:
    """The verdict on all of them, in a line.

    >>> summary_of([Figure("shared", "fork_us", 1.0, 1.0), Figure("shared", "action_us", 1.2, 1.0)])
    '1 of 2 figures within 5 %, median deviation 10 %'
    """
    figures = list(figures)
    still = sum(one.is_open for one in figures)
    left = f", {still} cannot be told" if still else ""
    deviations = [abs(one.deviation or 0.0) for one in figures if one.is_judged]
    if not deviations:
        return f"no figure could be compared{left}"
    within = sum(size <= AGREES for size in deviations)
    middle = 100 * median(deviations)
    return f"{within} of {len(deviations)} figures within {100 * AGREES:g} %, median deviation {middle:.2g} %{left}"
