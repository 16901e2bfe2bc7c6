"""What came of a rule, and of all rules: each broken one is a line that is the whole message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from attune_sim.analysis.figures import times
from attune_sim.analysis.noise import FalseAlarms
from attune_sim.analysis.rule import Change
from attune_sim.display import Displayed
from attune_sim.errors import counted
from attune_sim.thresholds.rules import Rule

Word = Literal["kept", "broken", "undecided"]


class Span(NamedTuple):
    """What was measured over what it is held against, in the median of n pairs, with the ends of its interval."""

    ratio: float
    low: float
    high: float
    n: int
    of: str

    @classmethod
    def over(cls, change: Change, of: str) -> Span:
        """Of what `analysis.rule` says of (what it is held against, what was measured)."""
        return cls(1 / change.ratio, 1 / change.high, 1 / change.low, change.n, of)

    def __str__(self) -> str:
        over = counted(self.n, "pair")
        span = over if self.n == 1 else f"{_factor(self.low)} to {_factor(self.high)} over {over}"
        return f"{_factor(self.ratio)} times {self.of} ({span})"


def _factor(ratio: float) -> str:
    """In three digits near 1, where the third one may matter."""
    return times(ratio) if ratio >= 10 else f"{ratio:.3g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Displayed):
    """One rule, held against one case.

    `word` says what came of it; `undecided` stands also for what must not be compared. `value` is what was measured and `limit`
    what it may be, in the metric's unit. `alarms` is how often noise alone breaks such a rule on this machine, None where
    that was not measured; `command` is one that shows more.
    """

    rule: Rule
    case: str
    word: Word
    reason: str
    strategy: str = ""
    metric: str = ""
    value: float | None = None
    limit: float | None = None
    span: Span | None = None
    alarms: FalseAlarms | None = None
    command: str = ""

    @property
    def line(self) -> str:
        """What, limit, measured, interval, how often such a line is wrong, and what shows more: the whole message."""
        parts = [f"{self.rule.text}: {self.case}: {self.reason}{f', {self.span}' if self.span else ''}"]
        parts += [f"false alarms: {self._rate}"] if self.word == "broken" and self.span else []
        parts += [f"see: {self.command}"] if self.command and self.word != "kept" else []
        return "; ".join(parts)

    @property
    def _rate(self) -> str:
        if self.alarms is None:
            return "not measured here (at.noise())"
        there = "" if getattr(self.rule, "relative", False) else " were it at the limit"
        return f"{self.alarms}{there} ({counted(self.alarms.n, 'pair')} of {self.alarms.workload} here)"

    def __str__(self) -> str:
        return self.line

    def __repr__(self) -> str:
        return f"<Finding {self.word}: {self.line}>"


class Broken(Displayed, list[Finding]):
    """The rules that are broken, of `all` that were held. `undecided` are those of which one cannot tell, `unlike` says how the
    surroundings of a baseline differ: lines to be shown, and no regressions."""

    def __init__(self, findings: Iterable[Finding] = (), unlike: Iterable[str] = ()) -> None:
        self.all = tuple(findings)
        super().__init__(one for one in self.all if one.word == "broken")
        self.unlike = tuple(dict.fromkeys(unlike))

    @property
    def undecided(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.all if one.word == "undecided")
