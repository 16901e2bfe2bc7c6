"""Functions of arrays and objects (and of strings, where a string is read as a row of characters)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

from attune_sim.expressions.kinds import is_array, is_number, is_object, settled, type_error, type_name
from attune_sim.expressions.limits import Budget, wide
from attune_sim.expressions.needs import need_array, need_integer, need_object
from attune_sim.expressions.operators import contains
from attune_sim.expressions.survey import check_size
from attune_sim.expressions.values import equal, hash_key
from attune_sim.scope import MISSING


def length(budget: Budget, value: Any) -> int:
    """Size of an array or object; of a string, its bytes in UTF-8."""
    if isinstance(value, str):
        return _bytes(budget, value)
    if not (is_array(value) or is_object(value)):
        raise type_error(f"length() needs an array, object or string, not {type_name(value)}")
    return len(value)


def _bytes(budget: Budget, text: str) -> int:
    if text.isascii():
        return len(text)
    budget.text(len(text), 4)
    return len(text.encode(errors="surrogatepass"))


def values(budget: Budget, value: Any) -> list[Any]:
    return [value[key] for key in budget.each(_sorted_keys(budget, need_object(value, "values()")))]


def _sorted_keys(budget: Budget, value: Mapping[Any, Any]) -> list[Any]:
    budget.entries(len(value))
    budget.ordering(list(value))
    return sorted(value, key=lambda key: key if isinstance(key, str) else str(key))


def backwards(budget: Budget, value: Any) -> Any:
    if isinstance(value, str):
        return budget.copying(value)[::-1]
    if not is_array(value):
        raise type_error(f"reversed() needs an array or string, not {type_name(value)}")
    budget.entries(len(value))
    return list(settled(value))[::-1]


def sort(budget: Budget, value: Any) -> list[Any]:
    """All numbers or all strings, in code point order."""
    budget.entries(len(need_array(value, "sort()")))
    value = settled(value)
    if len(value) > 1 and not (all(map(is_number, value)) or all(isinstance(text, str) for text in value)):
        raise type_error("sort() needs numbers only or strings only")
    budget.ordering(value)
    return sorted(value)


def unique(budget: Budget, value: Any) -> list[Any]:
    """The first of all that are equal."""
    budget.entries(len(need_array(value, "unique()")), each=80)
    kept: dict[Any, Any] = {}
    for element in budget.each(value, steps=2):
        kept.setdefault(hash_key(element, budget), element)
    return list(kept.values())


def flat(budget: Budget, value: Any) -> list[Any]:
    """One level less; what is no array stays."""
    budget.entries(len(need_array(value, "flat()")))
    parts = settled(value)
    budget.entries(sum(len(part) if is_array(part) else 1 for part in budget.each(parts)))
    return [element for part in parts for element in (settled(part) if is_array(part) else (part,))]


def zipped(budget: Budget, a: Any, b: Any) -> list[list[Any]]:
    count = min(len(need_array(a, "zip()")), len(need_array(b, "zip()")))
    budget.entries(count, each=96)
    return check_size([[x, y] for x, y in zip(islice(a, count), islice(b, count), strict=False)], budget)


def numbers(budget: Budget, first: Any, second: Any = MISSING) -> list[int]:
    """The integers from `first` (0 if it stands alone) up to, not including, the last argument."""
    start = 0 if second is MISSING else need_integer(first, "range()")
    end = need_integer(first if second is MISSING else second, "range()")
    budget.entries(max(0, end - start), each=40)
    return list(range(start, end))


def part(budget: Budget, value: Any, start: Any, end: Any = None) -> Any:
    """Elements or characters; a negative start gives nothing, a negative end goes to the end."""
    if not (isinstance(value, str) or is_array(value)):
        raise type_error(f"slice() needs an array or string, not {type_name(value)}")
    first = need_integer(start, "slice()")
    last = len(value) if end is None else need_integer(end, "slice()")
    last = len(value) if last < 0 else min(last, len(value))
    count = max(0, last - first) if first >= 0 else 0
    if isinstance(value, str):
        budget.text(count, wide(value))
        return value[first : first + count] if count else ""
    budget.entries(count)
    return list(islice(value[first : first + count], count)) if count else []


def index_of(budget: Budget, hay: Any, needle: Any) -> int:
    """The first index, or -1; in a string, the offset in bytes of UTF-8."""
    if isinstance(hay, str):
        place = hay.find(_sought(budget, hay, needle, "index_of"))
        return _bytes(budget, hay[:place]) if place > 0 else place
    elements = enumerate(budget.each(need_array(hay, "index_of()"), steps=3))
    return next((place for place, element in elements if equal(element, needle, budget)), -1)


def count(budget: Budget, hay: Any, needle: Any) -> int:
    """How many elements are equal, or how many parts that do not overlap."""
    if isinstance(hay, str):
        return hay.count(_sought(budget, hay, needle, "count"))
    return sum(equal(element, needle, budget) for element in budget.each(need_array(hay, "count()"), steps=3))


def _sought(budget: Budget, hay: str, needle: Any, called: str) -> str:
    if not isinstance(needle, str):
        raise type_error(f"{called}() needs a string to look for, not {type_name(needle)}")
    budget.reading(len(hay))
    return needle


def merge(budget: Budget, a: Any, b: Any) -> dict[Any, Any]:
    budget.entries(len(need_object(a, "merge()")) + len(need_object(b, "merge()")), each=96)
    return check_size({**a, **b}, budget)


def chunks(budget: Budget, value: Any, size: Any) -> list[list[Any]]:
    length = len(need_array(value, "chunks()"))
    if need_integer(size, "chunks()") < 1:
        raise type_error("chunks() needs a size of at least 1")
    budget.entries(-(-length // size), each=88)
    budget.entries(length)
    row = settled(value)
    return [list(row[start : start + size]) for start in range(0, length, size)]


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "length": length,
    "keys": lambda budget, value: _sorted_keys(budget, need_object(value, "keys()")),
    "values": values,
    "contains": lambda budget, hay, needle: contains(needle, hay, budget),
    "reversed": backwards,
    "sort": sort,
    "unique": unique,
    "flat": flat,
    "zip": zipped,
    "range": numbers,
    "slice": part,
    "index_of": index_of,
    "count": count,
    "merge": merge,
    "chunks": chunks,
}
