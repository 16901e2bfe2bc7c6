"""Which objects are alive behind others, by identity: references are followed as the garbage collector follows them.

Nobody is asked through its own methods, so that looking changes nothing (a chained map makes a child when it is asked). The exception is a map,
list or set of an extension module that tells the collector nothing (those of Rust): its entries are read, its own nodes are not
seen.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Collection, Container, Iterable, Mapping, Sequence, Set
from itertools import islice
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType, NoneType
from typing import Any, Final

from attune_sim.contexts.copying import IMMUTABLE
from attune_sim.meter.walk import rounded
from attune_sim.scope import MISSING

MOST: Final = 2_000_000
"""Objects that one look follows at the most: a value may hold on to half of the program."""

LEAVES: Final = frozenset({str, bytes, int, float, complex, bool, type(None)})
_PLAIN: Final = frozenset({dict, list, tuple})
_CODE: Final = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType)
_COLLECTED: Final = 1 << 14  # Py_TPFLAGS_HAVE_GC
_SMALL: Final = range(-5, 257)

Objects = dict[int, Any]
"""Objects by their identity, kept alive, so that an identity stays what it is."""


def is_constant(one: Any) -> bool:
    """What the interpreter, or the program, has once for all: it belongs to nobody's data.

    >>> [is_constant(one) for one in (None, True, 7, "", "x", (), len, 1000, "two", [])]
    [True, True, True, True, True, True, True, False, False, False]
    """
    kind = type(one)
    if kind is str:
        return not one or (len(one) == 1 and one < "\u0100")
    if kind is int:
        return one in _SMALL
    if kind is tuple:
        return not one
    return one is None or kind is bool or one is MISSING or one is Ellipsis or isinstance(one, _CODE)


def reached(
    roots: Iterable[Any], known: Container[int], into: Objects, border: Objects | None = None
) -> bool:
    """Add everything behind the roots that is not `known` to `into`; what is known is not gone behind, and added to `border`.

    False if there was too much of it.

    >>> shared = ["a text of its own"]
    >>> own, border = {}, {}
    >>> reached([[shared]], {id(shared)}, own, border), len(own), border[id(shared)] is shared
    (True, 1, True)
    """
    pending = list(roots)
    pop, referents = pending.pop, gc.get_referents
    while pending:
        one = pop()
        key, kind = id(one), type(one)
        if key in into or kind is NoneType:
            continue
        if key in known:
            if border is not None:
                border[key] = one
        elif kind in LEAVES:
            if kind is float or not is_constant(one):
                into[key] = one
        elif not is_constant(one):
            if len(into) >= MOST:
                return False
            into[key] = one
            pending += referents(one) if kind in _PLAIN else behind(one)
    return True


def behind(one: Any) -> Iterable[Any]:
    """What an object refers to."""
    found = gc.get_referents(one)
    if found or type(one).__flags__ & _COLLECTED:
        return found
    try:
        if isinstance(one, Mapping):
            return [*one.keys(), *one.values()]
        is_list = isinstance(one, Sequence | Set) and not isinstance(one, _FLAT)
        return list(one) if is_list or type(one).__module__ == "rpds" else ()
    except Exception:  # whatever an object raises when it is read
        return ()


_FLAT: Final = (str, bytes, bytearray, memoryview, range)


def size(one: Any) -> int:
    """Bytes of the block of memory that an object has, without what it refers to."""
    try:
        return rounded(sys.getsizeof(one))
    except Exception:  # whatever a class of a user's raises
        return 0


def sized(objects: Collection[Any]) -> int:
    """The same of many."""
    try:
        return sum(map(rounded, map(sys.getsizeof, objects)))
    except Exception:
        return sum(map(size, objects))


def references(objects: list[Any], also: int = 0) -> list[int]:
    """How often each object is referred to, beside this list and `also` so many times.

    >>> held = [object()]; several = [held[0], held[0]]
    >>> references([held[0]])
    [3]
    """
    nobody = [object()]
    alone = next(sys.getrefcount(one) for one in nobody)
    return [sys.getrefcount(one) - alone - also for one in objects]


WRITABLE: Final = (dict, list, set, bytearray)
"""What can be written into itself."""


def is_writable(value: Any) -> bool:
    """Whether an action that is handed this could write into it, or into what is inside of it (of much, into the first parts).

    >>> [is_writable(value) for value in ({}, [1], "text", (1, 2), (1, []), 2.5)]
    [True, True, False, False, True, False]
    """
    pending = [value]
    for _ in range(_LOOKED_AT):
        if not pending:
            return False
        one = pending.pop()
        if isinstance(one, WRITABLE):
            return True
        try:
            if isinstance(one, tuple | frozenset) or type(one).__module__.partition(".")[0] in _PERSISTENT:
                pending += islice(one.values() if isinstance(one, Mapping) else one, _LOOKED_AT)
            elif not (is_constant(one) or isinstance(one, IMMUTABLE)):
                return True
        except Exception:  # whatever an object raises when it is read
            return True
    return False


_LOOKED_AT: Final = 1_000
_PERSISTENT: Final = frozenset({"pyrsistent", "pvectorc", "immutables", "rpds"})
"""Libraries whose containers cannot be changed: it is what is inside that could be."""
