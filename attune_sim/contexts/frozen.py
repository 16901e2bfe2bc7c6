"""`frozen`: every value becomes a persistent one, all the way down: dicts, lists and sets that cannot be changed.

What nobody can change may be shared by all: full isolation for the price of a small version. The price is paid when a
value enters (each result is frozen once, each item at its fork), and by actions, which are handed `PVector`s and `PMap`s
instead of lists and dicts. Maps, sequences and sets of any class are frozen; what is neither one of them nor known to be
immutable (a lock, an object of a class of its own) is a `ResultError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import tzinfo
from enum import Enum
from typing import Any, Final, NamedTuple

from pyrsistent import PMap, PSet, pmap, pset, pvector

from attune_sim.contexts.copying import IMMUTABLE, LEAVES
from attune_sim.contexts.plain import PlainFork
from attune_sim.contexts.refusal import refused
from attune_sim.contexts.versions import VersionContext, VersionForker, VersionStrategy
from attune_sim.scope import MISSING, ContextPath

_LEAVES: Final = LEAVES | {type(MISSING)}
_PERSISTENT: Final = frozenset({PMap, PSet, type(pvector())})


class _Known(NamedTuple):
    """What was made of values, by their identities, which stay theirs as long as they are `alive`.

    Not pairs in one dict: Python keeps 2,000 pairs that were let go of at hand, and a run's first forks would be made of them.
    """

    made: dict[int, Any]
    alive: list[Any]


class _Forker(VersionForker):
    __slots__ = ()

    def fork(self, item: Any, index: int) -> PlainFork:
        # Trusting: what is persistent already came from the context, where it was frozen to the ground.
        try:
            frozen = _frozen(item, trusting=True)
        except MemoryError:
            raise
        except Exception:  # whatever a value raises when it is looked at
            raise refused("frozen", "plain data", _frozen, {"item": item}) from None
        return PlainFork(self._namespaces.set("item", frozen), frozen, index)


class Frozen(VersionStrategy):
    """Values that cannot be changed at any depth: full isolation, O(item) a fork. `ResultError` for what is no data.

    >>> context = Frozen().begin({"parameters": {"rows": [1, 2]}, "workflow": {}, "task": {}})
    >>> Frozen().fan_out(context, None).fork("x", 0).resolve("parameters")["rows"]
    pvector([1, 2])
    """

    name = "frozen"
    guarantees = replace(VersionStrategy.guarantees, isolated_nested=True, immutable=True, exact_types=False)
    make = staticmethod(pmap)

    def begin(self, namespaces: Mapping[str, Any]) -> VersionContext:
        return super().begin(_accepted(namespaces))

    def publish(self, context: VersionContext, values: Mapping[str, Any]) -> VersionContext:
        return super().publish(context, _accepted(values, "workflow"))

    def store(self, context: VersionContext, task: str, result: Any) -> VersionContext:
        return super().store(context, task, _accepted({task: result}, "task")[task])

    def fan_out(self, context: VersionContext, reads: frozenset[ContextPath] | None) -> VersionForker:
        return _Forker(context.namespaces)


def _accepted(values: Mapping[str, Any], within: str | None = None) -> dict[str, Any]:
    """Each of these values, frozen; `within` is the namespace that they enter. `ResultError` names what is no data."""
    try:
        known = _Known({}, [])
        return {name: _frozen(value, known=known) for name, value in values.items()}
    except MemoryError:
        raise
    except Exception:  # whatever a value raises when it is looked at
        raise refused("frozen", "plain data", _frozen, {within: values} if within else values) from None


def _frozen(value: Any, trusting: bool = False, known: _Known | None = None) -> Any:
    """A value that nobody can change, of the same content; `trusting` takes persistent values as frozen to the ground, `known`
    are parts that have been frozen, so that what is shared stays so.

    Raises `TypeError` for what can neither be frozen nor is known to be immutable.
    """
    kind = type(value)
    if kind in _LEAVES or (trusting and kind in _PERSISTENT):
        return value
    if known is None:
        return _of_kind(kind, value, trusting, None)
    if id(value) not in known.made:
        known.made[id(value)] = _of_kind(kind, value, trusting, known)
        known.alive.append(value)
    return known.made[id(value)]


def _of_kind(kind: type, value: Any, trusting: bool, known: _Known | None) -> Any:
    if kind is dict:  # before the abstract classes, whose checks are slow
        return _map(value, trusting, known)
    if kind is list:
        return pvector([part if type(part) in _LEAVES else _frozen(part, trusting, known) for part in value])
    return _of_any_class(value, trusting, known)


def _map(value: Mapping[Any, Any], trusting: bool, known: _Known | None) -> Any:
    return pmap(
        {
            key if type(key) in _LEAVES else _frozen(key): part
            if type(part) in _LEAVES
            else _frozen(part, trusting, known)
            for key, part in value.items()
        }
    )


def _of_any_class(value: Any, trusting: bool, known: _Known | None) -> Any:
    if _is_immutable(value):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Mapping):
        return _map(value, trusting, known)
    if not isinstance(value, Sequence | Set):
        raise TypeError(f"a {type(value).__name__} cannot be frozen")
    parts = [_frozen(part, trusting, known) for part in value]
    if isinstance(value, tuple | frozenset):
        return tuple(parts) if isinstance(value, tuple) else frozenset(parts)
    return pvector(parts) if isinstance(value, Sequence) else pset(parts)


def _is_immutable(value: Any) -> bool:
    # A text or number of a class of its own may carry attributes that can be set; members and time zones are constants.
    is_bare = not hasattr(value, "__dict__")
    return isinstance(value, Enum | tzinfo) or (is_bare and isinstance(value, IMMUTABLE))
