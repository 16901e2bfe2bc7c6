"""Everything that a compiled expression can reach: the checked operations of this package, by the names it calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from attune_sim.errors import ExpressionError
from attune_sim.expressions import lookup, operators
from attune_sim.expressions.filters import FILTERS, TESTS
from attune_sim.expressions.functions import FUNCTIONS, fits
from attune_sim.expressions.hints import function_hint
from attune_sim.expressions.kinds import hinted
from attune_sim.expressions.limits import Budget
from attune_sim.expressions.methods import method_of
from attune_sim.expressions.survey import check_size, fresh
from attune_sim.scope import MISSING


def no_function(name: str, *arguments: Any) -> NoReturn:
    raise hinted("unknown_function", f"there is no function {name!r}", function_hint(name))


def wrong_count(name: str, *arguments: Any, **named: Any) -> NoReturn:
    count = len(arguments) + len(named)
    raise ExpressionError("wrong_arg_count", f"{name}() does not take these {count} arguments")


def call_method(
    value: Any, name: str, budget: Budget, arguments: Sequence[Any], named: Mapping[str, Any]
) -> Any:
    method = method_of(value, name)
    if not fits(method, len(arguments), tuple(named)):
        wrong_count(name, *arguments, **named)
    return method(budget, value, *arguments, **named)


def last_of(*values: Any) -> Any:
    return values[-1]


HELPERS: Final[dict[str, Any]] = {
    "__builtins__": {},
    "MISSING": MISSING,
    "bool": bool,
    **{
        function.__name__: function
        for function in (
            *(no_function, wrong_count, call_method, last_of),
            *(lookup.variable, lookup.maybe_variable, lookup.no_name, lookup.part, lookup.need),
            *(lookup.attribute, lookup.maybe_attribute, lookup.task_part, lookup.maybe_task_part),
            *(lookup.item, lookup.maybe_item, lookup.computed_item, operators.array, operators.object_of),
            *(operators.concatenate, operators.negate, operators.positive, check_size, fresh),
        )
    },
    **{f"op_{name}": function for name, function in operators.BINARY.items()},
    **{f"cmp_{name}": function for name, function in operators.COMPARISONS.items()},
    **{f"fn_{name}": function for name, function in FUNCTIONS.items()},
    **{f"filter_{name}": function for name, function in FILTERS.items()},
    **{f"test_{name}": function for name, function in TESTS.items()},
}
"""The globals of every compiled expression, which shares them and cannot write them; there are no builtins."""
