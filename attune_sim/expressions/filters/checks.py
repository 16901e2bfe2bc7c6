"""Jinja2's tests (`x is even`, `select('even')`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions import operators
from attune_sim.expressions.kinds import is_array, is_integer, is_number, is_object, type_error, type_name
from attune_sim.expressions.limits import Budget
from attune_sim.expressions.methods import TEXT as METHODS
from attune_sim.expressions.values import equal, less

Test = Callable[..., bool]


def divisible(budget: Budget, value: Any, by: Any) -> bool:
    return bool(operators.remainder(_whole(value), _whole(by), budget) == 0)


def even(budget: Budget, value: Any) -> bool:
    return _whole(value) % 2 == 0


def odd(budget: Budget, value: Any) -> bool:
    return _whole(value) % 2 == 1


def _whole(value: Any) -> int:
    if not is_integer(value):
        raise type_error(f"this test needs an integer, not {type_name(value)}")
    return value  # type: ignore[no-any-return]


def is_lower(budget: Budget, value: Any) -> bool:
    return isinstance(value, str) and bool(METHODS["islower"](budget, value))


def is_upper(budget: Budget, value: Any) -> bool:
    return isinstance(value, str) and bool(METHODS["isupper"](budget, value))


def is_sequence(budget: Budget, value: Any) -> bool:
    return isinstance(value, str) or is_array(value) or is_object(value)


def same_as(budget: Budget, value: Any, other: Any) -> bool:
    """Equal and of the same type: identity means nothing where values are copied."""
    return type(value) is type(other) and equal(value, other, budget)


def _comparison(compare: Callable[[Any, Any, Budget], bool]) -> Test:
    def test(budget: Budget, value: Any, other: Any) -> bool:
        return compare(value, other, budget)

    return test


def _kind(check: Callable[[Any], bool]) -> Test:
    def test(budget: Budget, value: Any) -> bool:
        return check(value)

    return test


TESTS: Final[Mapping[str, Test]] = {
    "boolean": _kind(lambda value: isinstance(value, bool)),
    "false": _kind(lambda value: value is False),
    "true": _kind(lambda value: value is True),
    "none": _kind(lambda value: value is None),
    "null": _kind(lambda value: value is None),
    "integer": _kind(is_integer),
    "float": _kind(lambda value: isinstance(value, float)),
    "number": _kind(is_number),
    "string": _kind(lambda value: isinstance(value, str)),
    "mapping": _kind(is_object),
    "iterable": is_sequence,
    "sequence": is_sequence,
    "even": even,
    "odd": odd,
    "divisibleby": divisible,
    "lower": is_lower,
    "upper": is_upper,
    "sameas": same_as,
    **dict.fromkeys(("eq", "equalto", "=="), _comparison(equal)),
    **dict.fromkeys(("ne", "!="), _comparison(operators.not_equal)),
    **dict.fromkeys(("lt", "lessthan", "<"), _comparison(less)),
    **dict.fromkeys(("le", "<="), _comparison(operators.at_most)),
    **dict.fromkeys(("gt", "greaterthan", ">"), _comparison(operators.greater)),
    **dict.fromkeys(("ge", ">="), _comparison(operators.at_least)),
    "in": _comparison(operators.contains),
}


def _hint(name: Any) -> str:
    guess = did_you_mean(name, TESTS) if isinstance(name, str) else None
    return f" ({guess})" if guess else ""


def test_named(name: Any) -> Test:
    """A test that is chosen by its name, as in `select('even')`."""
    found = TESTS.get(name) if isinstance(name, str) else None
    if found is None:
        raise ExpressionError("parse_error", f"there is no such test{_hint(name)}")
    return found
