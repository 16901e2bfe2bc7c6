"""Contexts and forkers over maps that cannot be changed: what strategies on persistent maps stand on.

Such a map has `get`, and `set` and `update`, which give a new version with further entries: it shares all but a few nodes
with the one before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attune_sim.contexts.plain import PlainFork
from attune_sim.scope import MISSING


class VersionContext:
    """One version of the namespaces: a persistent map of persistent maps."""

    __slots__ = ("namespaces",)

    def __init__(self, namespaces: Any) -> None:
        self.namespaces = namespaces

    @classmethod
    def made_by(
        cls, make: Callable[[Mapping[str, Any]], Any], namespaces: Mapping[str, Any]
    ) -> VersionContext:
        """The first version; `make` makes a persistent map of a mapping."""
        maps = {
            name: make(value) if isinstance(value, Mapping) else value for name, value in namespaces.items()
        }
        return cls(make(maps))

    def resolve(self, name: str) -> Any:
        return self.namespaces.get(name, MISSING)

    def with_entries(self, namespace: str, entries: Mapping[str, Any]) -> VersionContext:
        """The version whose `namespace` also has these entries; this one stays as it is."""
        return VersionContext(self.namespaces.set(namespace, self.namespaces[namespace].update(entries)))


class VersionForker:
    """A new version for each item, with the item as one entry more; the fork has it beside that, where reading it is free."""

    __slots__ = ("_namespaces",)

    def __init__(self, namespaces: Any) -> None:
        self._namespaces = namespaces

    def fork(self, item: Any, index: int) -> PlainFork:
        return PlainFork(self._namespaces.set("item", item), item, index)

    def fork_plain(self) -> PlainFork:
        return PlainFork(self._namespaces, MISSING, MISSING)
