"""Rule text -> Threshold -> regressions. Pure: frames in, a list of broken rules out.

    fork_bytes<128              at most so much, in the metric's own unit (bytes, microseconds, seconds, a count)
    fork_us<1us                 or with a unit: ns us ms s, B KB MB GB KiB MiB GiB
    peak_rss_bytes<=64MiB
    shared.fork_bytes<128       only for one strategy
    fork_us:10%                 at most 10 % worse than in a baseline

A rule whose metric was not measured is broken, and one whose figure does not hold: a gate without data must not stay open.

A rule against a baseline is held by the rule of all verdicts (`analysis.rule`): it is broken where the metric has *changed* for
the worse and the median ratio is beyond the limit. Where that ratio is beyond it and one *cannot tell*, because the repeats leave
both open, it is not broken, and `Broken.undecided` says so. With fewer pairs than tell anything the median alone counts.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import pandas as pd

from attune_sim.analysis.ending import Ending, endings_of
from attune_sim.analysis.figures import CASE, Case, Figure, case_of, change, figures_of
from attune_sim.analysis.rule import Change
from attune_sim.analysis.surroundings import differences
from attune_sim.analysis.tolerance import tolerance_of
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


class Broken(list[Regression]):
    """The rules that are broken. `undecided` are those of which one cannot tell, `unlike` says how the surroundings of a
    baseline differ; both are lines to be shown, and no regressions."""

    def __init__(
        self,
        regressions: Iterable[Regression] = (),
        undecided: Iterable[Regression] = (),
        unlike: Iterable[str] = (),
    ) -> None:
        super().__init__(regressions)
        self.undecided = tuple(undecided)
        self.unlike = tuple(dict.fromkeys(unlike))


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


def check(thresholds: Iterable[Threshold], measured: Measured, baseline: Measured | None = None) -> Broken:
    """The rules that are broken, rule by rule and case by case; an empty list is a pass.

    The value of a case is the median over its repeats. A figure that does not hold breaks its rule whatever its value is:
    a total of a cell that was cut short, anything of a cell that broke down or whose items all failed. `baseline` is for
    relative rules. Other software may be what is asked about, so it is told and compared; a time of another machine is no
    baseline, and breaks its rule.

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
    held = [_Held(rule, case, own, base) for rule in rules for case in _cases(rule, own)]
    return Broken(
        (one.regression(reason) for one in held if (reason := one.broken)),
        (one.regression(reason) for one in held if (reason := one.undecided)),
        (words for one in held if (words := one.unlike)),
    )


def _cases(rule: Threshold, own: _Side) -> list[Case | None]:
    """The cases that a rule is about; None stands for those that it names and nobody measured."""
    return [case for case in own.endings if rule.strategy in (None, case.strategy)] or [None]


@dataclass(frozen=True, slots=True)
class _Side:
    """The figures of each case, how its worst cell ended, and why a figure has no value where its reading says so."""

    figures: Mapping[Case, Mapping[str, Figure]]
    endings: Mapping[Case, Ending]
    labels: Mapping[tuple[Case, str], str]
    attrs: Mapping[Any, Any]

    @classmethod
    def of(cls, measured: Measured) -> _Side:
        metrics = measured.metrics
        empty = metrics[metrics["value"].isna() & metrics["label"].ne("")]
        rows = empty[[*CASE, "metric", "label"]].itertuples(index=False, name=None)
        labels = {(case_of(case), metric): label for *case, metric, label in rows}
        return cls(figures_of(metrics), endings_of(measured.cells), labels, metrics.attrs)

    def like(self, case: Case, metric: str) -> list[Case]:
        """The same case in whatever surroundings, as far as it has this metric: only those that are most alike."""
        known = [one for one in self.endings if one.anywhere == case.anywhere and self.figure(one, metric)]
        alike = {one: (one.machine == case.machine, one.software == case.software) for one in known}
        return [one for one in known if alike[one] == max(alike.values())]

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


