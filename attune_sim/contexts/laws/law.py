"""A law, what it said of a strategy, and the contexts that the laws look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attune_sim.contexts.strategy import ContextStrategy, Fork, Forker, plain_fork
from attune_sim.display import Displayed


@dataclass(frozen=True, slots=True)
class Law:
    """One check. `guarantee` names the promise that it tests, one of `Guarantees` or of `ALWAYS`; None: it tests the
    protocol itself. What is not among `Guarantees` every strategy must keep.

    `check` gives None where the law holds, else what was seen instead; `note` is what else is to be told where it holds.
    """

    name: str
    guarantee: str | None
    check: Callable[[ContextStrategy], str | None]
    note: Callable[[ContextStrategy], str] | None = None

    def is_promised(self, strategy: type[ContextStrategy]) -> bool:
        """Whether the strategy has to keep this law."""
        return strategy.guarantees.as_dict().get(self.guarantee or "", True)


@dataclass(frozen=True, slots=True)
class Verdict(Displayed):
    """What a law said of a strategy: `seen` is None where it held. `broken` is what a test should assert on."""

    strategy: str
    law: str
    guarantee: str | None
    promised: bool
    seen: str | None
    note: str = ""

    @property
    def held(self) -> bool:
        return self.seen is None

    @property
    def broken(self) -> bool:
        """Whether the strategy had to keep this law and did not."""
        return self.promised and not self.held

    def __str__(self) -> str:
        state = f"holds ({self.note})" if self.note else "holds"
        if not self.held:
            state = f"{'BROKEN' if self.broken else 'does not hold, nor is it promised'}: {self.seen}"
        return f"{self.strategy}: {self.law}: {state}"


def namespaces() -> dict[str, Any]:
    """Fresh namespaces; the same names hold the same kinds of values in each, so that one check serves all."""
    return {
        "parameters": {"plain": 1, "nested": {"list": [1, 2]}},
        "workflow": {"plain": 1, "nested": {"list": [1, 2]}},
        "task": {"earlier": {"plain": 1, "nested": {"list": [1, 2]}}},
        "config": {"plain": 1, "nested": {"list": [1, 2]}},
        "keystore": None,
        "system": {"workflow_start": "2026-01-01T00:00:00Z"},
    }


def grown(strategy: ContextStrategy) -> Any:
    """A context in which a variable was published and a result stored since it began."""
    return strategy.store(strategy.publish(strategy.begin(namespaces()), {"new": 1}), "fetch", {"n": 1})


def two_forks(strategy: ContextStrategy) -> tuple[Any, Fork, Fork]:
    """A context, and two forks of it that were given the same item."""
    context = strategy.begin(namespaces())
    forker = strategy.fan_out(context, None)
    item = {"nested": {"list": [1, 2]}}
    return context, forker.fork(item, 0), forker.fork(item, 1)


def forked(forker: Forker, n: int) -> Fork:
    """The fork of a plain task for 0, else that of an item that knows its number."""
    return forker.fork({"n": n, "nested": {"list": [n]}}, n) if n else plain_fork(forker)


NESTED = frozenset(
    (*path, "nested", "list")
    for path in (("parameters",), ("workflow",), ("task", "earlier"), ("config",), ("item",))
)
"""The inner lists of `namespaces` and of the item of `two_forks`."""

GROWN = frozenset({("workflow", "new"), ("task", "fetch", "n")})
"""What `grown` has beyond `namespaces`."""
