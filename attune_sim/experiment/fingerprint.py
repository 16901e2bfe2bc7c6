"""What runs in a cell, as sixteen hexadecimal digits: equal code and data give equal digits, in any process.

Functions count by their bytecode, defaults and what they close over, so that an edited action is measured anew while
a comment changes nothing.
"""

from __future__ import annotations

import functools
import hashlib
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

_DEPTH: Final = 12
_PLAIN: Final = (str, int, float, complex, bytes, tuple, type(None))
_LEAVES: Final = (str, int, float, bytes, complex, type(None))
_AT_ONCE: Final = 4_096  # parts that are hashed together: a call for each takes as long as finding it


def fingerprint(*values: Any) -> str:
    """The digits of values of any kind: JSON, dataclasses, functions, classes, instances.

    >>> def add(a, b=1): return a + b
    >>> def sub(a, b=1): return a - b
    >>> fingerprint(add) == fingerprint(add), fingerprint(add) == fingerprint(sub)
    (True, False)
    """
    walk = _Walk()
    for value in values:
        walk.take(value, _DEPTH)
    return walk.digits()


class _Walk:
    """Goes through values once; a function or class that is met again is only named."""

    def __init__(self) -> None:
        self._sha, self._parts = hashlib.sha256(), list[str]()
        self._seen: set[int] = set()

    def digits(self) -> str:
        """Those of all that was taken."""
        self._hash()
        return self._sha.hexdigest()[:16]

    def _hash(self) -> None:
        self._sha.update("".join(f"{part}\0" for part in self._parts).encode("utf-8", "surrogatepass"))
        self._parts.clear()

    def take(self, value: Any, depth: int) -> None:
        if depth == 0:
            self._parts.append(type(value).__name__)
        elif isinstance(value, _LEAVES):  # first: nearly all that large parameters hold
            self._parts.append(f"{type(value).__name__} {value!r}")
        elif isinstance(value, type | types.FunctionType):
            self._parts.append(f"{value.__module__} {value.__qualname__}")
            if id(value) not in self._seen:
                self._seen.add(id(value))
                if isinstance(value, type):
                    self._class(value, depth)
                else:
                    self._function(value, depth)
        elif isinstance(value, types.CodeType):
            self._code(value, depth)
        elif isinstance(value, functools.partial):
            self._listed("partial", (value.func, value.args, value.keywords), depth)
        elif isinstance(value, types.MethodType):
            self._listed("method", (value.__func__, value.__self__), depth)
        else:
            self._data(value, depth)

    def _data(self, value: Any, depth: int) -> None:
        if isinstance(value, Mapping):
            pairs = sorted(((str(key), inner) for key, inner in value.items()), key=lambda pair: pair[0])
            self._listed("map", [part for pair in pairs for part in pair], depth)
        elif isinstance(value, set | frozenset):
            self._listed("set", sorted(fingerprint(inner) for inner in value), depth)
        elif isinstance(value, list | tuple):
            self._listed("list", value, depth)
        elif is_dataclass(value):
            compared = [getattr(value, field.name) for field in fields(value) if field.compare]
            self._listed(type(value).__qualname__, compared, depth)
        else:
            self._object(value, depth)

    def _listed(self, kind: str, values: Sequence[Any], depth: int) -> None:
        self._parts.append(f"{kind} {len(values)}")
        for value in values:
            self.take(value, depth - 1)
        if len(self._parts) > _AT_ONCE:
            self._hash()

    def _object(self, value: Any, depth: int) -> None:
        """An instance is its class and its attributes; an object of C is its name."""
        name = getattr(value, "__qualname__", type(value).__qualname__)
        self._parts.append(f"object {getattr(value, '__module__', '')} {name}")
        self.take(type(value), depth - 1)
        self.take(getattr(value, "__dict__", None), depth - 1)

    def _class(self, cls: type, depth: int) -> None:
        for base in cls.__mro__:
            if base.__module__ in ("builtins", "typing", "abc"):
                continue
            for name, member in sorted(vars(base).items()):
                if not name.startswith("__") or name in ("__init__", "__slots__", "__call__"):
                    self._parts.append(name)
                    self.take(_unwrapped(member), depth - 1)

    def _function(self, function: types.FunctionType, depth: int) -> None:
        self._code(function.__code__, depth)
        self.take((function.__defaults__, function.__kwdefaults__), depth - 1)
        for inner in (*_closed_over(function), *_used_of_module(function)):
            self.take(inner, depth - 1)

    def _code(self, code: types.CodeType, depth: int) -> None:
        self._parts += (code.co_code.hex(), " ".join(code.co_names))
        self.take(code.co_consts, depth - 1)


def _unwrapped(member: Any) -> Any:
    if isinstance(member, staticmethod | classmethod):
        return member.__func__
    if isinstance(member, property):
        return member.fget
    return member if isinstance(member, (types.FunctionType, *_PLAIN)) else None


def _closed_over(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that its function has not bound yet
            continue


def _used_of_module(function: types.FunctionType) -> Iterator[Any]:
    """Functions, classes and constants of its own module that the function names."""
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, types.FunctionType | type):
            if value.__module__ == function.__module__:
                yield value
        elif name in function.__globals__ and isinstance(value, _PLAIN):
            yield value
