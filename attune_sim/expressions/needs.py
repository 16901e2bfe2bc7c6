"""What functions, filters and methods ask of their values: the value itself if it is of the kind, else an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attune_sim.expressions.kinds import (
    is_array,
    is_integer,
    is_number,
    is_object,
    type_error,
    type_name,
)


def need_text(value: Any, called: str) -> str:
    if not isinstance(value, str):
        raise type_error(f"{called} needs a string, not {type_name(value)}")
    return value


def need_row(value: Any, called: str) -> Any:
    """An array, the keys of an object or the characters of a text."""
    if not (isinstance(value, str) or is_array(value) or is_object(value)):
        raise type_error(f"{called} needs an array, not {type_name(value)}")
    return value


def _needing(is_kind: Callable[[Any], bool], kind: str) -> Callable[[Any, str], Any]:
    def need(value: Any, called: str) -> Any:
        if not is_kind(value):
            raise type_error(f"{called} needs {kind}, not {type_name(value)}")
        return value

    return need


need_array: Final = _needing(is_array, "an array")
need_object: Final = _needing(is_object, "an object")
need_number: Final = _needing(is_number, "a number")
need_integer: Final[Callable[[Any, str], int]] = _needing(is_integer, "an integer")
