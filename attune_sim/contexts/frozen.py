"""`frozen`: every value becomes a persistent one, all the way down: dicts, lists and sets that cannot be changed.

What nobody can change may be shared by all: full isolation for the price of a small version. The price is paid when a
value enters (each result is frozen once, each item at its fork), and by actions, which are handed `PVector`s and `PMap`s
instead of lists and dicts. Objects of other types are handed on as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyrsistent import freeze, pmap

from attune_sim.contexts.entries import EntryStrategy
from attune_sim.contexts.strategy import Guarantees, Path
from attune_sim.contexts.versions import VersionContext, VersionFork, VersionForker
from attune_sim.errors import ResultError


class _Forker(VersionForker):
    __slots__ = ()

    def fork(self, item: Any, index: int) -> VersionFork:
        # Not strict: what is persistent already came from the context, where it was frozen to the ground.
        frozen = _frozen("item", item, strict=False)
        return VersionFork(self._namespaces.set("item", frozen), frozen, index)


class Frozen(EntryStrategy[VersionContext]):
    """Values that cannot be changed at any depth: full isolation, O(item) a fork.

    >>> context = Frozen().begin({"parameters": {"rows": [1, 2]}, "workflow": {}, "task": {}})
    >>> Frozen().fan_out(context, None).fork("x", 0).resolve("parameters")["rows"]
    pvector([1, 2])
    """

    name = "frozen"
    guarantees = Guarantees(
        isolated_items=True,
        isolated_nested=True,
        immutable=True,
        exact_types=False,
        ordered=False,
        plain_dicts=False,
        json_ready=False,
    )

    def begin(self, namespaces: Mapping[str, Any]) -> VersionContext:
        return VersionContext.made_by(
            pmap, {name: _frozen(name, _dict_of(value)) for name, value in namespaces.items()}
        )

    def publish(self, context: VersionContext, values: Mapping[str, Any]) -> VersionContext:
        return super().publish(context, {name: _frozen(name, value) for name, value in values.items()})

    def store(self, context: VersionContext, task: str, result: Any) -> VersionContext:
        return super().store(context, task, _frozen(task, result))

    def fan_out(self, context: VersionContext, reads: frozenset[Path] | None) -> VersionForker:
        return _Forker(context.namespaces)


def _frozen(name: str, value: Any, *, strict: bool = True) -> Any:
    try:
        frozen: Any = freeze(value, strict)  # type: ignore[call-overload]
        return frozen
    except RecursionError:
        raise ResultError(
            f"strategy 'frozen' cannot hold {name!r}: it is nested too deeply or within itself; choose another strategy"
        ) from None


def _dict_of(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
