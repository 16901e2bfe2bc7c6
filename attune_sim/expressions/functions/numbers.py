"""Functions of numbers, and the conversions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError
from attune_sim.expressions.kinds import is_number, type_error, type_name
from attune_sim.expressions.limits import Budget, over_limit
from attune_sim.expressions.needs import need_array, need_number

_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_NO_FINITE: Final = re.compile(r"[+-]?(?:inf|infinity|nan)", re.ASCII | re.IGNORECASE)
_LONGEST: Final = 1_300  # digits: an integer of 4,096 bits has 1,234


def number(budget: Budget, value: Any) -> Any:
    """A number unchanged, a text as a float, a boolean as 1.0 or 0.0."""
    if isinstance(value, bool):
        return float(value)
    if is_number(value):
        return value
    if isinstance(value, str):
        return _float(budget, value)
    raise type_error(f"cannot make a number of {type_name(value)}")


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


def integer(budget: Budget, value: Any) -> int:
    """Truncated toward zero; a text as an integer, else as a float."""
    if isinstance(value, str):
        _check_length(budget, value)
        if _INTEGER.fullmatch(value):
            return budget.integer(int(value))
        value = _float(budget, value)
    if not isinstance(value, (int, float)):
        raise type_error(f"cannot make an integer of {type_name(value)}")
    if not math.isfinite(value):
        raise type_error("only a finite number can become an integer")
    return int(value)


def absolute(budget: Budget, value: Any) -> Any:
    return abs(need_number(value, "abs()"))


def rounded(budget: Budget, value: Any) -> int:
    """Half away from zero: 2.5 becomes 3, -2.5 becomes -3."""
    whole = math.trunc(_finite(value, "round()"))
    if abs(value - whole) >= 0.5:
        return whole + (1 if value > 0 else -1)
    return whole


def _finite(value: Any, called: str) -> float:
    if not math.isfinite(need_number(value, called)):
        raise type_error(f"{called} needs a finite number")
    return value  # type: ignore[no-any-return]


def _chosen(choose: Callable[[Any, Any], Any], name: str, a: Any, b: Any) -> Any:
    if isinstance(a, str) and isinstance(b, str):
        return choose(a, b)
    if not (is_number(a) and is_number(b)):
        raise type_error(f"{name}() needs two numbers or two strings, not {type_name(a)} and {type_name(b)}")
    chosen = choose(a, b)
    return float(chosen) if isinstance(a, float) or isinstance(b, float) else chosen


def total(budget: Budget, values: Any) -> Any:
    result: Any = 0
    for value in budget.each(need_array(values, "sum()")):
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
    "bool": lambda budget, value: bool(value),
    "type_of": lambda budget, value: type_name(value),
    "abs": absolute,
    "floor": lambda budget, value: math.floor(_finite(value, "floor()")),
    "ceil": lambda budget, value: math.ceil(_finite(value, "ceil()")),
    "round": rounded,
    "min": lambda budget, a, b: _chosen(min, "min", a, b),
    "max": lambda budget, a, b: _chosen(max, "max", a, b),
    "sum": total,
}
