"""Contexts and forks over maps that cannot be changed: what strategies on persistent maps stand on.

Such a map has `get`, and a method that gives a new version with one entry more, which shares all but a few nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_sim.scope import MISSING


class VersionContext:
    """One version of the namespaces: a persistent map of persistent maps."""

    __slots__ = ("namespaces",)

    def __init__(self, namespaces: Mapping[str, Any]) -> None:
        self.namespaces = namespaces

    def resolve(self, name: str) -> Any:
        return self.namespaces.get(name, MISSING)


class VersionFork:
    """A version of its own, which holds the item, and the index beside it: 48 bytes and the nodes that differ."""

    __slots__ = ("index", "namespaces")

    def __init__(self, namespaces: Mapping[str, Any], index: int) -> None:
        self.namespaces = namespaces
        self.index = index

    @property
    def item(self) -> Any:
        return self.namespaces["item"]

    def resolve(self, name: str) -> Any:
        if name == "index":
            return self.index
        return self.namespaces.get(name, MISSING)
