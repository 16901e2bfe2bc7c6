"""A value as canonical JSON, whatever it is: what sizes are counted in, and answers are told apart by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

import orjson

OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def as_json(value: Any) -> bytes:
    """Keys sorted, no blanks; what JSON does not know as its nearest kind, else as text.

    >>> as_json({"b": (1, 2), "a": frozenset({3})})
    b'{"a":[3],"b":[1,2]}'
    """
    try:
        return orjson.dumps(value, default=nearest, option=OPTIONS)
    except TypeError:
        return orjson.dumps(shown(value))


def nearest(value: Any) -> Any:
    """The nearest kind that JSON knows."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value, key=repr)
    if isinstance(value, Sequence):
        return list(value)
    return shown(value)


def shown(value: Any) -> str:
    """Its repr; its kind alone where that tells an address, which differs from process to process, and where it is nested too deep
    for a repr.

    >>> shown({1, 2}), shown(object())
    ('{1, 2}', 'object')
    """
    try:
        text = repr(value).encode("utf-8", "backslashreplace").decode()
    except RecursionError:
        return type(value).__qualname__
    return type(value).__qualname__ if " at 0x" in text else text
