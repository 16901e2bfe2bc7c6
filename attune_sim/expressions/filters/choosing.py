"""Filters that apply another filter or a test to every element: map, select, reject and their `attr` forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, Final

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions.filters import numbers, sequences, texts
from attune_sim.expressions.filters.checks import test_named
from attune_sim.expressions.filters.sequences import elements, reach
from attune_sim.expressions.functions.texts import need_text
from attune_sim.expressions.kinds import is_array, is_object
from attune_sim.expressions.limits import Budget
from attune_sim.expressions.survey import check_size
from attune_sim.scope import MISSING

_MAPPED: Final[Mapping[str, Callable[..., Any]]] = {**texts.FILTERS, **numbers.FILTERS, **sequences.FILTERS}


def mapped(
    budget: Budget,
    value: Any,
    filter: Any = MISSING,
    *arguments: Any,
    attribute: Any = None,
    default: Any = MISSING,
) -> list[Any]:
    """Every element through a filter (`map('upper')`), or an attribute of every element (`map(attribute='name')`)."""
    found = elements(budget, value, "map")
    if filter is MISSING:
        if attribute is None:
            raise ExpressionError("wrong_arg_count", "map needs the name of a filter, or attribute=")
        return [reach(budget, one, attribute, default) for one in budget.each(found)]
    apply = _filter_named(filter)
    try:
        signature(apply).bind(budget, value, *arguments)
    except TypeError:
        raise ExpressionError(
            "wrong_arg_count", "map gives its filter the wrong number of arguments"
        ) from None
    made = [_present(apply(budget, one, *arguments), filter) for one in budget.each(found, steps=4)]
    return check_size(made, budget) if any(is_array(one) or is_object(one) for one in made) else made


def _present(value: Any, name: str) -> Any:
    if value is MISSING:
        raise ExpressionError("index_out_of_bounds", f"{name} of an empty array")
    return value


def _filter_named(name: Any) -> Callable[..., Any]:
    found = _MAPPED.get(need_text(name, "map"))
    if found is None:
        hint = did_you_mean(name, _MAPPED)
        raise ExpressionError("parse_error", f"map knows no such filter{f' ({hint})' if hint else ''}")
    return found


def _chooser(wanted: bool) -> Callable[..., list[Any]]:
    """A filter that keeps the elements that pass a test, or that are true; with `wanted` false, the others."""

    def choose(budget: Budget, value: Any, test: Any = None, *arguments: Any) -> list[Any]:
        return _chosen(budget, value, lambda one: one, wanted, test, arguments)

    return choose


def _chooser_by_attribute(wanted: bool) -> Callable[..., list[Any]]:
    def choose(budget: Budget, value: Any, attribute: Any, test: Any = None, *arguments: Any) -> list[Any]:
        return _chosen(budget, value, _reader(budget, attribute, test), wanted, test, arguments)

    return choose


def _reader(budget: Budget, attribute: Any, test: Any) -> Callable[[Any], Any]:
    missing = _ABSENT if test in ("defined", "undefined") else MISSING
    return lambda one: reach(budget, one, attribute, missing)


_ABSENT: Final = object()


def _chosen(
    budget: Budget,
    value: Any,
    read: Callable[[Any], Any],
    wanted: bool,
    test: Any,
    arguments: tuple[Any, ...],
) -> list[Any]:
    passes = _predicate(budget, test, arguments)
    return [
        one for one in budget.each(elements(budget, value, "select"), steps=2) if passes(read(one)) is wanted
    ]


def _predicate(budget: Budget, test: Any, arguments: tuple[Any, ...]) -> Callable[[Any], bool]:
    if test is None:
        return bool
    if test in ("defined", "undefined"):
        return lambda value: (value is not _ABSENT) is (test == "defined")
    check = test_named(test)
    try:
        signature(check).bind(budget, None, *arguments)
    except TypeError:
        raise ExpressionError("wrong_arg_count", "the test gets the wrong number of arguments") from None
    return lambda value: bool(check(budget, value, *arguments))


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "map": mapped,
    "select": _chooser(True),
    "reject": _chooser(False),
    "selectattr": _chooser_by_attribute(True),
    "rejectattr": _chooser_by_attribute(False),
}
