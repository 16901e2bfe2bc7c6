"""`projected`: every item gets a deep copy of the paths that its templates read, and of nothing else.

Full isolation, at a price that depends on what is read and not on what exists; a fork small enough to be sent to another
machine. Which paths these are the engine knows from the syntax trees of the templates. Where a path cannot be known
exactly it names the smallest subtree that surely holds what is read; unknown altogether, everything is copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from attune_sim.contexts.copying import deep_copy, try_to_copy
from attune_sim.contexts.handed import HandedForker
from attune_sim.contexts.plain import PlainContext, PlainFork, PlainStrategy
from attune_sim.contexts.refusal import refused
from attune_sim.contexts.strategy import Guarantees
from attune_sim.scope import MISSING, ContextPath, Missing

_Tree: TypeAlias = "dict[str, _Tree] | None"
"""Paths as a tree of their steps; None: all of it."""


class _Forker(HandedForker):
    """`kept` is what the context has of the paths that are read, `wanted` says which paths of the item are."""

    __slots__ = ("_kept", "_wanted")

    def __init__(self, kept: dict[str, Any], wanted: _Tree) -> None:
        self._kept = kept
        self._wanted = wanted

    def fork(self, item: Any, index: int | Missing) -> PlainFork:
        own = item if self._wanted is None else _kept(item, self._wanted) if self._wanted else MISSING
        memo: dict[int, Any] = {}
        try:
            return PlainFork(deep_copy(self._kept, memo), deep_copy(own, memo), index)
        except MemoryError:
            raise
        except Exception:  # whatever a value raises when it is copied
            raise refused("projected", "copyable", try_to_copy, {**self._kept, "item": own}) from None

    def fork_plain(self) -> PlainFork:
        return self.fork(MISSING, MISSING)


class Projected(PlainStrategy):
    """A copy of what is read for each item: full isolation, O(what is read) a fork.

    Missing stays missing: a path that the context does not have is not in the fork either.

    >>> context = Projected().begin({"parameters": {"region": "eu", "rows": [1, 2]}, "workflow": {}, "task": {}})
    >>> forker = Projected().fan_out(context, frozenset({("parameters", "region"), ("item", "id")}))
    >>> fork = forker.fork({"id": 7, "history": [1, 2, 3]}, 0)
    >>> fork.resolve("parameters"), fork.resolve("item"), fork.resolve("workflow")
    ({'region': 'eu'}, {'id': 7}, MISSING)
    """

    name = "projected"
    guarantees = Guarantees(isolated_items=True, isolated_nested=True, concurrent_forks=True, travels=True)

    def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> _Forker:
        if reads is None:
            return _Forker(context.namespaces, None)
        of_item = _tree(sorted(path[1:] for path in reads if path[0] == "item"))
        of_context = _tree(sorted(path for path in reads if path[0] != "item")) or {}
        read = {name: context.resolve(name) for name in of_context}
        return _Forker(_kept(read, of_context), of_item)


def _tree(paths: Iterable[ContextPath]) -> _Tree:
    branches: dict[str, list[ContextPath]] = {}
    for path in paths:
        if not path:
            return None
        branches.setdefault(path[0], []).append(path[1:])
    return {step: _tree(rest) for step, rest in branches.items()}


def _kept(value: Any, tree: _Tree) -> Any:
    """The part of a value that the tree names, in dicts of its own; what is no dict ends a path and is kept whole."""
    if tree is None or type(value) is not dict:
        return value
    parts = ((step, value.get(step, MISSING), inner) for step, inner in tree.items())
    return {step: _kept(part, inner) for step, part, inner in parts if part is not MISSING}
