"""Jinja2's tests (`x is even`, `select('even')`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions.kinds import hinted, is_array, is_integer, is_number, is_object
from attune_sim.expressions.limits import Budget
from attune_sim.expressions.methods import TEXT as METHODS
from attune_sim.expressions.needs import need_integer
from attune_sim.expressions.operators import COMPARISONS, remainder
from attune_sim.expressions.values import equal

Test = Callable[..., bool]
COMPILED_TESTS: Final = ("defined", "undefined")


def divisible(budget: Budget, value: Any, by: Any) -> bool:
    whole, divisor = need_integer(value, "this test"), need_integer(by, "this test")
    return bool(remainder(whole, divisor, budget) == 0)


def _comparison(operator: str) -> Test:
    compare = COMPARISONS[operator]
    return lambda budget, value, other: compare(value, other, budget)


def is_sequence(budget: Budget, value: Any) -> bool:
    return isinstance(value, str) or is_array(value) or is_object(value)


TESTS: Final[Mapping[str, Test]] = {
    "boolean": lambda budget, value: isinstance(value, bool),
    "false": lambda budget, value: value is False,
    "true": lambda budget, value: value is True,
    **dict.fromkeys(("none", "null"), lambda budget, value: value is None),
    "integer": lambda budget, value: is_integer(value),
    "float": lambda budget, value: isinstance(value, float),
    "number": lambda budget, value: is_number(value),
    "string": lambda budget, value: isinstance(value, str),
    "mapping": lambda budget, value: is_object(value),
    **dict.fromkeys(("iterable", "sequence"), is_sequence),
    "even": lambda budget, value: need_integer(value, "this test") % 2 == 0,
    "odd": lambda budget, value: need_integer(value, "this test") % 2 == 1,
    "divisibleby": divisible,
    "lower": lambda budget, value: isinstance(value, str) and METHODS["islower"](budget, value),
    "upper": lambda budget, value: isinstance(value, str) and METHODS["isupper"](budget, value),
    # Equal and of the same type: identity means nothing where values are copied.
    "sameas": lambda budget, value, other: type(value) is type(other) and equal(value, other, budget),
    **dict.fromkeys(("eq", "equalto", "=="), _comparison("eq")),
    **dict.fromkeys(("ne", "!="), _comparison("ne")),
    **dict.fromkeys(("lt", "lessthan", "<"), _comparison("lt")),
    **dict.fromkeys(("le", "<="), _comparison("lteq")),
    **dict.fromkeys(("gt", "greaterthan", ">"), _comparison("gt")),
    **dict.fromkeys(("ge", ">="), _comparison("gteq")),
    "in": _comparison("in"),
}


def test_named(name: Any) -> Test:
    """A test that is chosen by its name, as in `select('even')`."""
    if not isinstance(name, str):
        raise ExpressionError("parse_error", "there is no such test")
    if name not in TESTS:
        raise hinted("parse_error", "there is no such test", did_you_mean(name, TESTS))
    return TESTS[name]
