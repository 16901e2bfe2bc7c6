"""Rule text -> Threshold -> regressions. Pure: frames in, a list of broken rules out.

    fork_bytes<128              at most so much, in the metric's own unit (bytes, microseconds, seconds, a count)
    fork_us<1us                 or with a unit: ns us ms s, B KB MB GB KiB MiB GiB
    peak_rss_bytes<=64MiB
    shared.fork_bytes<128       only for one strategy
    fork_us:10%                 at most 10 % worse than in a baseline

A rule whose metric was not measured is broken: a gate without data must not stay open.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from attune_sim.analysis.figures import CASE, Case, Figure, case_of, figures_of
from attune_sim.errors import InputError
from attune_sim.metrics import FACTORS, METRICS, Metric

RELATIONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}

_RULE: Final = re.compile(
    r"\s*(?:(?P<strategy>[\w-]+)\.)?(?P<metric>\w+)\s*"
    r"(?P<relation><=|>=|<|>|:)\s*(?P<number>[\d_]*\.?\d+(?:e[+-]?\d+)?)\s*(?P<unit>%|[A-Za-z]*)\s*",
    re.ASCII | re.IGNORECASE,
)
_FORM: Final = "write METRIC<NUMBER (fork_bytes<128, fork_us<1us) or METRIC:PERCENT (fork_us:10%)"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One rule. `limit` is in the metric's unit, or a share (0.1 = 10 %) where `relative` to a baseline."""

    text: str
    metric: str
    relation: str
    limit: float
    strategy: str | None = None
    relative: bool = False

    def allows(self, value: float, base: float | None = None) -> bool:
        """Whether `value` keeps the rule; a relative one needs the baseline's value."""
        return RELATIONS[self.relation](value, self.bound(base))

    def bound(self, base: float | None = None) -> float:
        """The value that must not be passed, in the metric's unit."""
        if not self.relative:
            return self.limit
        if base is None:
            raise InputError(f"threshold {self.text!r} is relative: it needs a baseline")
        return base * (1 + self.limit if self.relation == "<=" else 1 - self.limit)


@dataclass(frozen=True, slots=True)
class Regression:
    """One broken rule of one case. `line` is the whole message."""

    threshold: Threshold
    case: str
    value: float | None
    reason: str

    @property
    def line(self) -> str:
        """`fork_bytes<128: baseline, shared, 1,000 items: fork_bytes is 512 B`."""
        return f"{self.threshold.text}: {self.case}: {self.reason}"

    def __str__(self) -> str:
        return self.line

    def __repr__(self) -> str:
        return f"<Regression {self.line}>"


def parse(text: str) -> Threshold:
    """One rule from its text.

    Raises:
        InputError: quotes the text and says what may stand there.

    >>> parse("shared.fork_us<1ms").limit, parse("peak_rss_bytes<=64MiB").limit, parse("fork_us:10%").limit
    (1000.0, 67108864.0, 0.1)
    >>> parse("fork_us<1MiB")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: threshold 'fork_us<1MiB': fork_us is in us, not in 'MiB'; choose from: ns, us, ms, s
    """
    found = _RULE.fullmatch(text)
    if found is None:
        raise InputError(f"threshold {text!r} cannot be read; {_FORM}")
    try:
        metric = METRICS[found["metric"]]
    except InputError as error:
        raise InputError(f"threshold {text!r}: {error}") from None
    number = float(found["number"].replace("_", ""))
    if found["relation"] == ":":
        return _relative(text, metric, found, number)
    limit = number * _factor(text, metric, found["unit"])
    return Threshold(text.strip(), metric.name, found["relation"], limit, found["strategy"])


def _relative(text: str, metric: Metric, found: re.Match[str], percent: float) -> Threshold:
    if found["unit"] != "%":
        raise InputError(f"threshold {text!r}: a rule against a baseline ends in %; {_FORM}")
    if metric.better is None:
        raise InputError(f"threshold {text!r}: of {metric.name} neither more nor less is better")
    relation = "<=" if metric.better == "lower" else ">="
    return Threshold(text.strip(), metric.name, relation, percent / 100, found["strategy"], relative=True)


def _factor(text: str, metric: Metric, unit: str) -> float:
    if not unit:
        return 1.0
    if unit == "%":
        raise InputError(f"threshold {text!r}: a percentage is written {metric.name}:PERCENT (fork_us:10%)")
    factors = FACTORS[metric.unit]
    if not factors:
        raise InputError(f"threshold {text!r}: {metric.name} is a {metric.unit}; leave {unit!r} out")
    if unit not in factors:
        raise InputError(
            f"threshold {text!r}: {metric.name} is in {metric.unit}, not in {unit!r}; "
            f"choose from: {', '.join(factors)}"
        )
    return factors[unit]


def check(
    thresholds: Iterable[Threshold], metrics: pd.DataFrame, baseline: pd.DataFrame | None = None
) -> list[Regression]:
    """The rules that a `metrics` frame breaks, rule by rule and case by case; an empty list is a pass.

    The value of a case is the median over its repeats. `baseline` is another `metrics` frame, for relative rules.

    Raises:
        InputError: a relative rule without a baseline; the message says how to make one.
    """
    figures = figures_of(metrics)
    cases = [case_of(case) for case in metrics[list(CASE)].drop_duplicates().itertuples(index=False)]
    known = None if baseline is None else figures_of(baseline)
    return [regression for rule in thresholds for regression in _broken(rule, cases, figures, known)]


_Figures = Mapping[Case, Mapping[str, Figure]]


def _broken(
    rule: Threshold, cases: list[Case], figures: _Figures, baseline: _Figures | None
) -> Iterator[Regression]:
    if rule.relative and baseline is None:
        raise InputError(
            f"threshold {rule.text!r} needs a baseline: keep one with "
            "`attune-sim compare ... --store FILE` and name it with `--baseline FILE`"
        )
    mine = [case for case in cases if rule.strategy in (None, case.strategy)]
    if not mine:
        yield Regression(rule, rule.strategy or "nothing", None, f"{rule.metric} was not measured")
    for case in mine:
        figure = figures.get(case, {}).get(rule.metric)
        base = None if baseline is None else baseline.get(case, {}).get(rule.metric)
        reason = _reason(rule, figure, base)
        if reason:
            yield Regression(rule, _named(case), figure.median if figure else None, reason)


def _reason(rule: Threshold, figure: Figure | None, base: Figure | None) -> str | None:
    if figure is None:
        return f"{rule.metric} was not measured"
    if rule.relative and base is None:
        return f"the baseline has no {rule.metric} of this case; measure it with --store, then compare again"
    reference = base.median if base else None
    if rule.allows(figure.median, reference):
        return None
    show = METRICS[rule.metric].format
    against = f", {show(reference)} in the baseline" if rule.relative and reference is not None else ""
    return f"{rule.metric} is {show(figure.median)}{against}"


def _named(case: Case) -> str:
    items = "" if case.items is None else f"{case.items:,} items, "
    return f"{case.workload}, {case.strategy}, {items}{case.dispatch}"