@dataclass(frozen=True, slots=True)
class _Held:
    """One rule, held against one case and, if it is relative, against the same case of a baseline."""

    rule: Threshold
    case: Case | None
    own: _Side
    base: _Side | None

    def regression(self, reason: str) -> Regression:
        figure = self._figure
        name = _named(self.case) if self.case else self.rule.strategy or "nothing"
        return Regression(self.rule, name, figure.median if figure else None, reason)

    @property
    def broken(self) -> str | None:
        """Why the rule is broken; None if it is not."""
        if self.case is None:
            return not_measured(self.rule.metric)
        if fault := self.own.fault(self.case, self.rule.metric) or self._fault_of_baseline:
            return fault
        if self._is_kept or self._is_open:
            return None
        return self._seen

    @property
    def undecided(self) -> str | None:
        """That the repeats leave both open, if they do."""
        if self.case is None or self.own.fault(self.case, self.rule.metric) or self._fault_of_baseline:
            return None
        if self._is_kept or not self._is_open or (found := self._change) is None:
            return None
        return (
            f"{self._seen}: cannot tell, {1 / found.high:.3g} to {1 / found.low:.3g} times that of the baseline over "
            f"{counted(found.n, 'pair')}; more --repeats decide it"
        )

    @property
    def unlike(self) -> str | None:
        """How the surroundings of the baseline differ from those of the case, if they do."""
        if self._before is None or self.case is None or self.base is None:
            return None
        if self._before.where == self.case.where:
            return None
        here, there = differences((self.own.attrs, self.case.where), (self.base.attrs, self._before.where))
        return f"the baseline was measured under {there}, this under {here}"

    @property
    def _figure(self) -> Figure | None:
        return None if self.case is None else self.own.figure(self.case, self.rule.metric)

    @property
    def _before(self) -> Case | None:
        """The case of the baseline that this one is held against."""
        if self.case is None or self.base is None or not self.rule.relative:
            return None
        return next(iter(self.base.like(self.case, self.rule.metric)), None)

    @property
    def _base_figure(self) -> Figure | None:
        return self.base.figure(self._before, self.rule.metric) if self.base and self._before else None

    @property
    def _fault_of_baseline(self) -> str | None:
        """Why there is nothing to hold the figure against, where the rule needs that."""
        if not self.rule.relative or self.case is None or self.base is None:
            return None
        metric, before = self.rule.metric, self._before
        if before is None:
            return f"the baseline has no {metric} of this case; measure it with --store, then compare again"
        if len(self.base.like(self.case, metric)) > 1:
            return "the baseline has this case from several surroundings, none of them these; keep one of them in a store"
        if METRICS[metric].noisy and before.machine != self.case.machine:
            return f"the baseline is from another machine, and a time says nothing there ({self.unlike}); measure it here"
        fault = self.base.fault(before, metric)
        return f"the baseline is no measure, its {fault}" if fault else None

    @property
    def _change(self) -> Change | None:
        """What the rule of verdicts says of the two; a limit below what it calls a change is believed."""
        if self._figure is None or self._base_figure is None:
            return None
        usual = tolerance_of(self.rule.metric)
        least = replace(usual, change=min(usual.change, self.rule.limit))
        return change(self._base_figure, self._figure, least)

    @property
    def _is_kept(self) -> bool:
        """Whether the figure is within the limit; where nothing can be paired two medians are looked at."""
        if self._change is not None:
            return self.rule.allows(1 / self._change.ratio, 1.0)
        figure, base = self._figure, self._base_figure
        return figure is not None and self.rule.allows(figure.median, base.median if base else None)

    @property
    def _is_open(self) -> bool:
        """Whether there are pairs enough for a verdict, and it is not that the figure has become worse."""
        found = self._change
        worse = "more" if METRICS[self.rule.metric].better == "lower" else "less"
        return found is not None and found.enough and found.direction != worse

    @property
    def _seen(self) -> str:
        """`fork_us is 1.2 us, 1.0 us in the baseline`."""
        show, base = METRICS[self.rule.metric].format, self._base_figure
        against = f", {show(base.median)} in the baseline" if base else ""
        surroundings = f" ({self.unlike})" if self.unlike else ""
        figure = self._figure
        return f"{self.rule.metric} is {show(figure.median) if figure else 'unknown'}{against}{surroundings}"


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
