"""Figures: one metric over the repeats of a case, set beside another one, and when not to believe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Final, NamedTuple

import pandas as pd

from attune_sim.analysis.pairs import Pair, freed
from attune_sim.analysis.rule import CERTAIN_FROM, Change, Tolerance, Word, judged
from attune_sim.analysis.surroundings import Where
from attune_sim.analysis.tolerance import tolerance_of
from attune_sim.frame import bare
from attune_sim.metrics import METRICS, TIMES

ENOUGH_REPEATS: Final = 3
"""With fewer, one disturbed repeat decides the median."""

SPREAD_LIMIT: Final = 0.2
"""Highest (max - min) / median of an undisturbed time: 80 wall times of one piece of code ranged over 18 %."""

FAR_OFF: Final = 3.0
"""From this spread on it is one repeat that went wrong, not noise of all."""

SEED_LIMIT: Final = 0.01
"""Highest (max - min) / median of bytes and counts that are told as one figure, without their range."""

CLOSES: Final = {
    "closure": (0.03, "the parts add up to {} of the run"),
    "heap_closure": (0.02, "forks and records are {} of what the heap grew by"),
}
"""Metrics that are 1 where a row closes -> how far off is too far, and the words for it."""

JUDGED: Final = {
    "fork_us": ("fork", "faster", "slower", "as fast"),
    "fork_bytes": ("memory a fork", "smaller", "larger", "the same"),
    "render_us": ("render", "faster", "slower", "as fast"),
    "bookkeeping_us": ("bookkeeping", "faster", "slower", "as fast"),
    "live_heap_bytes": ("live heap", "smaller", "larger", "the same"),
}
"""Metrics with a ratio to the reference and a verdict, because a strategy decides them -> the words of it."""


class Case(NamedTuple):
    """What repeats have in common: cells that differ in nothing of this measure the same thing.

    `items` is None where nobody knows it; `machine` and `software` are digits, equal for equal surroundings.
    """

    workload: str
    strategy: str
    dispatch: str
    executor: str
    items: int | None
    context_bytes: int
    payload: str
    real: bool
    machine: str = ""
    software: str = ""
    concurrency: int | None = None

    @property
    def where(self) -> Where:
        return Where(self.machine, self.software)

    @property
    def anywhere(self) -> Case:
        """The same case, whatever its surroundings."""
        return self._replace(machine="", software="")


CASE: Final = Case._fields


def case_of(values: Iterable[Any]) -> Case:
    """The values of `CASE` as a key; what is missing is None, which unlike NaN equals itself."""
    return Case._make(None if pd.isna(value) else value for value in values)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason not to believe a figure, in a few words; `metric` is None where all figures of a case are meant."""

    metric: str | None
    reason: str

    def __str__(self) -> str:
        return self.reason if self.metric is None else f"{self.metric}: {self.reason}"


