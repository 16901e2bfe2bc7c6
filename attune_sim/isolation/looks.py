"""Which values can be written into, what they hold, and how they look from outside.

Dicts, lists, sets and deques are seen by their entries, objects by their attributes (`__dict__` and `__slots__`), buffers
(bytearrays, arrays of numbers) by their bytes, and what tells pickle itself what its state is, as a frame of pandas does,
by its pickle. Whatever is left over cannot be looked into, and is said to be so.
"""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime, tzinfo
from enum import Enum
from functools import cached_property
from itertools import chain
from pathlib import PurePath
from re import Pattern
from typing import Any, Final, Literal

from attune_sim.contexts.copying import IMMUTABLE
from attune_sim.paths import below
from attune_sim.scope import MISSING

Look = tuple[Any, ...]
"""How a value looks: its entries, its attributes, or a fingerprint; empty if it cannot be looked into."""

Kind = Literal["added", "removed", "replaced", "reordered", "resized", "content"]
"""What was done: to a key, to the order of keys, to an entry, to the number of entries, to what is compared as a whole."""


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """The first thing that changed in a container, and in a few words how."""

    kind: Kind
    words: str


MOST_BYTES: Final = 256_000_000
"""Bytes of a pickle beyond which a value is not looked into."""

_LEAVES: Final = frozenset({*IMMUTABLE, bool, types.NoneType, types.EllipsisType, slice, datetime, Pattern})
_LEAF_BASES: Final = (
    *(Enum, type, PurePath, tzinfo, types.ModuleType),
    *(types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.CodeType),
)
_OTHER_CONTENT: Final = Change("content", "its contents changed")
_STATE: Final = ("__getstate__", "__reduce__", "__reduce_ex__")


def is_leaf(value: Any) -> bool:
    """Whether a value is known never to change and to hold nothing that does."""
    return type(value) in _LEAVES or isinstance(value, _LEAF_BASES)


def is_container(value: Any) -> bool:
    """Whether a value might be written into: everything but leaves, tuples and frozen sets."""
    if isinstance(value, tuple | frozenset):
        return bool(_attributes(value))
    return not is_leaf(value)


def containers(value: Any, path: str, known: Mapping[int, Any]) -> Iterator[tuple[Any, str]]:
    """Every container inside of a value with its path, each once; those that are `known` are not entered again."""
    seen: set[int] = set()
    pending = [(value, path)]
    while pending:
        inner, place = pending.pop()
        if id(inner) in seen or id(inner) in known or is_leaf(inner):
            continue
        seen.add(id(inner))
        if is_container(inner):
            yield inner, place
        pending.extend(inside(inner, place))


def inside(value: Any, path: str) -> list[tuple[Any, str]]:
    """What a value holds that may hold or be a container itself."""
    attributes = _attributes(value) or {}
    if _tells_its_state(value):  # how it is made inside is its own affair: caches come and go
        attributes = {name: inner for name, inner in attributes.items() if not name.startswith("_")}
    pairs = [*_entries(value, path), *((inner, below(path, name)) for name, inner in attributes.items())]
    return [(inner, place) for inner, place in pairs if not is_leaf(inner)]


def _entries(value: Any, path: str) -> Iterable[tuple[Any, str]]:
    builtin = isinstance(value, dict | list | tuple | deque | set | frozenset)
    if not builtin and _attributes(value) is not None and not _tells_its_state(value):
        return  # a mapping written in Python: what it holds lies in its attributes
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield inner, below(path, key)
            yield key, f"{path}{{key}}"
    elif isinstance(value, deque) or (isinstance(value, Sequence) and _bytes_of(value) is None):
        yield from ((inner, below(path, n)) for n, inner in enumerate(value))
    elif isinstance(value, Set):
        yield from ((inner, f"{path}{{...}}") for inner in value)


def look(value: Any) -> Look:
    """How a value looks from outside: its own entries and attributes, not what those hold."""
    if isinstance(value, dict):
        entries: Any = dict(value)
    elif isinstance(value, list | deque | tuple):
        entries = list(value)
    elif isinstance(value, set | frozenset):
        entries = set(value)
    else:
        entries = _bytes_of(value)
        if entries is None and _tells_its_state(value) and (content := _pickle_of(value)):
            return (content,)
    parts = tuple(part for part in (entries, _attributes(value)) if part is not None)
    if not parts and (content := _pickle_of(value)):
        return (content,)
    return parts


