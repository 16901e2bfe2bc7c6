"""A rule of growth, held against the sizes that were measured.

It takes two to break it: the law that is fitted through all sizes (`analysis.laws`) has a term that it must not have, and
the rule of all verdicts finds the cost at the largest size changed for the worse against that at the smallest, with what it may grow by taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import pandas as pd

from attune_sim.analysis.figures import Case, pairs_of
from attune_sim.analysis.laws import Fit, fits_of
from attune_sim.analysis.noise import FalseAlarms, NoiseFloor
from attune_sim.analysis.rule import Change, judged
from attune_sim.analysis.tolerance import tolerance_of
from attune_sim.errors import counted
from attune_sim.metrics import METRICS, format_bytes
from attune_sim.thresholds.findings import Finding, Span, Word
from attune_sim.thresholds.measured import Side
from attune_sim.thresholds.rules import Along, Growth

GROWS_ALONG: Final[dict[Along, frozenset[str]]] = {
    "items": frozenset({"O(N)", "O(N*C)", "none"}),
    "context_bytes": frozenset({"O(C)", "O(N*C)", "none"}),
}
"""Over what -> the laws by which a cost grows there."""


def growths(
    rule: Growth, metrics: pd.DataFrame, own: Side, noise: NoiseFloor | None = None
) -> Iterator[Finding]:
    """What came of the rule, a finding a strategy and metric."""
    fits = fits_of(metrics, rule.metrics)
    for cases in _sizes(rule, own.endings):
        for metric in rule.metrics:
            fit = next(
                (fit for (group, name), fit in fits.items() if _is_of(group.strategy, name, cases, metric)),
                None,
            )
            found = _held(rule, metric, cases, own, fit)
            yield found if noise is None else replace(found, alarms=_alarms(found, noise, cases[-1].workload))


def _is_of(strategy: str, name: str, cases: list[Case], metric: str) -> bool:
    # Where there are several surroundings a fit's strategy is called by them as well.
    return name == metric and strategy.split(" (")[0] == cases[0].strategy


def _sizes(rule: Growth, cases: Iterable[Case]) -> Iterator[list[Case]]:
    """The cases of each strategy that differ in nothing but the size, the smallest first; of other sizes the largest."""
    alike: dict[Case, list[Case]] = {}
    for case in cases:
        if rule.strategy in (None, case.strategy):
            alike.setdefault(replace_size(case, rule.along, 0), []).append(case)
    longest: dict[str, list[Case]] = {}
    for some in alike.values():
        if len(some) >= len(longest.get(some[0].strategy, ())):
            longest[some[0].strategy] = some
    yield from (sorted(some, key=lambda case: size_of(case, rule.along)) for some in longest.values())


def size_of(case: Case, along: Along) -> int:
    """The size of a case in one direction; 0 where nobody knows it."""
    return getattr(case, along) or 0


def replace_size(case: Case, along: Along, size: int) -> Case:
    return case._replace(items=size) if along == "items" else case._replace(context_bytes=size)


def _held(rule: Growth, metric: str, cases: list[Case], own: Side, fit: Fit | None) -> Finding:
    small, large = cases[0], cases[-1]
    where = f"{large.workload}, {large.strategy}, {large.dispatch}"
    found = Finding(rule=rule, case=where, word="broken", reason="", strategy=large.strategy, metric=metric)
    if len(cases) < 2:
        return replace(found, reason=f"{metric} was measured at one size: growth needs several")
    if fault := own.fault(small, metric) or own.fault(large, metric):
        return replace(found, reason=fault)
    base, seen = own.figures[small][metric], own.figures[large][metric]
    scale = 1.0 if rule.law == "O(1)" else size_of(large, rule.along) / max(size_of(small, rule.along), 1)
    change = judged([(value * scale, other) for value, other in pairs_of(base, seen)], tolerance_of(metric))
    word = _word(rule, change, "none" if fit is None else fit.law)
    show = METRICS[metric].format
    grown = "by no law that we know" if fit is None or fit.law == "none" else f"as {fit.law}"
    ends = f"{show(base.median)} at {_size(small, rule.along)}, {show(seen.median)} at {_size(large, rule.along)}"
    span = None if change is None else Span.over(change, "what it may be")
    verb = "grows" if word != "kept" else "comes out"
    reason = f"{metric} {verb} {grown}: {ends}"
    return replace(found, word=word, reason=reason, value=seen.median, limit=base.median * scale, span=span)


def _alarms(found: Finding, noise: NoiseFloor, workload: str) -> FalseAlarms | None:
    """How often the rule of verdicts finds growth in what has one size."""
    if found.span is None or found.word == "kept":
        return None
    return noise.alarms(
        found.metric, found.span.n, lambda change: change.direction == "more", workload=workload
    )


def _word(rule: Growth, change: Change | None, law: str) -> Word:
    may_be_law = rule.law != "O(1)" or law not in GROWS_ALONG[rule.along]
    if change is None:
        return "kept" if may_be_law else "undecided"
    if change.direction == "more":
        return "kept" if may_be_law and rule.law == "O(1)" else "broken"
    return "kept" if may_be_law or change.word == "not changed" or change.direction == "less" else "undecided"


def _size(case: Case, along: Along) -> str:
    if along == "items":
        return counted(case.items or 0, "item")
    return f"{format_bytes(case.context_bytes)} of context"
