"""What publishing and storing have in common: both enter something into a namespace. Our strategies stand on this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Protocol, Self, TypeVar

from attune_sim.contexts.strategy import Guarantees


class EntryContext(Protocol):
    """A context that knows how to grow."""

    def with_entries(self, namespace: str, entries: Mapping[str, Any]) -> Self:
        """A context whose `namespace` also has these entries; this one stays as it is."""


_C = TypeVar("_C", bound=EntryContext)


class EntryStrategy(Generic[_C]):
    """Publish and store over an `EntryContext`; a strategy adds its name, its guarantees, `begin` and `fan_out`."""

    name: str
    guarantees: Guarantees

    def publish(self, context: _C, values: Mapping[str, Any]) -> _C:
        return context.with_entries("workflow", values)

    def store(self, context: _C, task: str, result: Any) -> _C:
        return context.with_entries("task", {task: result})

    def __repr__(self) -> str:
        return f"<strategy {self.name}>"