def _attributes(value: Any) -> dict[str, Any] | None:
    """The attributes of an object, in `__dict__` or in slots, or None for what has room for none."""
    kind = type(value)
    own = getattr(value, "__dict__", None)
    slots = [name for name in _slots(kind) if name not in ("__dict__", "__weakref__")]
    if not isinstance(own, dict) and not slots:
        return None
    held = dict(own) if isinstance(own, dict) else {}
    held |= {name: inner for name in slots if (inner := getattr(value, name, MISSING)) is not MISSING}
    # What is computed once and kept is no write of anybody.
    return {k: inner for k, inner in held.items() if not isinstance(getattr(kind, k, None), cached_property)}


def _slots(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        named = base.__dict__.get("__slots__", ())
        for name in (named,) if isinstance(named, str) else named:
            private = name.startswith("__") and not name.endswith("__")
            yield f"_{base.__name__.lstrip('_')}{name}" if private else name


def _tells_its_state(value: Any) -> bool:
    """Whether an object says by itself what it consists of, instead of by its attributes."""
    kind = type(value)
    builtin = issubclass(kind, dict | list | tuple | deque | set | frozenset | types.SimpleNamespace)
    if builtin or dataclasses.is_dataclass(kind):
        return False
    return any(getattr(kind, name) is not getattr(object, name) for name in _STATE)


def _bytes_of(value: Any) -> bytes | None:
    """A fingerprint of a buffer: bytearray, array.array, an array of numbers; None if it is none."""
    try:
        with memoryview(value) as view:
            if "O" in view.format:  # addresses of objects: only a pickle tells what they hold
                return None
            layout = f"{view.format} {view.shape}".encode()
            return hashlib.blake2b(layout + view.tobytes(), digest_size=16).digest()
    except (TypeError, ValueError, BufferError):
        return None


class _Fingerprint:
    """A file that keeps nothing of what is written but its hash."""

    def __init__(self) -> None:
        self.hash = hashlib.blake2b(digest_size=16)
        self._bytes = 0

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._bytes += size
        if self._bytes > MOST_BYTES:
            raise OverflowError
        self.hash.update(data)
        return size


def _pickle_of(value: Any) -> bytes | None:
    file = _Fingerprint()
    try:
        pickle.Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    except Exception:  # whatever a class raises that cannot be pickled
        return None
    return file.hash.digest()


def change(before: Look, after: Look) -> Change | None:
    """What changed between two looks at a value, None if nothing did."""
    if len(before) != len(after):
        return _OTHER_CONTENT
    return next(filter(None, map(difference, before, after)), None)


def difference(before: Any, after: Any) -> Change | None:
    """What changed between two states of entries, None if nothing did.

    >>> difference([1, 2], [1]), difference([1], [1])
    (Change(kind='resized', words='1 entry instead of 2'), None)
    """
    if isinstance(before, dict):
        return _dict_difference(before, after)
    if isinstance(before, set | bytes) and before == after:
        return None
    if isinstance(before, bytes):
        return _OTHER_CONTENT
    if len(before) != len(after):
        noun = "entry" if len(after) == 1 else "entries"
        return Change("resized", f"{len(after):,} {noun} instead of {len(before):,}")
    if isinstance(before, set):
        return Change("replaced", "an entry was replaced")
    changed = (n for n, pair in enumerate(zip(before, after, strict=True)) if not _same(*pair))
    return next((Change("replaced", f"entry {n} was replaced") for n in changed), None)


def _dict_difference(before: dict[Any, Any], after: dict[Any, Any]) -> Change | None:
    removed = (Change("removed", f"{key!r} was removed") for key in before if key not in after)
    added = (Change("added", f"{key!r} was added") for key in after if key not in before)
    changed = (key for key, value in before.items() if not _same(value, after[key]))
    replaced = (Change("replaced", f"{key!r} was replaced") for key in changed)
    reordered = None if list(before) == list(after) else Change("reordered", "its keys were reordered")
    return next(chain(removed, added, replaced), reordered)


def _same(before: Any, after: Any) -> bool:
    """The same object, or one of the same type and content that can never change."""
    if before is after:
        return True
    if type(before) is not type(after):
        return False
    if isinstance(before, tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, frozenset):
        return bool(before == after) and all(map(is_leaf, before))
    if type(before) in (str, bytes, int):
        return bool(before == after)
    # Equal decimals, floats and moments may still read differently (1.0 and 1, -0.0 and 0.0, time zones).
    return is_leaf(before) and repr(before) == repr(after)
