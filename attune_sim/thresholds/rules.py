"""What a rule says, as frozen values: which amount is held against which, how a cost may grow, that promises are kept."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from attune_sim.metrics import METRICS

Kind = Literal["count", "ratio", "time"]
Along = Literal["items", "context_bytes"]

RELATIONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Amount:
    """`factor` times a metric, of a strategy or of whichever is looked at; without a metric, just a number in the unit of
    the other side."""

    factor: float = 1.0
    metric: str | None = None
    strategy: str | None = None

    def __str__(self) -> str:
        name = ".".join(filter(None, (self.strategy, self.metric)))
        return name if self.factor == 1 else f"{self.factor:g} * {name}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One amount held against another. `relative`: the right one is read in a baseline, and is what the left one was there
    with its factor on top."""

    text: str
    left: Amount
    relation: str
    right: Amount
    relative: bool = False

    @property
    def metric(self) -> str:
        """The metric that is held: an amount of the left side always has one."""
        return self.left.metric or ""

    @property
    def strategy(self) -> str | None:
        return self.left.strategy

    @property
    def metrics(self) -> tuple[str, ...]:
        """All metrics that have to be measured."""
        return tuple(dict.fromkeys(one.metric for one in (self.left, self.right) if one.metric))

    @property
    def strategies(self) -> tuple[str, ...]:
        """All strategies that it names."""
        return tuple(dict.fromkeys(one.strategy for one in (self.left, self.right) if one.strategy))

    @property
    def may_be_more(self) -> bool:
        """Whether the left side is the one that has to be the larger."""
        return self.relation.startswith(">")

    @property
    def kind(self) -> Kind:
        if not any(METRICS[name].noisy for name in self.metrics):
            return "count"
        return "ratio" if self.right.metric and not self.relative else "time"

    @property
    def beyond(self) -> float:
        """By which share a metric may be worse than in the baseline."""
        return abs(self.right.factor - 1) if self.relative else 0.0

    def allows(self, value: float, bound: float) -> bool:
        """Whether the relation holds."""
        return RELATIONS[self.relation](value, bound)


@dataclass(frozen=True, slots=True)
class Growth:
    """How metrics may grow at the most, over the items of the fan-out or the bytes of the context that it is handed."""

    text: str
    metrics: tuple[str, ...]
    along: Along
    law: str
    strategy: str | None = None

    @property
    def strategies(self) -> tuple[str, ...]:
        return (self.strategy,) if self.strategy else ()

    @property
    def kind(self) -> Kind:
        return "ratio" if any(METRICS[name].noisy for name in self.metrics) else "count"


@dataclass(frozen=True, slots=True)
class Promises:
    """That a strategy keeps what it promises, as far as the laws over strategies tell."""

    text: str
    strategy: str | None = None
    metrics: tuple[str, ...] = ()
    kind: Kind = "count"

    @property
    def strategies(self) -> tuple[str, ...]:
        return (self.strategy,) if self.strategy else ()


Rule = Threshold | Growth | Promises
"""Each has `text`, `kind`, and the `metrics` and `strategies` that it needs."""


def about(rule: Rule, strategy: str) -> Rule:
    """The rule for this strategy, if it names none: others may be measured beside it only for it to be held against.

    >>> rule = Growth("growth in items is O(1)", ("fork_us",), "items", "O(1)")
    >>> about(rule, "shared").strategy, about(about(rule, "shared"), "hamt").strategy
    ('shared', 'shared')
    """
    if rule.strategy is not None:
        return rule
    if not isinstance(rule, Threshold):
        return replace(rule, strategy=strategy)
    right = replace(rule.right, strategy=strategy) if rule.relative else rule.right
    return replace(rule, left=replace(rule.left, strategy=strategy), right=right)
