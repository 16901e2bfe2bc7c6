"""The operators of the language: typed, without coercion, checked before they make anything large."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attune_sim.errors import ExpressionError
from attune_sim.expressions.kinds import (
    is_array,
    is_integer,
    is_number,
    is_object,
    settled,
    type_error,
    type_name,
)
from attune_sim.expressions.limits import Budget, over_limit, width_of
from attune_sim.expressions.survey import check_size
from attune_sim.expressions.values import equal, less, text

_SHORT: Final = 64  # characters of a text that is compared in no time
_WORD: Final = 1 << 62  # sums and differences of smaller integers need no look at the limit


def add(a: Any, b: Any, budget: Budget) -> Any:
    if type(a) is int and type(b) is int:
        total = a + b
        return total if -_WORD < total < _WORD else budget.integer(total)
    if is_number(a) and is_number(b):
        return _number(a + b, budget)
    if isinstance(a, str) and isinstance(b, str):
        budget.text(len(a) + len(b), width_of(a, b))
        return a + b
    if is_array(a) and is_array(b):
        budget.entries(len(a) + len(b))
        return check_size([*settled(a), *settled(b)], budget)
    raise _mismatch("add", a, b)


def subtract(a: Any, b: Any, budget: Budget) -> Any:
    if type(a) is int and type(b) is int:
        difference = a - b
        return difference if -_WORD < difference < _WORD else budget.integer(difference)
    return _number(_left(a, b, "subtract") - b, budget)


def multiply(a: Any, b: Any, budget: Budget) -> Any:
    _left(a, b, "multiply")
    if is_integer(a) and is_integer(b):
        budget.bits(a.bit_length() + b.bit_length() - 1)
    return _number(a * b, budget)


def divide(a: Any, b: Any, budget: Budget) -> Any:
    """An integer if two integers divide evenly, else a float."""
    _divisor(a, b, "divide")
    if is_integer(a) and is_integer(b) and a % b == 0:
        return a // b
    return _number(a / b, budget)


def floor_divide(a: Any, b: Any, budget: Budget) -> Any:
    _divisor(a, b, "divide")
    return _number(a // b, budget)


def remainder(a: Any, b: Any, budget: Budget) -> Any:
    """The remainder with the sign of the left side: -7 % 3 is -1."""
    _divisor(a, b, "divide")
    if not (is_integer(a) and is_integer(b)):
        return _number(math.fmod(a, b), budget)
    rest = abs(a) % abs(b)
    return rest if a >= 0 else -rest


def power(a: Any, b: Any, budget: Budget) -> Any:
    _left(a, b, "raise")
    if a == 0 and b < 0:
        raise ExpressionError("division_by_zero", "zero to a negative power")
    if is_integer(a) and is_integer(b) and b >= 0:
        budget.bits((a.bit_length() - 1) * b)
    raised = a**b
    if isinstance(raised, complex):
        raise type_error("a fractional power of a negative number is no number")
    return _number(raised, budget)


def negate(a: Any) -> Any:
    return -_signed(a, "negate")


def positive(a: Any) -> Any:
    return _signed(a, "take the sign of")


def _signed(a: Any, verb: str) -> Any:
    if not is_number(a):
        raise type_error(f"cannot {verb} {type_name(a)}")
    return a


def concatenate(parts: Sequence[Any], budget: Budget) -> str:
    """The texts of some values, one after the other (`~`, and templates that mix text and expressions)."""
    texts = [part if type(part) is str else text(part, budget) for part in parts]
    total = sum(map(len, texts))
    if total > 4096:
        budget.text(total, width_of(*texts))
    return "".join(texts)


def _number(value: Any, budget: Budget) -> Any:
    if isinstance(value, int):
        return budget.integer(value)
    if not math.isfinite(value):
        raise over_limit("the result is too large for a number")
    return value


def _left(a: Any, b: Any, verb: str) -> Any:
    if not (is_number(a) and is_number(b)):
        raise _mismatch(verb, a, b)
    return a


def _divisor(a: Any, b: Any, verb: str) -> None:
    _left(a, b, verb)
    if b == 0:
        raise ExpressionError("division_by_zero", f"cannot {verb} a number by zero")


def _mismatch(verb: str, a: Any, b: Any) -> ExpressionError:
    return type_error(f"cannot {verb} {type_name(a)} and {type_name(b)}")


def _has_nan(a: Any, b: Any) -> bool:
    return is_number(a) and is_number(b) and (a != a or b != b)


def contains(needle: Any, hay: Any, budget: Budget) -> bool:
    """`needle in hay`: an element of an array, a key of an object, a part of a string."""
    if is_array(hay):
        if type(needle) is str and len(needle) < _SHORT:
            budget.spend(1 + len(hay) // 8)
            return needle in settled(hay)
        return any(equal(needle, element, budget) for element in budget.each(hay, steps=3))
    if is_object(hay):
        if not isinstance(needle, str):
            raise type_error(f"a key is a string, not {type_name(needle)}")
        budget.comparing(len(needle))
        return needle in hay
    if isinstance(hay, str):
        if not isinstance(needle, str):
            raise type_error(f"only a string can be in a string, not {type_name(needle)}")
        budget.reading(len(hay))
        return needle in hay
    raise type_error(f"nothing can be in {type_name(hay)}")


def array(values: list[Any], budget: Budget) -> list[Any]:
    """A list literal whose values may hold containers."""
    return check_size(values, budget) if _holds_container(values) else values


def object_of(values: dict[Any, Any], budget: Budget) -> dict[Any, Any]:
    """A map literal."""
    for key in values:
        if not isinstance(key, str):
            raise type_error(f"a key is a string, not {type_name(key)}")
    return check_size(values, budget) if _holds_container(values.values()) else values


def _holds_container(values: Any) -> bool:
    return any(is_object(value) or is_array(value) for value in values)


BINARY: Final[Mapping[str, Callable[..., Any]]] = {
    "Add": add,
    "Sub": subtract,
    "Mul": multiply,
    "Div": divide,
    "FloorDiv": floor_divide,
    "Mod": remainder,
    "Pow": power,
}

COMPARISONS: Final[Mapping[str, Callable[..., bool]]] = {
    "eq": equal,
    "ne": lambda a, b, budget: not equal(a, b, budget),
    "lt": less,
    "gt": lambda a, b, budget: less(b, a, budget),
    "lteq": lambda a, b, budget: not (_has_nan(a, b) or less(b, a, budget)),
    "gteq": lambda a, b, budget: not (_has_nan(a, b) or less(a, b, budget)),
    "in": contains,
    "notin": lambda needle, hay, budget: not contains(needle, hay, budget),
}
