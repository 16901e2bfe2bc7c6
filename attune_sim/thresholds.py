"""Rule text -> Threshold -> regressions. Pure: frames in, a list of broken rules out.

    fork_bytes<128              at most so much, in the metric's own unit (bytes, microseconds, seconds, a count)
    fork_us<1us                 or with a unit: ns us ms s, B KB MB GB KiB MiB GiB
    peak_rss_bytes<=64MiB
    shared.fork_bytes<128       only for one strategy
    fork_us:10%                 at most 10 % worse than in a baseline

A rule whose metric was not measured is broken, and one whose figure does not hold: a gate without data must not stay open.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import pandas as pd

from attune_sim.analysis.ending import Ending, endings_of
from attune_sim.analysis.figures import CASE, Case, Figure, case_of, figures_of, ratio
from attune_sim.errors import InputError, counted
from attune_sim.metrics import FACTORS, METRICS, Metric, ascii_unit

_RELATIONS: Final = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
_RULE: Final = re.compile(
    r"\s*(?:(?P<strategy>[\w-]+)\.)?(?P<metric>\w+)\s*"
    r"(?P<relation><=|>=|<|>|:)\s*(?P<number>[\d_]*\.?\d+(?:e[+-]?\d+)?)\s*(?P<unit>%|[A-Za-z]*|[\u00b5\u03bc]s)\s*",
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
        bound = self.limit
        if self.relative:
            if base is None:
                raise InputError(f"threshold {self.text!r} is relative: it needs a baseline")
            bound = base * (1 + self.limit if self.relation == "<=" else 1 - self.limit)
        return bool(_RELATIONS[self.relation](value, bound))


@dataclass(frozen=True, slots=True)
class Regression:
    """One broken rule of one case. `line`, its text, is the whole message."""

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
    rule = _RULE.fullmatch(text)
    if rule is None:
        raise InputError(f"threshold {text!r} cannot be read; {_FORM}")
    try:
        metric = METRICS[rule["metric"]]
    except InputError as error:
        raise InputError(f"threshold {text!r}: {error}") from None
    number = float(rule["number"].replace("_", ""))
    if rule["relation"] == ":":
        return _relative(text, metric, rule, number)
    limit = number * _factor(text, metric, rule["unit"])
    return Threshold(text.strip(), metric.name, rule["relation"], limit, rule["strategy"])


def _relative(text: str, metric: Metric, rule: re.Match[str], percent: float) -> Threshold:
    if rule["unit"] != "%":
        raise InputError(f"threshold {text!r}: a rule against a baseline ends in %; {_FORM}")
    if metric.better is None:
        raise InputError(f"threshold {text!r}: of {metric.name} neither more nor less is better")
    relation = "<=" if metric.better == "lower" else ">="
    return Threshold(text.strip(), metric.name, relation, percent / 100, rule["strategy"], relative=True)


def _factor(text: str, metric: Metric, unit: str) -> float:
    if not unit:
        return 1.0
    if unit == "%":
        raise InputError(f"threshold {text!r}: a percentage is written {metric.name}:PERCENT (fork_us:10%)")
    factors, unit = FACTORS[metric.unit], ascii_unit(unit)
    if not factors:
        raise InputError(f"threshold {text!r}: {metric.name} is a {metric.unit}; leave {unit!r} out")
    if unit not in factors:
        choices = f"choose from: {', '.join(factors)}"
        raise InputError(f"threshold {text!r}: {metric.name} is in {metric.unit}, not in {unit!r}; {choices}")
    return factors[unit]


class Measured(NamedTuple):
    """What a comparison came to, as rules are held against it: its `metrics` and its `cells` frame."""

    metrics: pd.DataFrame
    cells: pd.DataFrame


def check(
    thresholds: Iterable[Threshold], measured: Measured, baseline: Measured | None = None
) -> list[Regression]:
    """The rules that are broken, rule by rule and case by case; an empty list is a pass.

    The value of a case is the median over its repeats. A figure that does not hold breaks its rule whatever its value is:
    a total of a cell that was cut short, anything of a cell that broke down or whose items all failed. `baseline` is for
    relative rules.

    Raises:
        InputError: a relative rule without a baseline; the message says how to make one.
    """
    rules = list(thresholds)
    if baseline is None and (relative := next((rule for rule in rules if rule.relative), None)):
        raise InputError(
            f"threshold {relative.text!r} needs a baseline: keep one with "
            "`attune-sim compare ... --store FILE` and name it with `--baseline FILE`"
        )
    own, base = _Side.of(measured), None if baseline is None else _Side.of(baseline)
    return [regression for rule in rules for regression in _broken(rule, own, base)]


@dataclass(frozen=True, slots=True)
class _Side:
    """The figures of each case, how its worst cell ended, and why a figure has no value where its reading says so."""

    figures: Mapping[Case, Mapping[str, Figure]]
    endings: Mapping[Case, Ending]
    labels: Mapping[tuple[Case, str], str]

    @classmethod
    def of(cls, measured: Measured) -> _Side:
        metrics = measured.metrics
        empty = metrics[metrics["value"].isna() & metrics["label"].ne("")]
        rows = empty[[*CASE, "metric", "label"]].itertuples(index=False, name=None)
        labels = {(case_of(case), metric): label for *case, metric, label in rows}
        return cls(figures_of(metrics), endings_of(measured.cells), labels)

    def figure(self, case: Case, metric: str) -> Figure | None:
        return self.figures.get(case, {}).get(metric)

    def fault(self, case: Case, metric: str) -> str | None:
        """Why there is no figure of this case that holds."""
        figure, ending = self.figure(case, metric), self.endings[case]
        why = ending.story + (f" ({ending.error})" if ending.error else "")
        if figure is None:
            label = self.labels.get((case, metric), "").removeprefix("unavailable: ")
            return not_measured(metric, label or ("" if ending.holds(metric) else why))
        if ending.holds(metric):
            return None
        seen = METRICS[metric].format(figure.median)
        return f"{metric} {f'is at least {seen}' if figure.least else 'does not hold'}: {why}"


def _broken(rule: Threshold, own: _Side, base: _Side | None) -> Iterator[Regression]:
    mine = [case for case in own.endings if rule.strategy in (None, case.strategy)]
    if not mine:
        yield Regression(rule, rule.strategy or "nothing", None, not_measured(rule.metric))
    for case in mine:
        if reason := _reason(rule, case, own, base):
            figure = own.figure(case, rule.metric)
            yield Regression(rule, _named(case), figure.median if figure else None, reason)


def _reason(rule: Threshold, case: Case, own: _Side, base: _Side | None) -> str | None:
    figure = own.figure(case, rule.metric)
    if (fault := own.fault(case, rule.metric)) or figure is None:
        return fault
    before = base.figure(case, rule.metric) if base and rule.relative else None
    if rule.relative and (base is None or before is None):
        return f"the baseline has no {rule.metric} of this case; measure it with --store, then compare again"
    if base and before and (fault := base.fault(case, rule.metric)):
        return f"the baseline is no measure, its {fault}"
    if _is_kept(rule, figure, before):
        return None
    show = METRICS[rule.metric].format
    against = f", {show(before.median)} in the baseline" if before else ""
    return f"{rule.metric} is {show(figure.median)}{against}"


def _is_kept(rule: Threshold, figure: Figure, base: Figure | None) -> bool:
    """A rule against a baseline looks at the median ratio of the pairs; at two medians where nothing can be paired."""
    pairs = ratio(base, figure) if rule.relative else None
    if pairs is not None:
        return rule.allows(1 / pairs, 1.0)
    return rule.allows(figure.median, base.median if base else None)


def not_measured(metric: str, why: str = "") -> str:
    """That a metric has no value, and why or, where it has to be asked for, how to get one.

    >>> not_measured("fork_us"), not_measured("fork_instructions")
    ('fork_us was not measured', 'fork_instructions was not measured (ask for it with --probe instructions)')
    """
    probe = METRICS[metric].probe
    hint = f" (ask for it with --probe {probe})" if probe else ""
    return f"{metric} was not measured{f': {why}' if why else hint}"


def _named(case: Case) -> str:
    items = "" if case.items is None else f"{counted(case.items, 'item')}, "
    return f"{case.workload}, {case.strategy}, {items}{case.dispatch}"
