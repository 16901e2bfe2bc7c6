"""Rules, held against what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attune_sim.analysis.figures import Case
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.errors import InputError
from attune_sim.thresholds.findings import Broken, Finding, Word
from attune_sim.thresholds.growing import growths
from attune_sim.thresholds.held import Held
from attune_sim.thresholds.measured import Measured, Side, not_measured
from attune_sim.thresholds.rules import Growth, Promises, Rule, Threshold


def check(
    rules: Iterable[Rule],
    measured: Measured,
    baseline: Measured | None = None,
    *,
    noise: NoiseFloor | None = None,
    making: str = "keep one with `attune-sim compare ... --store FILE` and name it with `--baseline FILE`",
) -> Broken:
    """The rules that are broken, rule by rule and case by case; an empty list is a pass.

    The value of a case is the median over its repeats. A figure that does not hold breaks its rule whatever its value is:
    a total of a cell that was cut short, anything of a cell that broke down or whose items all failed. `baseline` is for rules
    such as `fork_us:10%`; of one from other surroundings only counts are compared, and what differs is told. `noise` is what the
    machine does to the same thing: a broken rule then says how often noise alone breaks it.

    Raises:
        InputError: a rule against a baseline without one; the message says how to make one (`making`).
    """
    wanted = list(rules)
    for rule in wanted:
        if baseline is None and isinstance(rule, Threshold) and rule.relative:
            raise InputError(f"threshold {rule.text!r} needs a baseline: {making}")
    checking = _Checking(measured, Side.of(measured), baseline and Side.of(baseline), noise)
    found = [pair for rule in wanted for pair in checking.findings(rule)]
    return Broken((one for one, _ in found), (words for _, words in found if words))


@dataclass(frozen=True, slots=True)
class _Checking:
    measured: Measured
    own: Side
    base: Side | None
    noise: NoiseFloor | None

    def findings(self, rule: Rule) -> Iterator[tuple[Finding, str | None]]:
        """What came of a rule in each of its cases, and how the baseline's surroundings differ."""
        cases = list(self._cases(rule))
        if not cases and not self._is_of_others(rule):
            yield _of_nothing(rule), None
        elif isinstance(rule, Growth):
            yield from ((found, None) for found in growths(rule, self.measured.metrics, self.own, self.noise))
        elif isinstance(rule, Promises):
            names = dict.fromkeys(case.strategy for case in cases)
            yield from ((_kept_promises(rule, name, self.own), None) for name in names)
        else:
            for case in cases:
                held = Held(rule, case, self.own, self.base, self.noise)
                yield held.finding, held.unlike

    def _cases(self, rule: Rule) -> Iterator[Case]:
        """The cases that a rule is about: not the one that all others are held against."""
        for case in self.own.endings:
            if rule.strategy in (None, case.strategy) and not _is_itself(rule, case):
                yield case

    def _is_of_others(self, rule: Rule) -> bool:
        """Whether nothing is left of a rule because only the strategy was measured that others are held against."""
        return any(_is_itself(rule, case) for case in self.own.endings)


def _is_itself(rule: Rule, case: Case) -> bool:
    if not isinstance(rule, Threshold) or rule.relative or rule.strategy is not None:
        return False
    return rule.right.metric == rule.metric and rule.right.strategy == case.strategy


def _of_nothing(rule: Rule) -> Finding:
    what = ", ".join(not_measured(metric) for metric in rule.metrics) or "no strategy was looked at"
    case = rule.strategy or "nothing"
    return Finding(rule=rule, case=case, word="broken", reason=what, strategy=rule.strategy or "")


def _kept_promises(rule: Promises, name: str, own: Side) -> Finding:
    broken = own.promises.get(name)
    reason = (
        f"the laws were not asked (attune-sim strategies --check {name})"
        if broken is None
        else "; ".join(broken) or "keeps all that it promises"
    )
    word: Word = "kept" if broken == () else "broken"
    return Finding(rule=rule, case=name, word=word, reason=reason, strategy=name)
