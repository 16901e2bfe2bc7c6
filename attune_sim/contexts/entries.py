"""What our strategies have in common: publishing and storing enter something into a namespace, forkers hold them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, Self, TypeVar

from attune_sim.contexts.handed import HandedContext, HandedForker
from attune_sim.contexts.strategy import Guarantees
from attune_sim.display import Displayed
from attune_sim.scope import MISSING


class EntryContext(Protocol):
    """A context that knows how to grow."""

    def with_entries(self, namespace: str, entries: Mapping[str, Any]) -> Self:
        """A context whose `namespace` also has these entries; this one stays as it is."""


_C = TypeVar("_C", bound=EntryContext)


def each_map(namespaces: Mapping[str, Any], make: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any]:
    """The namespaces, with what `make` makes of each that is a map."""
    return {name: make(value) if isinstance(value, Mapping) else value for name, value in namespaces.items()}


class NamespaceContext(HandedContext):
    """Namespaces by name, in a map of any kind; a strategy adds `with_entries`."""

    __slots__ = ("namespaces",)

    def __init__(self, namespaces: Any) -> None:
        self.namespaces = namespaces

    def resolve(self, name: str) -> Any:
        return self.namespaces.get(name, MISSING)


class NamespaceForker(HandedForker):
    """Holds what `fork` and `fork_plain` of a strategy hand on, under `_namespaces`."""

    __slots__ = ("_namespaces",)

    def __init__(self, namespaces: Any) -> None:
        self._namespaces = namespaces


class EntryStrategy(Displayed, Generic[_C]):
    """Publish and store over an `EntryContext`; a strategy adds its name, its guarantees, `begin` and `fan_out`."""

    name: str
    guarantees: Guarantees
    sends_forks = False

    def publish(self, context: _C, values: Mapping[str, Any]) -> _C:
        return context.with_entries("workflow", values)

    def store(self, context: _C, task: str, result: Any) -> _C:
        return context.with_entries("task", {task: result})

    def __repr__(self) -> str:
        return f"<strategy {self.name}: isolates {self.guarantees.isolates}>"
