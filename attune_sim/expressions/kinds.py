"""The types of the language, and the errors of what has another one.

An object is any `Mapping`, an array any list, tuple or other `Sequence` that is no text: strategies hand on maps of
many kinds, and all of them mean the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attune_sim.errors import ExpressionError, ExpressionKind

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


def is_number(value: Any) -> bool:
    return type(value) in (int, float) or (isinstance(value, (int, float)) and not isinstance(value, bool))


def is_integer(value: Any) -> bool:
    return type(value) is int or (isinstance(value, int) and not isinstance(value, bool))


def type_error(message: str) -> ExpressionError:
    return ExpressionError("type_error", message)


def hinted(kind: ExpressionKind, message: str, hint: str | None) -> ExpressionError:
    """An error whose message ends with what may have been meant, if anything is near."""
    return ExpressionError(kind, f"{message} ({hint})" if hint else message)
