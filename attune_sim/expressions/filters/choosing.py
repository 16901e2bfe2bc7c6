"""Filters that apply another filter or a test to every element: map, select, reject and their `attr` forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions.filters import numbers, sequences, texts
from attune_sim.expressions.filters.checks import COMPILED_TESTS, test_named
from attune_sim.expressions.filters.sequences import elements, reach
from attune_sim.expressions.functions import fits
from attune_sim.expressions.kinds import hinted
from attune_sim.expressions.limits import Budget
from attune_sim.expressions.needs import need_text
from attune_sim.expressions.operators import array
from attune_sim.scope import MISSING

MAPPED: Final[Mapping[str, Callable[..., Any]]] = {**texts.FILTERS, **numbers.FILTERS, **sequences.FILTERS}
"""The filters that `map` may give the elements to: all that do not choose themselves."""


def mapped(
    budget: Budget,
    value: Any,
    filter: Any = MISSING,
    *arguments: Any,
    attribute: Any = None,
    default: Any = MISSING,
) -> list[Any]:
    """Every element through a filter (`map('upper')`), or an attribute of every element (`map(attribute='name')`)."""
    row = elements(budget, value, "map")
    if filter is MISSING:
        if attribute is None:
            raise ExpressionError("wrong_arg_count", "map needs the name of a filter, or attribute=")
        return [reach(budget, element, attribute, default) for element in budget.each(row)]
    apply = _filter_named(filter)
    if not fits(apply, len(arguments)):
        raise ExpressionError("wrong_arg_count", "map gives its filter the wrong number of arguments")
    made = [_present(apply(budget, element, *arguments), filter) for element in budget.each(row, steps=4)]
    return array(made, budget)


def _present(value: Any, name: str) -> Any:
    if value is MISSING:
        raise ExpressionError("index_out_of_bounds", f"{name} of an empty array")
    return value


def _filter_named(name: Any) -> Callable[..., Any]:
    if need_text(name, "map()") not in MAPPED:
        raise hinted("parse_error", "map knows no such filter", did_you_mean(name, MAPPED))
    return MAPPED[name]


def _chooser(wanted: bool) -> Callable[..., list[Any]]:
    """A filter that keeps the elements that pass a test, or that are true; with `wanted` false, the others."""

    def choose(budget: Budget, value: Any, test: Any = None, *arguments: Any) -> list[Any]:
        passes = _predicate(budget, test, arguments)
        row = budget.each(elements(budget, value, "select"), steps=2)
        return [element for element in row if passes(element) is wanted]

    return choose


def _chooser_by_attribute(wanted: bool) -> Callable[..., list[Any]]:
    def choose(budget: Budget, value: Any, attribute: Any, test: Any = None, *arguments: Any) -> list[Any]:
        passes = _predicate(budget, test, arguments)
        default = _ABSENT if test in COMPILED_TESTS else MISSING
        row = budget.each(elements(budget, value, "select"), steps=2)
        return [element for element in row if passes(reach(budget, element, attribute, default)) is wanted]

    return choose


_ABSENT: Final = object()


def _predicate(budget: Budget, test: Any, arguments: tuple[Any, ...]) -> Callable[[Any], bool]:
    if test is None:
        return bool
    if test in COMPILED_TESTS:
        return lambda value: (value is not _ABSENT) is (test == "defined")
    check = test_named(test)
    if not fits(check, len(arguments)):
        raise ExpressionError("wrong_arg_count", "the test gets the wrong number of arguments")
    return lambda value: bool(check(budget, value, *arguments))


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "map": mapped,
    "select": _chooser(True),
    "reject": _chooser(False),
    "selectattr": _chooser_by_attribute(True),
    "rejectattr": _chooser_by_attribute(False),
}
