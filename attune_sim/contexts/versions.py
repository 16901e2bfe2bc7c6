"""Contexts and forkers over maps that cannot be changed: what strategies on persistent maps stand on.

Such a map has `get`, and `set` and `update`, which give a new version with further entries: it shares all but a few nodes
with the one before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attune_sim.contexts.entries import EntryStrategy, NamespaceContext, NamespaceForker, each_map
from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.strategy import Guarantees
from attune_sim.scope import MISSING, ContextPath


class VersionContext(NamespaceContext):
    """One version of the namespaces: a persistent map of persistent maps."""

    __slots__ = ()

    def with_entries(self, namespace: str, entries: Mapping[str, Any]) -> VersionContext:
        """The version whose `namespace` also has these entries; this one stays as it is."""
        return VersionContext(self.namespaces.update({namespace: self.namespaces[namespace].update(entries)}))


class VersionForker(NamespaceForker):
    """A new version for each item, with the item as one entry more; the fork has it beside that, where reading it is free."""

    __slots__ = ()

    def fork(self, item: Any, index: int) -> PlainFork:
        return PlainFork(self._namespaces.set("item", item), item, index)

    def fork_plain(self) -> PlainFork:
        return PlainFork(self._namespaces, MISSING, MISSING)


class VersionStrategy(EntryStrategy[VersionContext]):
    """The whole of a strategy over such maps; it adds its name and `make`, which makes a persistent map of a mapping.

    The maps themselves cannot be changed, what they hold is the run's own. They are no dicts and keep no order.
    """

    guarantees = Guarantees(
        isolated_items=True,
        isolated_nested=False,
        concurrent_forks=True,
        travels=True,
        ordered=False,
        plain_dicts=False,
        json_ready=False,
    )
    make: ClassVar[Any]

    def begin(self, namespaces: Mapping[str, Any]) -> VersionContext:
        return VersionContext(self.make(each_map(namespaces, self.make)))

    def fan_out(self, context: VersionContext, reads: frozenset[ContextPath] | None) -> VersionForker:
        return VersionForker(context.namespaces)
