"""Functions of numbers, and the conversions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError
from attune_sim.expressions.kinds import is_array, is_number, type_error, type_name
from attune_sim.expressions.limits import Budget, over_limit

_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_NO_FINITE: Final = re.compile(r"[+-]?(?:inf|infinity|nan)", re.ASCII | re.IGNORECASE)
_LONGEST: Final = 1_300  # digits: an integer of 4,096 bits has 1,234


def number(budget: Budget, value: Any) -> Any:
    """A number unchanged, a text as a float, a boolean as 1.0 or 0.0."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if is_number(value):
        return value
    return _float(budget, value) if isinstance(value, str) else _no_number(value)


def _float(budget: Budget, text: str) -> float | None:
    _check_length(budget, text)
    if _NO_FINITE.fullmatch(text):
        return None
    if not _FLOAT.fullmatch(text):
        raise type_error("this text is not a number")
    parsed = float(text)
    return parsed if math.isfinite(parsed) else None


def _check_length(budget: Budget, text: str) -> None:
    if len(text) > _LONGEST:
        raise over_limit(f"a number of more than {_LONGEST:,} characters")
    budget.reading(len(text), a_step=12)


def _no_number(value: Any) -> Any:
    raise type_error(f"cannot make a number of {type_name(value)}")


def integer(budget: Budget, value: Any) -> int:
    """Truncated toward zero; a text as an integer, else as a float."""
    if isinstance(value, str):
        _check_length(budget, value)
        if _INTEGER.fullmatch(value):
            return budget.integer(int(value))
        value = _float(budget, value)
    if not (isinstance(value, bool) or is_number(value)):
        raise type_error(f"cannot make an integer of {type_name(value)}")
    if not math.isfinite(value):
        raise type_error("only a finite number can become an integer")
    return int(value)


def boolean(budget: Budget, value: Any) -> bool:
    return bool(value)


def type_of(budget: Budget, value: Any) -> str:
    return type_name(value)


def absolute(budget: Budget, value: Any) -> Any:
    return abs(_number(value, "abs"))


def floor(budget: Budget, value: Any) -> int:
    return math.floor(_finite(value, "floor"))


def ceil(budget: Budget, value: Any) -> int:
    return math.ceil(_finite(value, "ceil"))


def rounded(budget: Budget, value: Any) -> int:
    """Half away from zero: 2.5 becomes 3, -2.5 becomes -3."""
    whole = math.trunc(_finite(value, "round"))
    if abs(value - whole) >= 0.5:
        return whole + (1 if value > 0 else -1)
    return whole


def _number(value: Any, name: str) -> Any:
    if not is_number(value):
        raise type_error(f"{name}() needs a number, not {type_name(value)}")
    return value


def _finite(value: Any, name: str) -> float:
    if not math.isfinite(_number(value, name)):
        raise type_error(f"{name}() needs a finite number")
    return value  # type: ignore[no-any-return]


def smaller(budget: Budget, a: Any, b: Any) -> Any:
    return _one_of(a, b, "min", min)


def larger(budget: Budget, a: Any, b: Any) -> Any:
    return _one_of(a, b, "max", max)


def _one_of(a: Any, b: Any, name: str, choose: Callable[[Any, Any], Any]) -> Any:
    if isinstance(a, str) and isinstance(b, str):
        return choose(a, b)
    if not (is_number(a) and is_number(b)):
        raise type_error(f"{name}() needs two numbers or two strings, not {type_name(a)} and {type_name(b)}")
    chosen = choose(a, b)
    return float(chosen) if isinstance(a, float) or isinstance(b, float) else chosen


def total(budget: Budget, values: Any) -> Any:
    if not is_array(values):
        raise type_error(f"sum() needs an array, not {type_name(values)}")
    result: Any = 0
    for value in budget.each(values):
        if not is_number(value):
            raise type_error(f"sum() needs numbers, not {type_name(value)}")
        result = result + value
    if isinstance(result, int):
        return budget.integer(result)
    if not math.isfinite(result):
        raise ExpressionError("limit", "the sum is too large for a number")
    return result


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "number": number,
    "int": integer,
    "bool": boolean,
    "type_of": type_of,
    "abs": absolute,
    "floor": floor,
    "ceil": ceil,
    "round": rounded,
    "min": smaller,
    "max": larger,
    "sum": total,
}
