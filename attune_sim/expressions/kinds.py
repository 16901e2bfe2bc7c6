"""The types of the language, and the errors of what has another one.

An object is any `Mapping`, an array any list, tuple or other `Sequence` that is no text: strategies hand on maps of
many kinds, and all of them mean the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from attune_sim.errors import ExpressionError, ExpressionKind

T = TypeVar("T")

LEAVES: Final = frozenset({str, int, float, bool, type(None)})
"""Types of values that hold no others."""

_NAMES: Final = {bool: "bool", int: "number", float: "number", str: "string", dict: "object", list: "array"}
_NO_ARRAY: Final = (str, bytes, bytearray, memoryview)


def type_name(value: Any) -> str:
    """`null bool number string array object`, or the Python name of a value that is none of them."""
    known = _NAMES.get(type(value))
    if known is not None:
        return known
    if value is None:
        return "null"
    for kind, name in _NAMES.items():
        if isinstance(value, kind):
            return name
    if isinstance(value, Mapping):
        return "object"
    return "array" if is_array(value) else type(value).__name__


def is_object(value: Any) -> bool:
    return type(value) is dict or isinstance(value, Mapping)


def is_array(value: Any) -> bool:
    return type(value) is list or (isinstance(value, Sequence) and not isinstance(value, _NO_ARRAY))


def settled(array: Sequence[T]) -> Sequence[T]:
    """An array whose elements are there: of what only behaves like a list, as many as its length says.

    A range, or a list of an action's own making, gives its elements when it is asked, and may never come to an end.

    >>> class Endless(list):
    ...     def __iter__(self):
    ...         while True:
    ...             yield 1
    >>> settled(Endless("ab"))
    [1, 1]
    """
    return array if type(array) in (list, tuple) else bounded(array)


def bounded(values: Collection[T]) -> list[T]:
    """As many of the values as they say that there are."""
    return list(islice(values, len(values)))


def is_number(value: Any) -> bool:
    return type(value) in (int, float) or (isinstance(value, (int, float)) and not isinstance(value, bool))


def is_integer(value: Any) -> bool:
    return type(value) is int or (isinstance(value, int) and not isinstance(value, bool))


def type_error(message: str) -> ExpressionError:
    return ExpressionError("type_error", message)


def hinted(kind: ExpressionKind, message: str, hint: str | None) -> ExpressionError:
    """An error whose message ends with what may have been meant, if anything is near."""
    return ExpressionError(kind, f"{message} ({hint})" if hint else message)
