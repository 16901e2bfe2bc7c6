"""What the rule of verdicts makes of the same thing, measured twice: how far apart it comes out, and how often that is a change.

One strategy is measured under several names, in rounds, as a comparison measures several strategies (A/A). Whatever is found
between two of the names is noise. Comparisons of any number of pairs are drawn from the rounds that were measured: whole
rounds, none of them twice as long as there are so many. Of fewer, rounds are put back, and which name is the base is drawn by
lot: what one name happened to be in these rounds would else be the middle of ever so many pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log
from random import Random
from typing import Final

import numpy as np
import pandas as pd

from attune_sim.analysis.figures import JUDGED, Case, Figure, figures_of, paired
from attune_sim.analysis.pairs import Pair, freed
from attune_sim.analysis.rule import Change, Tolerance, judged
from attune_sim.analysis.tolerance import tolerance_of
from attune_sim.display import Displayed
from attune_sim.metrics import METRICS

AGAIN: Final = "~"
"""What stands between the name of a strategy and the number of its name: `shared~2` is `shared`, under another name."""

COMPARISONS: Final = 500
"""Comparisons that are drawn to count false alarms."""

PLANTED: Final = 200
"""Comparisons that are drawn for each size of a difference that might be found."""

FOUND: Final = 0.95
LARGEST: Final = 4.0
"""A difference by which everything is found or nothing ever will be: five times as much."""

NOISE_COLUMNS: Final = (
    *("metric", "interval", "false_alarm_rate", "n", "alarms", "comparisons", "rounds", "disjoint"),
    *("low", "high", "finds", "workload", "strategy"),
)


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often the rule said `changed` of the same thing: `alarms` of `comparisons` of `n` pairs, drawn from `rounds` of
    `workload` that were measured."""

    alarms: int
    comparisons: int
    n: int
    rounds: int
    workload: str

    @property
    def rate(self) -> float:
        return self.alarms / self.comparisons

    def __str__(self) -> str:
        return f"{self.alarms} of {self.comparisons}"


def _is_change(found: Change) -> bool:
    return found.word == "changed"


