"""A law, what it said of a strategy, and the contexts that the laws look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from attune_sim.contexts.strategy import ALWAYS, ContextStrategy, Fork, Path


@dataclass(frozen=True, slots=True)
class Law:
    """One check. `guarantee` names the promise that it tests, one of `Guarantees` or of `ALWAYS`; None: it tests the
    protocol itself. What is not among `Guarantees` every strategy must keep.

    `check` gives None where the law holds, else what was seen instead.
    """

    name: str
    guarantee: str | None
    check: Callable[[ContextStrategy], str | None]

    def is_promised(self, strategy: type[ContextStrategy]) -> bool:
        """Whether the strategy has to keep this law."""
        return (
            self.guarantee is None
            or self.guarantee in ALWAYS
            or strategy.guarantees.as_dict()[self.guarantee]
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a law said of a strategy: `seen` is None where it held. `broken` is what a test should assert on."""

    strategy: str
    law: str
    guarantee: str | None
    promised: bool
    seen: str | None

    @property
    def held(self) -> bool:
        return self.seen is None

    @property
    def broken(self) -> bool:
        """Whether the strategy had to keep this law and did not."""
        return self.promised and not self.held

    def __str__(self) -> str:
        state = (
            "holds"
            if self.held
            else f"{'BROKEN' if self.broken else 'does not hold, nor is it promised'}: {self.seen}"
        )
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


def two_forks(
    strategy: ContextStrategy,
    given: Mapping[str, Any] | None = None,
    reads: frozenset[Path] | None = None,
) -> tuple[Any, Fork, Fork]:
    """A context, and two forks of it that were given the same item."""
    context = strategy.begin(given or namespaces())
    forker = strategy.fan_out(context, reads)
    item = {"nested": {"list": [1, 2]}}
    return context, forker.fork(item, 0), forker.fork(item, 1)


NESTED = frozenset(
    {
        ("parameters", "nested", "list"),
        ("workflow", "nested", "list"),
        ("task", "earlier", "nested", "list"),
        ("config", "nested", "list"),
        ("item", "nested", "list"),
    }
)
"""The inner lists of `namespaces` and of the item of `two_forks`."""
