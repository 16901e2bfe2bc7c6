"""A threshold, held against one case: the figure against a number, against another figure of the same run, or against the
same figure of a baseline.

Both sides are read round by round, so that a ratio is free of what a round does to both. Which of the two is the larger, the
medians say; where there are pairs enough for the rule of all verdicts (`analysis.rule`) and it does not say that the left side is worse,
the rule is not broken and one cannot tell. Counts against a plain number are what they are: nothing is let pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from attune_sim.analysis.figures import Case, Figure, pairs_of
from attune_sim.analysis.noise import FalseAlarms, NoiseFloor
from attune_sim.analysis.rule import Change, Tolerance, judged
from attune_sim.analysis.surroundings import differences
from attune_sim.analysis.tolerance import tolerance_of
from attune_sim.metrics import METRICS
from attune_sim.thresholds.findings import Finding, Span, Word
from attune_sim.thresholds.measured import LIBRARIES, Side, named, not_measured
from attune_sim.thresholds.rules import Amount, Threshold


@dataclass(frozen=True)
class Held:
    """One rule and one case; `base` is the baseline, `noise` what the machine does to the same thing."""

    rule: Threshold
    case: Case
    own: Side
    base: Side | None = None
    noise: NoiseFloor | None = None

    @cached_property
    def finding(self) -> Finding:
        """What came of it."""
        if reason := self.own.fault(self.case, self.rule.metric) or self._fault_of_other:
            return self._found("broken", reason)
        if reason := self._not_comparable:
            return self._found("undecided", reason)
        if self._is_kept:
            return self._found("kept", self._seen)
        if self._is_open:
            return self._found("undecided", f"{self._seen}: cannot tell, more repeats decide it")
        return self._found("broken", self._seen)

    @property
    def unlike(self) -> str | None:
        """How the surroundings of the baseline differ from those of the case, if they do."""
        if self._before is None or self.base is None or not self._others:
            return None
        here, there = differences((self.own.attrs, self.case.where), (self.base.attrs, self._before.where))
        return f"the baseline was measured under {there}, this under {here}"

    @property
    def _others(self) -> set[str]:
        """What is other in the surroundings of the baseline; another version of what is measured is nothing other."""
        if self._before is None or self.base is None:
            return set()
        here, there = self.own.facts(self.case), self.base.facts(self._before)
        return {name for name in {*here, *there} if here.get(name) != there.get(name)}

    def _found(self, word: Word, reason: str) -> Finding:
        seen, change = self._figure, self._change
        measured = seen is not None and self.own.fault(self.case, self.rule.metric) is None
        return Finding(
            rule=self.rule,
            case=named(self.case),
            word=word,
            reason=reason,
            strategy=self.case.strategy,
            metric=self.rule.metric,
            value=None if seen is None else seen.median * self.rule.left.factor,
            limit=self._limit,
            alarms=self._alarms if measured and word != "kept" else None,
            span=None if change is None else self._span(change),
        )

    def _span(self, change: Change) -> Span:
        """The figure over what it is held against, with the ends that the pairs leave open."""
        of = "that of the baseline" if self.rule.relative else "the limit"
        if self.rule.may_be_more:
            return Span(change.ratio, change.low, change.high, change.n, of)
        return Span.over(change, of)

    # -- the two sides ------------------------------------------------------------------------------------------------

    @property
    def _figure(self) -> Figure | None:
        return self.own.figure(self.case, self.rule.metric)

    @cached_property
    def _other(self) -> Figure | None:
        """What stands on the right, as a figure; None where that is a number, or missing."""
        metric = self.rule.right.metric
        if metric is None:
            return None
        if self.rule.relative:
            return self.base.figure(self._before, metric) if self.base and self._before else None
        return self.own.figure(self._beside, metric) if self._beside else None

    @property
    def _beside(self) -> Case | None:
        """The case of the same run that stands on the right."""
        wanted = self.case._replace(strategy=self.rule.right.strategy or self.case.strategy)
        return wanted if wanted in self.own.endings else None

    @cached_property
    def _before(self) -> Case | None:
        """The case of the baseline that this one is held against."""
        if self.base is None or not self.rule.relative:
            return None
        return next(iter(self.base.like(self.case, self.rule.metric)), None)

    @property
    def _limit(self) -> float | None:
        """What the left side may be, in the metric's unit."""
        right = self.rule.right
        if right.metric is None:
            return right.factor
        return None if self._other is None else self._other.median * right.factor

    @cached_property
    def _change(self) -> Change | None:
        """What the rule of verdicts says of limit and figure, round by round; None where nothing can be paired.

        Swapped where the left side has to be the larger: `more` then is what it says, the wrong direction.
        """
        if self._figure is None or (self.rule.right.metric is not None and self._other is None):
            return None
        pairs = self._pairs(self._figure)
        if self.rule.may_be_more:
            pairs = [(own, base) for base, own in pairs]
        looks = (
            self._figure.looks if self._other is None else max(self._figure.looks, self._other.looks, key=len)
        )
        return judged(pairs, self._tolerance, looks)

    def _pairs(self, figure: Figure) -> list[tuple[float, float]]:
        """(limit, value) of each round."""
        own, bound = self.rule.left.factor, self.rule.right.factor
        if self._other is None:
            return [(bound, own * value) for value in figure.rounds.values()]
        if self.rule.relative:
            # Judged without the share that may be worse: that is looked at apart, for a limit is no change.
            return pairs_of(self._other, figure)
        return [(bound * base, own * value) for base, value in pairs_of(self._other, figure)]

    @property
    def _tolerance(self) -> Tolerance:
        usual = tolerance_of(self.rule.metric)
        if not self.rule.relative:
            return usual
        # A limit below what is usually called a change is believed.
        return replace(usual, change=min(usual.change, self.rule.beyond))

    # -- what is said --------------------------------------------------------------------------------------------------

    @property
    def _is_kept(self) -> bool:
        """Whether the medians are within the limit."""
        figure, limit, change = self._figure, self._limit, self._change
        if figure is None or limit is None:
            return False
        if self.rule.relative and self._other is not None and not METRICS[self.rule.metric].noisy:
            # Totals of one run differ by so much whatever their size.
            off = figure.median - self._other.median
            if abs(off) <= self._tolerance.amount:
                return True
        if self.rule.right.metric is not None and change is not None:
            return _within(self.rule, change)
        return self.rule.allows(figure.median * self.rule.left.factor, limit)

    @property
    def _is_open(self) -> bool:
        """Whether there are pairs enough for a verdict, and it is not that the figure is worse."""
        if self.rule.kind == "count" and not self.rule.relative:
            return False
        return self._change is not None and _leaves_open(self._change)

    @property
    def _seen(self) -> str:
        """`fork_us is 1.2 µs, limit 1.0 µs`."""
        show, figure = METRICS[self.rule.metric].format, self._figure
        if figure is None:
            return not_measured(self.rule.metric)
        left = self.rule.left if self.rule.left.factor != 1 else Amount(1, self.rule.metric)
        value = show(figure.median * self.rule.left.factor)
        limit = "unknown" if self._limit is None else show(self._limit)
        if limit == value and self._limit is not None:  # what differs by less than three digits show
            value, limit = f"{figure.median * self.rule.left.factor:,.12g}", f"{self._limit:,.12g}"
        return f"{left} is {value}, limit {limit}{self._of_what}"

    @property
    def _of_what(self) -> str:
        if self.rule.right.metric is None or self._other is None:
            return ""
        show = METRICS[self.rule.metric].format
        if not self.rule.relative:
            return f" ({self.rule.right})"
        surroundings = f"; {self.unlike}" if self.unlike else ""
        return f" ({show(self._other.median)} in the baseline{surroundings})"

    # -- what stands in the way ----------------------------------------------------------------------------------------

    @property
    def _fault_of_other(self) -> str | None:
        """Why there is nothing to hold the figure against, where the rule needs that."""
        metric = self.rule.right.metric
        if metric is None:
            return None
        if self.rule.relative:
            return self._fault_of_baseline(metric)
        if self._beside is None:
            return f"{self.rule.right.strategy} was not measured beside it; measure both in one run"
        return self.own.fault(self._beside, metric)

    def _fault_of_baseline(self, metric: str) -> str | None:
        if self.base is None or self._before is None:
            return f"the baseline has no {metric} of this case; measure and keep it, then compare again"
        if len(self.base.like(self.case, metric)) > 1:
            return "the baseline has this case from several surroundings, none of them these; keep one of them in a store"
        fault = self.base.fault(self._before, metric)
        return f"the baseline is no measure, its {fault}" if fault else None

    @property
    def _not_comparable(self) -> str | None:
        """Why a time says nothing beside that of the baseline: it is of the machine, and of the Python that runs there. That libraries
        differ is told, and may be what made the difference."""
        if not self.rule.relative or not METRICS[self.rule.metric].noisy or self._others <= {LIBRARIES}:
            return None
        return f"not compared, only counts are: {self.unlike}; measure a baseline here"

    @property
    def _alarms(self) -> FalseAlarms | None:
        """How often noise alone breaks such a rule: of a baseline as it stands, any other one for what lies at its limit."""
        if self.noise is None or self._change is None:
            return None

        def is_alarm(found: Change) -> bool:
            return 1 / found.ratio > 1 + self.rule.beyond and not _leaves_open(found)

        metric, workload = self.rule.metric, self.case.workload
        return self.noise.alarms(
            metric, self._change.n, is_alarm, tolerance=self._tolerance, workload=workload
        )


def _within(rule: Threshold, change: Change) -> bool:
    """Whether the median ratio is within the limit; that of a baseline has its share on top."""
    worse = 1 / change.ratio
    if rule.relative:
        return worse <= (1 / (1 - rule.beyond) if rule.may_be_more else 1 + rule.beyond)
    return worse <= 1 if "=" in rule.relation else worse < 1


def _leaves_open(change: Change) -> bool:
    return change.enough and change.direction != "more"
