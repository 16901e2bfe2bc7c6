"""Filters of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError
from attune_sim.expressions.functions.numbers import absolute, integer, number
from attune_sim.expressions.kinds import type_error
from attune_sim.expressions.limits import Budget, lengths
from attune_sim.expressions.needs import need_integer, need_number

_PRECISION: Final = 300


def to_integer(budget: Budget, value: Any, default: Any = 0, base: Any = 10) -> Any:
    """As an integer, or `default` if that cannot be; `base` is for texts such as "0x1f" or "101"."""

    def convert(plain: Any) -> int:
        if isinstance(plain, str) and need_integer(base, "int()") != 10:
            return budget.integer(int(plain[:1300], base))
        return integer(budget, plain)

    return _converted(budget, value, default, convert)


def to_float(budget: Budget, value: Any, default: Any = 0.0) -> Any:
    def convert(plain: Any) -> Any:
        parsed = number(budget, plain)
        return default if parsed is None else float(parsed)

    return _converted(budget, value, default, convert)


def _converted(budget: Budget, value: Any, default: Any, convert: Callable[[Any], Any]) -> Any:
    budget.reading(lengths([value]), a_step=12)
    budget.spend(5)
    try:
        return convert(value.strip() if isinstance(value, str) else value)
    except (ValueError, ExpressionError) as error:
        if isinstance(error, ExpressionError) and error.kind == "limit":
            raise
        return default


def to_precision(budget: Budget, value: Any, precision: Any = 0, method: Any = "common") -> Any:
    """Rounded to `precision` digits, half to even, always a float; `method` common, ceil or floor."""
    need_number(value, "round")
    digits = need_integer(precision, "round()")
    budget.spend(3)
    if abs(digits) > _PRECISION:
        raise ExpressionError("limit", f"round to more than {_PRECISION} digits")
    if method == "common":
        return float(round(value, digits))
    if method not in ("ceil", "floor"):
        raise type_error("the method of round is 'common', 'ceil' or 'floor'")
    scaled = value * 10**digits if digits >= 0 else value / 10**-digits
    whole = (math.ceil if method == "ceil" else math.floor)(scaled)
    return float(whole / 10**digits) if digits >= 0 else float(whole * 10**-digits)


def file_size(budget: Budget, value: Any, binary: Any = False) -> str:
    """13 kB, 4.1 MB, 102 Bytes."""
    budget.spend(5)
    size, base = float(number(budget, value) or 0), 1024 if binary else 1000
    if abs(size) < base:
        return "1 Byte" if size == 1 else f"{int(size)} Bytes"
    prefixes = "KMGTPEZY" if binary else "kMGTPEZY"
    power = min(int(math.log(abs(size), base)), len(prefixes))
    return f"{size / base**power:.1f} {prefixes[power - 1]}{'iB' if binary else 'B'}"


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "int": to_integer,
    "float": to_float,
    "round": to_precision,
    "abs": absolute,
    "filesizeformat": file_size,
}
