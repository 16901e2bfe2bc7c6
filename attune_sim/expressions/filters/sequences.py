"""Filters of arrays and objects that take them apart, order them or count them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attune_sim.expressions import methods
from attune_sim.expressions.functions.collections import backwards as reverse
from attune_sim.expressions.functions.texts import joined, lower
from attune_sim.expressions.kinds import (
    bounded,
    is_array,
    is_integer,
    is_number,
    is_object,
    type_error,
    type_name,
)
from attune_sim.expressions.limits import Budget, over_limit
from attune_sim.expressions.lookup import attribute, item, maybe_attribute, maybe_item
from attune_sim.expressions.needs import need_integer, need_object, need_row, need_text
from attune_sim.expressions.operators import add
from attune_sim.expressions.survey import check_size
from attune_sim.expressions.values import hash_key
from attune_sim.scope import MISSING

_LONGEST_PATH: Final = 1_000
_PLAIN: Final = (list, tuple, str, dict)


def elements(budget: Budget, value: Any, name: str) -> list[Any]:
    """The elements of an array, the keys of an object, the characters of a text."""
    each = 88 if isinstance(value, str) and not value.isascii() else 8
    budget.entries(len(need_row(value, name)), each)
    return list(value) if type(value) in _PLAIN else bounded(value)


def reach(budget: Budget, value: Any, path: Any, default: Any = MISSING) -> Any:
    """What `attribute=` names: a key, an index, or several of them with dots between.

    `default`, if one is given, stands for what is missing.
    """
    steps = [path] if is_integer(path) else _steps(path)
    budget.spend(2 * len(steps))
    for step in steps:
        by_index = is_integer(step) or (is_array(value) and step.isascii() and step.isdigit())
        strict, lenient = (item, maybe_item) if by_index else (attribute, maybe_attribute)
        key: Any = int(step) if by_index else step
        value = strict(value, key) if default is MISSING else lenient(value, key)
        if value is MISSING:
            return default
    return value


def _steps(path: Any) -> list[str]:
    if len(need_text(path, "attribute()")) > _LONGEST_PATH:
        raise over_limit(f"an attribute of more than {_LONGEST_PATH:,} characters")
    return path.split(".")  # type: ignore[no-any-return]


def first(budget: Budget, value: Any) -> Any:
    """The first element; missing if there is none."""
    return next(iter(need_row(value, "first")), MISSING)


def last(budget: Budget, value: Any) -> Any:
    row = elements(budget, value, "last") if is_object(value) else need_row(value, "last")
    return row[-1] if row else MISSING


def length(budget: Budget, value: Any) -> int:
    """Elements, entries or characters."""
    if not (isinstance(value, str) or is_array(value) or is_object(value)):
        raise type_error(f"length needs an array, object or string, not {type_name(value)}")
    return len(value)


def join(budget: Budget, value: Any, separator: Any = "", attribute: Any = None) -> str:
    row: Iterable[Any] = elements(budget, value, "join")
    if attribute is not None:
        row = (reach(budget, element, attribute) for element in row)
    return joined(budget, row, need_text(separator, "join()"))


def backwards(budget: Budget, value: Any) -> Any:
    return reverse(budget, value if isinstance(value, str) else elements(budget, value, "reverse"))


def batch(budget: Budget, value: Any, size: Any, fill: Any = None) -> list[list[Any]]:
    """Lists of `size` elements; the last one is filled up if something is given for it."""
    row, each = elements(budget, value, "batch"), _positive(size, "batch")
    budget.entries(-(-len(row) // each), each=88)
    budget.entries(len(row) + (each if fill is not None else 0))
    batches = [row[start : start + each] for start in range(0, len(row), each)]
    if fill is not None and batches:
        batches[-1] += [fill] * (each - len(batches[-1]))
    return check_size(batches, budget) if fill is not None else batches


def columns(budget: Budget, value: Any, count: Any, fill: Any = None) -> list[list[Any]]:
    """`count` lists that together hold all elements in order."""
    row, wanted = elements(budget, value, "slice"), _positive(count, "slice")
    budget.entries(wanted, each=96)
    budget.entries(len(row) + wanted)
    each, rest = divmod(len(row), wanted)
    lists, start = [], 0
    for n in budget.each(range(wanted)):
        end = start + each + (n < rest)
        lists.append(row[start:end] if fill is None or n < rest or not rest else [*row[start:end], fill])
        start = end
    return lists


def _positive(value: Any, name: str) -> int:
    if need_integer(value, f"{name}()") < 1:
        raise type_error(f"{name} needs a size of at least 1")
    return int(value)


def items(budget: Budget, value: Any) -> list[list[Any]]:
    return methods.items(budget, need_object(value, "items()"))


def sorted_items(
    budget: Budget, value: Any, case_sensitive: Any = False, by: Any = "key", reverse: Any = False
) -> list[list[Any]]:
    if by not in ("key", "value"):
        raise type_error("dictsort goes by 'key' or by 'value'")
    pairs, place = items(budget, value), 0 if by == "key" else 1
    return _ordered(budget, pairs, [pair[place] for pair in pairs], case_sensitive, reverse)


def sort(
    budget: Budget, value: Any, reverse: Any = False, case_sensitive: Any = False, attribute: Any = None
) -> list[Any]:
    """In order, ignoring case unless asked; `attribute` may name several, with commas."""
    row = elements(budget, value, "sort")
    if attribute is None:
        return _ordered(budget, row, row, case_sensitive, reverse)
    for path in reversed(_several(attribute)):
        names = [reach(budget, element, path) for element in budget.each(row)]
        row = _ordered(budget, row, names, case_sensitive, reverse)
    return row


def _several(attribute: Any) -> list[Any]:
    if isinstance(attribute, str) and len(attribute) <= _LONGEST_PATH:
        return list(attribute.split(","))
    return [attribute]


def _ordered(
    budget: Budget, values: list[Any], names: list[Any], case_sensitive: Any, reverse: Any = False
) -> list[Any]:
    """The values in the order of their names: all numbers or all strings."""
    keys = _keys(budget, names, case_sensitive)
    budget.ordering(keys)
    order = sorted(range(len(values)), key=keys.__getitem__, reverse=bool(reverse))
    return [values[place] for place in order]


def _keys(budget: Budget, values: list[Any], case_sensitive: Any) -> list[Any]:
    budget.entries(len(values), each=48)
    budget.spend(3)
    if all(isinstance(value, str) for value in budget.each(values)):
        return values if case_sensitive else [lower(budget, text) for text in values]
    if len(values) > 1 and not all(map(is_number, values)):
        raise type_error("only numbers among themselves or strings among themselves have an order")
    return values


def unique(budget: Budget, value: Any, case_sensitive: Any = False, attribute: Any = None) -> list[Any]:
    """The first of all that are equal, ignoring case unless asked."""
    kept: dict[Any, Any] = {}
    for element in budget.each(elements(budget, value, "unique"), steps=2):
        name = element if attribute is None else reach(budget, element, attribute)
        budget.entries(1, each=80)
        kept.setdefault(_key(budget, name, case_sensitive), element)
    return list(kept.values())


def _key(budget: Budget, name: Any, case_sensitive: Any) -> Any:
    folded = lower(budget, name) if isinstance(name, str) and not case_sensitive else name
    return hash_key(folded, budget)


def group_by(
    budget: Budget, value: Any, attribute: Any, default: Any = MISSING, case_sensitive: Any = False
) -> list[list[Any]]:
    """`[key, elements]` for every value of the attribute, in order."""
    groups: dict[Any, list[Any]] = {}
    names: list[Any] = []
    for element in budget.each(elements(budget, value, "groupby")):
        name = reach(budget, element, attribute, default)
        key = _key(budget, name, case_sensitive)
        budget.entries(1, each=240)
        if key not in groups:
            names.append(name)
        groups.setdefault(key, []).append(element)
    pairs = [[name, group] for name, group in zip(names, groups.values(), strict=True)]
    return _ordered(budget, pairs, names, case_sensitive)


def total(budget: Budget, value: Any, attribute: Any = None, start: Any = 0) -> Any:
    result = start
    for element in budget.each(elements(budget, value, "sum")):
        result = add(result, element if attribute is None else reach(budget, element, attribute), budget)
    return result


def _first_in_order(reverse: bool) -> Callable[..., Any]:
    """The least element, or the greatest; missing if there is none."""

    def choose(budget: Budget, value: Any, case_sensitive: Any = False, attribute: Any = None) -> Any:
        return next(iter(sort(budget, value, reverse, case_sensitive, attribute)), MISSING)

    return choose


MAY_GIVE_NOTHING: Final = ("first", "last", "min", "max")
"""Filters that answer MISSING for an empty array: an error, unless `default` or `is defined` follows."""

FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "first": first,
    "last": last,
    **dict.fromkeys(("length", "count"), length),
    "list": lambda budget, value: elements(budget, value, "list"),
    "join": join,
    "reverse": backwards,
    "batch": batch,
    "slice": columns,
    "items": items,
    "dictsort": sorted_items,
    "sort": sort,
    "unique": unique,
    "groupby": group_by,
    "sum": total,
    "min": _first_in_order(reverse=False),
    "max": _first_in_order(reverse=True),
}
