"""Filters of arrays and objects that take them apart, order them or count them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attune_sim.expressions import methods
from attune_sim.expressions.functions import collections as lists
from attune_sim.expressions.functions.collections import need_integer, need_object
from attune_sim.expressions.functions.texts import joined, lower, need_text
from attune_sim.expressions.kinds import is_array, is_integer, is_number, is_object, type_error, type_name
from attune_sim.expressions.limits import Budget, over_limit
from attune_sim.expressions.lookup import attribute, item, maybe_attribute, maybe_item
from attune_sim.expressions.operators import add
from attune_sim.expressions.survey import check_size
from attune_sim.expressions.values import hash_key
from attune_sim.scope import MISSING

_LONGEST_PATH: Final = 1_000


def elements(budget: Budget, value: Any, name: str) -> list[Any]:
    """The elements of an array, the keys of an object, the characters of a text."""
    found = _row(value, name)
    budget.entries(len(found), each=88 if isinstance(value, str) and not value.isascii() else 8)
    return list(found)


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
    if len(need_text(path, "attribute")) > _LONGEST_PATH:
        raise over_limit(f"an attribute of more than {_LONGEST_PATH:,} characters")
    return path.split(".")  # type: ignore[no-any-return]


def first(budget: Budget, value: Any) -> Any:
    """The first element; missing if there is none."""
    return next(iter(_row(value, "first")), MISSING)


def last(budget: Budget, value: Any) -> Any:
    found = elements(budget, value, "last") if is_object(value) else _row(value, "last")
    return found[-1] if found else MISSING


def _row(value: Any, name: str) -> Any:
    if not (isinstance(value, str) or is_array(value) or is_object(value)):
        raise type_error(f"{name} needs an array, not {type_name(value)}")
    return value


def length(budget: Budget, value: Any) -> int:
    """Elements, entries or characters."""
    if not (isinstance(value, str) or is_array(value) or is_object(value)):
        raise type_error(f"length needs an array, object or string, not {type_name(value)}")
    return len(value)


def to_list(budget: Budget, value: Any) -> list[Any]:
    return elements(budget, value, "list")


def join(budget: Budget, value: Any, separator: Any = "", attribute: Any = None) -> str:
    found = elements(budget, value, "join")
    values: Iterable[Any] = found if attribute is None else (reach(budget, one, attribute) for one in found)
    return joined(budget, values, need_text(separator, "join"))


def backwards(budget: Budget, value: Any) -> Any:
    return lists.backwards(budget, value if isinstance(value, str) else elements(budget, value, "reverse"))


def batch(budget: Budget, value: Any, size: Any, fill: Any = None) -> list[list[Any]]:
    """Lists of `size` elements; the last one is filled up if something is given for it."""
    found, each = elements(budget, value, "batch"), _positive(size, "batch")
    budget.entries(-(-len(found) // each), each=88)
    budget.entries(len(found) + (each if fill is not None else 0))
    made = [found[start : start + each] for start in range(0, len(found), each)]
    if fill is not None and made:
        made[-1] += [fill] * (each - len(made[-1]))
    return check_size(made, budget) if fill is not None else made


def columns(budget: Budget, value: Any, count: Any, fill: Any = None) -> list[list[Any]]:
    """`count` lists that together hold all elements in order."""
    found, wanted = elements(budget, value, "slice"), _positive(count, "slice")
    budget.entries(wanted, each=96)
    budget.entries(len(found) + wanted)
    each, rest = divmod(len(found), wanted)
    made, start = [], 0
    for n in budget.each(range(wanted)):
        end = start + each + (n < rest)
        made.append(found[start:end] if fill is None or n < rest or not rest else [*found[start:end], fill])
        start = end
    return made


def _positive(value: Any, name: str) -> int:
    if need_integer(value, name) < 1:
        raise type_error(f"{name} needs a size of at least 1")
    return value  # type: ignore[no-any-return]


def items(budget: Budget, value: Any) -> list[list[Any]]:
    return methods.items(budget, need_object(value, "items"))


def sorted_items(
    budget: Budget, value: Any, case_sensitive: Any = False, by: Any = "key", reverse: Any = False
) -> list[list[Any]]:
    if by not in ("key", "value"):
        raise type_error("dictsort goes by 'key' or by 'value'")
    pairs, place = items(budget, value), 0 if by == "key" else 1
    keys = _keys(budget, [pair[place] for pair in pairs], bool(case_sensitive))
    return _ordered(budget, pairs, keys, reverse)


def sort(
    budget: Budget, value: Any, reverse: Any = False, case_sensitive: Any = False, attribute: Any = None
) -> list[Any]:
    """In order, ignoring case unless asked; `attribute` may name several, with commas."""
    found = elements(budget, value, "sort")
    if attribute is None:
        return _ordered(budget, found, _keys(budget, found, bool(case_sensitive)), reverse)
    for path in reversed(_several(attribute)):
        keys = _keys(budget, [reach(budget, one, path) for one in budget.each(found)], bool(case_sensitive))
        found = _ordered(budget, found, keys, reverse)
    return found


def _several(attribute: Any) -> list[Any]:
    if isinstance(attribute, str) and len(attribute) <= _LONGEST_PATH:
        return list(attribute.split(","))
    return [attribute]


def _ordered(budget: Budget, values: list[Any], keys: list[Any], reverse: Any) -> list[Any]:
    budget.ordering(keys)
    order = sorted(range(len(values)), key=keys.__getitem__, reverse=bool(reverse))
    return [values[place] for place in order]


def _keys(budget: Budget, values: list[Any], case_sensitive: bool) -> list[Any]:
    """The values as sort keys: all numbers or all strings."""
    budget.entries(len(values), each=48)
    budget.spend(3)
    if all(isinstance(one, str) for one in budget.each(values)):
        return values if case_sensitive else [lower(budget, one) for one in values]
    if len(values) > 1 and not all(map(is_number, values)):
        raise type_error("only numbers among themselves or strings among themselves have an order")
    return values


def unique(budget: Budget, value: Any, case_sensitive: Any = False, attribute: Any = None) -> list[Any]:
    """The first of all that are equal, ignoring case unless asked."""
    kept: dict[Any, Any] = {}
    for one in budget.each(elements(budget, value, "unique"), steps=2):
        key = one if attribute is None else reach(budget, one, attribute)
        budget.entries(1, each=80)
        kept.setdefault(hash_key(_folded(budget, key, case_sensitive), budget), one)
    return list(kept.values())


def _folded(budget: Budget, value: Any, case_sensitive: Any) -> Any:
    return lower(budget, value) if isinstance(value, str) and not case_sensitive else value


def group_by(
    budget: Budget, value: Any, attribute: Any, default: Any = MISSING, case_sensitive: Any = False
) -> list[list[Any]]:
    """`[key, elements]` for every value of the attribute, in order."""
    groups: dict[Any, list[Any]] = {}
    names: list[Any] = []
    for one in budget.each(elements(budget, value, "groupby")):
        name = reach(budget, one, attribute, default)
        key = hash_key(_folded(budget, name, case_sensitive), budget)
        budget.entries(1, each=240)
        if key not in groups:
            names.append(name)
        groups.setdefault(key, []).append(one)
    made = [[name, group] for name, group in zip(names, groups.values(), strict=True)]
    return _ordered(budget, made, _keys(budget, names, bool(case_sensitive)), False)


def total(budget: Budget, value: Any, attribute: Any = None, start: Any = 0) -> Any:
    result = start
    for one in budget.each(elements(budget, value, "sum")):
        result = add(result, one if attribute is None else reach(budget, one, attribute), budget)
    return result


def smallest(budget: Budget, value: Any, case_sensitive: Any = False, attribute: Any = None) -> Any:
    """The least element; missing if there is none."""
    return next(iter(sort(budget, value, False, case_sensitive, attribute)), MISSING)


def largest(budget: Budget, value: Any, case_sensitive: Any = False, attribute: Any = None) -> Any:
    return next(iter(sort(budget, value, True, case_sensitive, attribute)), MISSING)


MAY_GIVE_NOTHING: Final = ("first", "last", "min", "max")
"""Filters that answer MISSING for an empty array: an error, unless `default` or `is defined` follows."""

FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "first": first,
    "last": last,
    "length": length,
    "count": length,
    "list": to_list,
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
    "min": smallest,
    "max": largest,
}
