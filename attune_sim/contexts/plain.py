"""The namespaces as a plain dict that is replaced and never changed: what most strategies stand on.

Publishing copies one top-level map, not what it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_sim.scope import MISSING


class PlainContext:
    """What a run knows at one moment, as a dict of namespaces."""

    __slots__ = ("namespaces",)

    def __init__(self, namespaces: dict[str, Any]) -> None:
        self.namespaces = namespaces

    def resolve(self, name: str) -> Any:
        return self.namespaces.get(name, MISSING)

    def with_entries(self, namespace: str, entries: Mapping[str, Any]) -> PlainContext:
        """A context whose `namespace` also has these entries; this one stays as it is."""
        return PlainContext({**self.namespaces, namespace: {**self.namespaces[namespace], **entries}})


class PlainFork:
    """Namespaces, an item and its index: three words, 56 bytes by `sys.getsizeof`."""

    __slots__ = ("_namespaces", "index", "item")

    def __init__(self, namespaces: dict[str, Any], item: Any, index: int) -> None:
        self._namespaces = namespaces
        self.item = item
        self.index = index

    def resolve(self, name: str) -> Any:
        if name == "item":
            return self.item
        if name == "index":
            return self.index
        return self._namespaces.get(name, MISSING)


class PlainStrategy:
    """Begin, publish and store over a `PlainContext`; a strategy adds its name, its guarantees and `fan_out`."""

    def begin(self, namespaces: Mapping[str, Any]) -> PlainContext:
        return PlainContext(dict(namespaces))

    def publish(self, context: PlainContext, values: Mapping[str, Any]) -> PlainContext:
        return context.with_entries("workflow", values)

    def store(self, context: PlainContext, task: str, result: Any) -> PlainContext:
        return context.with_entries("task", {task: result})