class Round(NamedTuple):
    """Where a repeat was measured: repeats of two cases under the same hash seed are a pair."""

    hash_seed: int
    repeat: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric over the repeats of one case, by round; `labels` are the remarks that belong to its values, `paces` tell how
    fast the machine was in each round, where that was read. `looks` are the numbers of repeats after which somebody looked for
    a verdict, and might have stopped.

    `least` says that it is only a lower bound: a total, and at least one of the runs was cut short. The median of lower
    bounds is one too.

    The headline is the median: a repeat that another process disturbed moves the mean and the maximum, and the
    minimum hides what a garbage collection costs in every run.
    """

    metric: str
    rounds: Mapping[Round, float]
    labels: tuple[str, ...] = ()
    least: bool = False
    paces: Mapping[Round, float] = field(default_factory=dict)
    looks: tuple[int, ...] = ()

    @property
    def median(self) -> float:
        return median(self.rounds.values())

    @property
    def low(self) -> float:
        """The lowest of all repeats, and so of all hash seeds."""
        return min(self.rounds.values())

    @property
    def high(self) -> float:
        """The highest of all repeats, and so of all hash seeds."""
        return max(self.rounds.values())

    @property
    def n(self) -> int:
        return len(self.rounds)

    @property
    def spread(self) -> float:
        """(highest - lowest) / median; 0 for a median of 0."""
        return (self.high - self.low) / abs(self.median) if self.median else 0.0

    @property
    def text(self) -> str:
        """The headline as a person reads it: `2.92 MB`, `≥ 291 MB`, or its range over the hash seeds."""
        return ("≥ " if self.least else "") + (self.by_seed or METRICS[self.metric].format(self.median))

    @property
    def by_seed(self) -> str:
        """Its range, `314 to 426 B`, where it depends on the hash seed; else empty.

        Only what does not move with the machine can tell, and only by more than a run of its own takes or leaves. A library
        that draws a seed of its own (`rpds`) shows the same.
        """
        seeds = {one.hash_seed for one in self.rounds}
        steady = self.spread <= SEED_LIMIT or self.high - self.low <= tolerance_of(self.metric).amount
        if METRICS[self.metric].noisy or len(seeds) < 2 or steady:
            return ""
        low, high = (METRICS[self.metric].format(end) for end in (self.low, self.high))
        _, space, unit = high.partition(" ")
        return f"{low.removesuffix(space + unit)} to {high}"

    def doubts(self) -> Iterator[Doubt]:
        """Reasons not to believe it."""
        by_seed = (f"{self.by_seed} over {self.n} hash seeds",) if self.by_seed else ()
        reasons = (*self.labels, *by_seed, *self._disturbances())
        return (Doubt(self.metric, reason) for reason in reasons)

    def _disturbances(self) -> Iterator[str]:
        """What the repeats say of the machine; only times move with what else it does, and are told for what they are."""
        if self.metric in CLOSES and abs(self.median - 1) > CLOSES[self.metric][0]:
            yield CLOSES[self.metric][1].format(f"{self.median:.0%}")
        if METRICS[self.metric].unit not in TIMES:
            return
        if self.n < ENOUGH_REPEATS:
            yield _repeats(self.n)
        if self.spread > FAR_OFF:
            yield f"one of {self.n} repeats is {times(self.high / self.median)} times the median"
        elif self.spread > SPREAD_LIMIT:
            yield f"spread {self.spread:.0%} over {_repeats(self.n)}"


def figures_of(metrics: pd.DataFrame) -> dict[Case, dict[str, Figure]]:
    """Case -> metric name -> its figure over the repeats; metrics without any value are left out.

    Estimated values never count: a figure is what was measured. Where a store holds a round of a case twice, because what
    runs was edited in between, their median stands for it.
    """
    measured = bare(metrics[(metrics["source"] == "measured") & metrics["value"].notna()])
    figures: dict[Case, dict[str, Figure]] = {}
    for case, name, rows in _grouped(measured):
        rounds: dict[Round, list[float]] = {}
        for row in rows:
            rounds.setdefault(Round(row.hash_seed, row.repeat), []).append(row.value)
        labels = tuple(dict.fromkeys(row.label for row in rows if row.label))
        medians = {one: median(values) for one, values in rounds.items()}
        least = is_least(name, (row.outcome for row in rows))
        figure = Figure(name, medians, labels, least, looks=_looks(row.looks for row in rows))
        figures.setdefault(case, {})[name] = figure
    return {case: _with_paces(known) for case, known in figures.items()}


class _Row(NamedTuple):
    """What a figure takes of a reading."""

    metric: str
    hash_seed: int
    repeat: int
    value: float
    label: str
    outcome: str
    looks: str


def _grouped(measured: pd.DataFrame) -> Iterator[tuple[Case, str, list[_Row]]]:
    """The readings of each case and metric, in the order in which they come first. Row by row: of the frames that pandas would make of
    each group, every column would be cut out."""
    places = measured.groupby(list(CASE), sort=False, dropna=False).ngroup()
    firsts = measured.assign(place=places).drop_duplicates("place")[["place", *CASE]]
    cases = {row[0]: case_of(row[1:]) for row in firsts.itertuples(index=False, name=None)}
    groups: dict[tuple[int, str], list[_Row]] = {}
    columns = (measured[name].tolist() for name in _Row._fields)
    for place, *values in zip(places.tolist(), *columns, strict=True):
        row = _Row._make(values)
        groups.setdefault((place, row.metric), []).append(row)
    yield from ((cases[place], name, rows) for (place, name), rows in groups.items())


def _looks(texts: Iterable[str]) -> tuple[int, ...]:
    """Of all repeats of a case. They may be of several calls: who looked most often decides."""
    return max((tuple(map(int, text.split())) for text in dict.fromkeys(texts)), key=len, default=())


def _with_paces(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    return {name: replace(figure, paces=_pace_of(name, figures)) for name, figure in figures.items()}


def _pace_of(name: str, figures: Mapping[str, Figure]) -> Mapping[Round, float]:
    """The first pace of a metric that was read; stores of before a pace was kept have only the next one."""
    paces = METRICS[name].paces if name in METRICS else ()
    return next((figures[pace].rounds for pace in paces if pace in figures), {})


def is_least(metric: str, outcomes: Iterable[str]) -> bool:
    """Whether a figure of cells that ended so is a lower bound: a total, of which one at least was cut short.

    >>> is_least("live_heap_bytes", ["ok", "memory_limit"]), is_least("fork_bytes", ["memory_limit"])
    (True, False)
    """
    return METRICS[metric].total and any(outcome != "ok" for outcome in outcomes)


def change(base: Figure | None, own: Figure | None, tolerance: Tolerance | None = None) -> Change | None:
    """What the rule says of the rounds that both have; None where either is missing, or no pair has a ratio.

    `tolerance` None means that of the metric. A round without a partner does not count: its hash seed is in one of the two figures only. A pair is free of how fast the
    machine was as its two sides were measured.
    """
    if base is None or own is None:
        return None
    looks = max(base.looks, own.looks, key=len)
    return judged(pairs_of(base, own), tolerance or tolerance_of(own.metric), looks)


def pairs_of(base: Figure, own: Figure) -> list[tuple[float, float]]:
    """Both values of each round that both have, free of how fast the machine was."""
    return freed(paired(base, own))


def paired(base: Figure, own: Figure) -> list[Pair]:
    """The same as they were read, with how fast the machine was, if the same work told that of both: prices have another one than what
    a run paid."""
    alike = _work_of(base.metric) == _work_of(own.metric)
    paces = (base.paces, own.paces) if alike else ({}, {})
    return [
        Pair(base.rounds[one], own.rounds[one], *(pace.get(one, 0.0) for pace in paces))
        for one in base.rounds
        if one in own.rounds
    ]


def _work_of(name: str) -> tuple[str, ...]:
    """Whose time tells the pace of a metric: of several paces all do the same work, at other moments."""
    return METRICS[name].paces[-1:] if name in METRICS else ()


def ratio(base: Figure | None, own: Figure | None) -> float | None:
    """The median of base / own over the rounds that both have: above 1 `own` is smaller.

    None where there is none, and where one of the two is a lower bound only.
    """
    if (base and base.least) or (own and own.least):
        return None
    found = change(base, own)
    return None if found is None else found.ratio


def word_of(base: Figure | None, own: Figure | None) -> Word:
    """The rule's word on two figures. Where a run was cut short its total is at least what it came to: `changed` then means
    that it is at least so much off, and only in that direction."""
    found = change(base, own)
    if found is None or base is None or own is None:
        return "cannot tell"
    if not (base.least or own.least):
        return found.word
    is_bound = base.least != own.least and found.direction == ("less" if base.least else "more")
    return "changed" if is_bound else "cannot tell"


def verdict(metric: str, base: Figure | None, own: Figure | None, missing: str = "not measured") -> str:
    """The ratio of two figures of one of `JUDGED` in words, or `cannot tell` with the reason.

    Below a factor of two with the interval that the repeats leave open. `missing` says why there is no figure of one of them.

    >>> def figure(*values): return Figure("fork_us", {Round(0, n): value for n, value in enumerate(values)})
    >>> slow, fast = figure(90.0, 88.0, 95.0, 91.0, 90.0), figure(3.0, 2.9, 3.1, 3.0, 3.0)
    >>> [verdict("fork_us", *pair) for pair in ((slow, fast), (fast, slow), (slow, slow), (slow, None))]
    ['fork 30 times faster', 'fork 30 times slower', 'fork as fast', 'fork: not measured']
    """
    noun, better, worse, same = JUDGED[metric]
    if base is None or own is None:
        return f"{noun}: {missing}"
    if not base.rounds.keys() & own.rounds.keys():
        return f"{noun}: cannot tell (no two repeats under one hash seed)"
    found = change(base, own)
    if found is None:
        return f"{noun}: too small to measure"
    if base.least or own.least:
        return f"{noun}{_bounded(base, own, found, (better, worse))}"
    if found.word == "cannot tell":
        return f"{noun}: cannot tell ({_open(found)}{_repeats(found.n)})"
    if found.word == "not changed":
        return f"{noun} {same}"
    inverted = found.direction == "more"
    factor, low, high = (1 / one if inverted else one for one in (found.ratio, found.low, found.high))
    word = worse if inverted else better
    if factor >= CERTAIN_FROM:
        return f"{noun} {times(factor)} times {word}"
    return f"{noun} {factor:.3g} times {word} ({min(low, high):.3g} to {max(low, high):.3g})"


def _bounded(base: Figure, own: Figure, found: Change, words: tuple[str, str]) -> str:
    """What can be said where a run was cut short: that the difference is at least what was seen, or nothing."""
    if base.least and own.least:
        return ": cannot tell (both runs were cut short)"
    better, worse = words
    if base.least and found.direction == "less":
        return f" at least {times(found.ratio)} times {better}"
    if own.least and found.direction == "more":
        return f" at least {times(1 / found.ratio)} times {worse}"
    return f": cannot tell ({'its run' if own.least else 'the run of the reference'} was cut short)"


def _open(found: Change) -> str:
    """What a change may be; one pair leaves everything open."""
    return f"{found.low:.3g} to {found.high:.3g} times, " if found.n > 1 else ""


def times(factor: float) -> str:
    """A factor as a person says it.

    >>> times(1.234), times(31.4159), times(48_612.3), times(0.0303)
    ('1.2', '31', '48,600', '0.03')
    """
    if factor < 1:
        return f"{factor:.2g}"
    if factor < 10:
        return f"{factor:.1f}"
    digits = 0 if factor < 1000 else 2 - len(str(int(factor))) + 1
    return f"{round(factor, digits):,.0f}"


def _repeats(n: int) -> str:
    return "only one repeat" if n == 1 else f"{n} repeats"