class NoiseFloor(Displayed):
    """A/A cells, and what they say. `metrics` is their frame; the same frame gives the same answers."""

    def __init__(self, metrics: pd.DataFrame) -> None:
        self._figures = figures_of(metrics[metrics["metric"].isin([*JUDGED, *_PACES])])
        self._known: dict[tuple[str, int, tuple[int, ...], str], FalseAlarms | None] = {}

    def false_alarms(
        self, metric: str, n: int, *, looks: tuple[int, ...] = (), workload: str = ""
    ) -> FalseAlarms | None:
        """Of comparisons of n pairs; None where nothing was measured. Cells of the named workload count alone if there are any."""
        key = (metric, n, looks, workload)
        if key not in self._known:
            self._known[key] = self._counted(metric, n, looks, workload)
        return self._known[key]

    def alarms(
        self,
        metric: str,
        n: int,
        is_alarm: Callable[[Change], bool],
        *,
        tolerance: Tolerance | None = None,
        workload: str = "",
    ) -> FalseAlarms | None:
        """How often a rule of another kind, which says of a `Change` whether it gives alarm, does so over n pairs of the same thing.

        `tolerance` None means that of the metric; all else as in `false_alarms`.
        """
        return self._counted(metric, n, (), workload, is_alarm, tolerance)

    def frame(self, n: int = 5) -> pd.DataFrame:
        """One row a judged metric and workload, for comparisons of n pairs.

        Columns

            metric              one of those that have a verdict
            interval            share by which two names of one strategy differ at the most in 95 of 100 comparisons, in the median
            false_alarm_rate    share of comparisons that the rule called `changed`
            n                   pairs of a comparison
            alarms, comparisons, rounds
                                what that share was counted from; `rounds` of measuring, which all of them are drawn from
            disjoint            so many of the comparisons share no cell: what the share is worth
            low, high           ends of the interval, as ratios
            finds               smallest share by which something may become slower or larger and is found in 95 of 100; missing
                                where that is more than five times as much
            workload, strategy  what was measured, under several names
        """
        rows = [self._row(metric, case, n) for case in self._cases for metric in JUDGED]
        known = [row for row in rows if row is not None]
        return pd.DataFrame(known, columns=list(NOISE_COLUMNS)).astype({"finds": "float64"})

    @property
    def workloads(self) -> list[str]:
        """What was measured, in the order of the cells."""
        return list(dict.fromkeys(case.workload for case in self._cases))

    @property
    def _cases(self) -> list[Case]:
        """Each case that was measured under several names, as one; whatever its software was then."""
        return list(dict.fromkeys(_one(case).anywhere for case in self._figures))

    def _row(self, metric: str, case: Case, n: int) -> dict[str, object] | None:
        families = self._families(metric, lambda one: _one(one).anywhere == case)
        pairs = _pairs(families)
        found = _said(pairs, metric, n, ())
        if not found:
            return None
        low, high = np.quantile([log(one.ratio) for one in found], [0.025, 0.975])
        alarms = sum(map(_is_change, found))
        return {
            "metric": metric,
            "interval": exp(max(-low, high)) - 1,
            "false_alarm_rate": alarms / len(found),
            "n": n,
            "alarms": alarms,
            "comparisons": len(found),
            "rounds": max(map(len, pairs)),
            "disjoint": sum((len(names) - 1) * (min(one.n for one in names) // n) for names in families),
            "low": exp(low),
            "high": exp(high),
            "finds": _smallest_found(pairs, metric, n),
            "workload": case.workload,
            "strategy": case.strategy,
        }

    def _counted(
        self,
        metric: str,
        n: int,
        looks: tuple[int, ...],
        workload: str,
        is_alarm: Callable[[Change], bool] = _is_change,
        tolerance: Tolerance | None = None,
    ) -> FalseAlarms | None:
        wanted = workload if workload in self.workloads else None
        pairs = _pairs(self._families(metric, lambda case: wanted in (None, case.workload)))
        found = _said(pairs, metric, n, looks, tolerance)
        if not found:
            return None
        alarms = sum(map(is_alarm, found))
        names = wanted or ", ".join(self.workloads)
        return FalseAlarms(alarms, len(found), n, max(map(len, pairs)), names)

    def _families(self, metric: str, counts: Callable[[Case], bool]) -> list[list[Figure]]:
        """The figures of each thing that has several names in one place."""
        families: dict[Case, list[Figure]] = {}
        for case, figures in self._figures.items():
            if metric in figures and counts(case):
                families.setdefault(_one(case), []).append(figures[metric])
        return [names for names in families.values() if len(names) > 1]

    def __repr__(self) -> str:
        return (
            f"<NoiseFloor of {', '.join(self.workloads) or 'nothing'}; see .frame() .false_alarms(metric, n)>"
        )


_PACES: Final = {pace for metric in JUDGED for pace in METRICS[metric].paces}


def _pairs(families: Sequence[Sequence[Figure]]) -> list[list[Pair]]:
    """Of each two names of one thing the pairs of their rounds."""
    both = (pair for names in families for pair in combinations(names, 2))
    return [pairs for pair in both if (pairs := paired(*pair))]


def _one(case: Case) -> Case:
    """The case under the first name of its strategy."""
    return case._replace(strategy=case.strategy.partition(AGAIN)[0])


def _said(
    pairs: Sequence[Sequence[Pair]],
    metric: str,
    n: int,
    looks: tuple[int, ...],
    tolerance: Tolerance | None = None,
) -> list[Change]:
    """What the rule says of comparisons that are drawn, each two names in turns; as of one who stops at a look, if there are any."""
    tolerance = tolerance or tolerance_of(metric)
    drawn = _drawn(pairs, n, COMPARISONS)
    if not looks:
        return [found for one in drawn if (found := judged(freed(one), tolerance)) is not None]
    wanted = [look for look in looks if look <= n] or [n]
    each = ([judged(freed(one[:look]), tolerance, looks) for look in wanted] for one in drawn)
    stopped = (
        next((found for found in told if found and found.word != "cannot tell"), told[-1]) for told in each
    )
    return [found for found in stopped if found is not None]


def _drawn(pairs: Sequence[Sequence[Pair]], n: int, count: int) -> Iterator[list[Pair]]:
    """Always the same ones: a rate must not change by being asked for again."""
    draw = Random(0)
    for turn in range(count if pairs else 0):
        rounds = pairs[turn % len(pairs)]
        if n <= len(rounds):
            yield draw.sample(rounds, n)
        else:
            yield [pair if draw.random() < 0.5 else pair.swapped for pair in draw.choices(rounds, k=n)]


def _smallest_found(pairs: Sequence[Sequence[Pair]], metric: str, n: int) -> float | None:
    """The smallest share by which one side may be larger and is found, to a twentieth of itself."""
    free, tolerance = [freed(one) for one in _drawn(pairs, n, PLANTED)], tolerance_of(metric)

    def is_found(share: float) -> bool:
        told = (judged([(base, own * (1 + share)) for base, own in one], tolerance) for one in free)
        return sum(one is not None and one.direction == "more" for one in told) >= FOUND * len(free)

    low, high = tolerance.change, LARGEST
    if not is_found(high):
        return None
    while high / low > 1.05:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return high
