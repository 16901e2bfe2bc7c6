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


def fingerprint(*values: Any) -> str:
    """The digits of values of any kind: JSON, dataclasses, functions, classes, instances.

    >>> def add(a, b=1): return a + b
    >>> def sub(a, b=1): return a - b
    >>> fingerprint(add) == fingerprint(add), fingerprint(add) == fingerprint(sub)
    (True, False)
    """
    sha = hashlib.sha256()
    walk = _Walk()
    for value in values:
        for part in walk.parts(value, _DEPTH):
            sha.update(part.encode("utf-8", "surrogatepass"))
            sha.update(b"\0")
    return sha.hexdigest()[:16]


class _Walk:
    """Goes through values once; a function or class that is met again is only named."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def parts(self, value: Any, depth: int) -> Iterator[str]:
        if depth == 0:
            yield type(value).__name__
        elif isinstance(value, type | types.FunctionType):
            yield f"{value.__module__} {value.__qualname__}"
            if id(value) not in self._seen:
                self._seen.add(id(value))
                yield from (
                    self._class(value, depth) if isinstance(value, type) else self._function(value, depth)
                )
        elif isinstance(value, types.CodeType):
            yield from self._code(value, depth)
        elif isinstance(value, functools.partial):
            yield from self._listed("partial", (value.func, value.args, value.keywords), depth)
        elif isinstance(value, types.MethodType):
            yield from self._listed("method", (value.__func__, value.__self__), depth)
        else:
            yield from self._data(value, depth)

    def _data(self, value: Any, depth: int) -> Iterator[str]:
        if value is None or isinstance(value, str | int | float | bool | bytes | complex):
            yield f"{type(value).__name__} {value!r}"
        elif isinstance(value, Mapping):
            pairs = sorted(((str(key), inner) for key, inner in value.items()), key=lambda pair: pair[0])
            yield from self._listed("map", [part for pair in pairs for part in pair], depth)
        elif isinstance(value, set | frozenset):
            yield from self._listed("set", sorted(fingerprint(inner) for inner in value), depth)
        elif isinstance(value, list | tuple):
            yield from self._listed("list", value, depth)
        elif is_dataclass(value):
            compared = [getattr(value, field.name) for field in fields(value) if field.compare]
            yield from self._listed(type(value).__qualname__, compared, depth)
        else:
            yield from self._object(value, depth)

    def _object(self, value: Any, depth: int) -> Iterator[str]:
        """An instance is its class and its attributes; an object of C is its name."""
        name = getattr(value, "__qualname__", type(value).__qualname__)
        yield f"object {getattr(value, '__module__', '')} {name}"
        yield from self.parts(type(value), depth - 1)
        yield from self.parts(getattr(value, "__dict__", None), depth - 1)

    def _class(self, cls: type, depth: int) -> Iterator[str]:
        for base in cls.__mro__:
            if base.__module__ in ("builtins", "typing", "abc"):
                continue
            for name, member in sorted(vars(base).items()):
                if not name.startswith("__") or name in ("__init__", "__slots__", "__call__"):
                    yield name
                    yield from self.parts(_unwrapped(member), depth - 1)

    def _function(self, function: types.FunctionType, depth: int) -> Iterator[str]:
        yield from self._code(function.__code__, depth)
        yield from self.parts((function.__defaults__, function.__kwdefaults__), depth - 1)
        for inner in [*_closed_over(function), *_used_of_module(function)]:
            yield from self.parts(inner, depth - 1)

    def _code(self, code: types.CodeType, depth: int) -> Iterator[str]:
        yield code.co_code.hex()
        yield " ".join(code.co_names)
        yield from self.parts(code.co_consts, depth - 1)

    def _listed(self, kind: str, values: Sequence[Any], depth: int) -> Iterator[str]:
        yield f"{kind} {len(values)}"
        for value in values:
            yield from self.parts(value, depth - 1)


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
