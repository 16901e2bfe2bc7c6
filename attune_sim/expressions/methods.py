"""The allow-list of methods: what may be called on a text, an object or an array, as in `name.strip().lower()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions.functions import collections as lists
from attune_sim.expressions.functions import texts
from attune_sim.expressions.functions.collections import need_integer
from attune_sim.expressions.functions.texts import need_text
from attune_sim.expressions.kinds import is_array, is_integer, is_object, type_error, type_name
from attune_sim.expressions.limits import Budget, lengths, over_limit, wide, width_of
from attune_sim.expressions.printf import braces

_STRIPPED: Final = 100
_LINE_ENDS: Final = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def _padding(pad: Callable[[str, int, str], str]) -> Callable[..., str]:
    def method(budget: Budget, text: str, width: Any, fill: Any = " ") -> str:
        return pad(text, _padded(budget, text, width, fill), fill)

    return method


def zeros(budget: Budget, text: str, width: Any) -> str:
    return text.zfill(_padded(budget, text, width, "0"))


def _padded(budget: Budget, text: str, width: Any, fill: Any) -> int:
    wanted = need_integer(width, "a padding method")
    if not isinstance(fill, str) or len(fill) != 1:
        raise type_error("a padding method needs one character to fill with")
    budget.text(max(wanted, len(text)), width_of(text, fill))
    budget.spend(5)
    return wanted


def expand_tabs(budget: Budget, text: str, size: Any = 8) -> str:
    budget.reading(len(text))
    budget.text(len(text) + text.count("\t") * max(0, need_integer(size, "expandtabs")), wide(text))
    return text.expandtabs(size)


def replace(budget: Budget, text: str, old: Any, new: Any, count: Any = -1) -> str:
    most = need_integer(count, "replace")
    return texts.replaced(budget, text, need_text(old, "replace"), need_text(new, "replace"), most)


def split(budget: Budget, text: str, by: Any = None, most: Any = -1) -> list[str]:
    _splittable(budget, text, by)
    return text.split(by, need_integer(most, "split"))


def split_right(budget: Budget, text: str, by: Any = None, most: Any = -1) -> list[str]:
    _splittable(budget, text, by)
    if by is None:
        return text.rsplit(None, need_integer(most, "rsplit"))
    _copied(budget, text)
    pieces = text[::-1].split(by[::-1], need_integer(most, "rsplit"))  # see find_right
    return [piece[::-1] for piece in reversed(pieces)]


def _splittable(budget: Budget, text: str, by: Any) -> None:
    budget.reading(len(text), a_step=32)
    if by is not None:
        _separator(by)
    budget.entries((len(text) // 2 if by is None else text.count(by)) + 1, each=64)
    budget.text(len(text), wide(text))


def _separator(by: Any) -> str:
    if not need_text(by, "a splitting method"):
        raise type_error("a splitting method needs a separator that is not empty")
    return str(by)


def lines(budget: Budget, text: str, keepends: Any = False) -> list[str]:
    budget.reading(len(text), a_step=32)
    budget.entries(sum(map(text.count, _LINE_ENDS)) + 1, each=64)
    budget.text(len(text), wide(text))
    return text.splitlines(bool(keepends))


def partition(budget: Budget, text: str, by: Any) -> list[str]:
    return list(_copied(budget, _read(budget, text)).partition(_separator(by)))


def partition_right(budget: Budget, text: str, by: Any) -> list[str]:
    place = find_right(budget, _copied(budget, text), _separator(by))
    return ["", "", text] if place < 0 else [text[:place], by, text[place + len(by) :]]


def join(budget: Budget, text: str, values: Any) -> str:
    return texts.join(budget, values, text)


def fill(budget: Budget, text: str, *arguments: Any, **named: Any) -> str:
    return braces(budget, text, arguments, named)


def find(budget: Budget, text: str, part: Any) -> int:
    return _read(budget, text).find(need_text(part, "find"))


def find_right(budget: Budget, text: str, part: Any) -> int:
    """Forwards through the text turned round: `str.rfind` takes time by the product of both lengths, `find` by the sum."""
    sought = need_text(part, "rfind")
    place = _copied(budget, _read(budget, text))[::-1].find(sought[::-1])
    return place if place < 0 else len(text) - place - len(sought)


def count(budget: Budget, text: str, part: Any) -> int:
    return _read(budget, text).count(need_text(part, "count"))


def starts(budget: Budget, text: str, prefix: Any) -> bool:
    return texts.starts_with(budget, text, need_text(prefix, "startswith"))


def ends(budget: Budget, text: str, suffix: Any) -> bool:
    return texts.ends_with(budget, text, need_text(suffix, "endswith"))


def _read(budget: Budget, text: str) -> str:
    budget.reading(len(text))
    return text


def stripped(
    budget: Budget, text: str, chars: Any, change: Callable[[str, str | None], str] = str.strip
) -> str:
    """The text without blanks, or without some characters, at its ends. Few of them: each end is looked for in all."""
    if chars is not None and len(need_text(chars, "strip")) > _STRIPPED:
        raise over_limit(f"more than {_STRIPPED} characters to strip")
    kept = change(_copied(budget, text), chars)
    budget.reading(len(text) - len(kept), a_step=10 if chars else 64)
    return kept


def _copied(budget: Budget, text: str) -> str:
    budget.text(len(text), wide(text))
    return text


def _cased(change: Callable[[str], str]) -> Callable[..., str]:
    def method(budget: Budget, text: str) -> str:
        return change(texts.cased(budget, text))

    return method


def _stripped(change: Callable[[str, str | None], str]) -> Callable[..., str]:
    def method(budget: Budget, text: str, chars: Any = None) -> str:
        return stripped(budget, text, chars, change)

    return method


def _without(change: Callable[[str, str], str]) -> Callable[..., str]:
    def method(budget: Budget, text: str, part: Any) -> str:
        return change(_copied(budget, text), need_text(part, "remove"))

    return method


def _asked(question: Callable[[str], bool]) -> Callable[..., bool]:
    def method(budget: Budget, text: str) -> bool:
        budget.reading(len(text), a_step=32)
        return question(text)

    return method


TEXT: Final[Mapping[str, Callable[..., Any]]] = {
    **{name: _padding(getattr(str, name)) for name in ("center", "ljust", "rjust")},
    "zfill": zeros,
    "expandtabs": expand_tabs,
    "replace": replace,
    "split": split,
    "rsplit": split_right,
    "splitlines": lines,
    "partition": partition,
    "rpartition": partition_right,
    "join": join,
    "format": fill,
    "find": find,
    "rfind": find_right,
    "count": count,
    "startswith": starts,
    "endswith": ends,
    **{
        name: _cased(getattr(str, name))
        for name in ("lower", "upper", "title", "capitalize", "swapcase", "casefold")
    },
    **{name: _stripped(getattr(str, name)) for name in ("strip", "lstrip", "rstrip")},
    **{name: _without(getattr(str, name)) for name in ("removeprefix", "removesuffix")},
    **{
        name: _asked(getattr(str, name))
        for name in (
            "isalnum",
            "isalpha",
            "isdecimal",
            "isdigit",
            "isnumeric",
            "isspace",
            "islower",
            "isupper",
            "istitle",
        )
    },
}


def get(budget: Budget, value: Mapping[Any, Any], key: Any, default: Any = None) -> Any:
    if not (isinstance(key, str) or is_integer(key)):
        raise type_error(f"a key is a string, not {type_name(key)}")
    budget.comparing(lengths([key]))
    return value.get(key, default)


def keys(budget: Budget, value: Mapping[Any, Any]) -> list[Any]:
    budget.entries(len(value))
    return list(value)


def values(budget: Budget, value: Mapping[Any, Any]) -> list[Any]:
    budget.entries(len(value))
    return list(value.values())


def items(budget: Budget, value: Mapping[Any, Any]) -> list[list[Any]]:
    budget.entries(len(value), each=96)
    return [[key, one] for key, one in value.items()]


OBJECT: Final[Mapping[str, Callable[..., Any]]] = {"get": get, "keys": keys, "values": values, "items": items}


def index(budget: Budget, value: Any, one: Any) -> int:
    place = lists.index_of(budget, value, one)
    if place < 0:
        raise ExpressionError("index_out_of_bounds", "index() did not find this value")
    return place


ARRAY: Final[Mapping[str, Callable[..., Any]]] = {"index": index, "count": lists.count}
NAMES: Final = frozenset({*TEXT, *OBJECT, *ARRAY})


def method_of(value: Any, name: str) -> Callable[..., Any]:
    """The function behind `value.name(...)`. An object's own entry of that name wins, and is data."""
    if is_object(value):
        if name in value:
            raise type_error(f"{name!r} is an entry here, not a method: leave out the parentheses")
        table = OBJECT
    else:
        table = TEXT if isinstance(value, str) else ARRAY if is_array(value) else {}
    found = table.get(name)
    if found is None:
        hint = did_you_mean(name, table)
        raise ExpressionError(
            "unknown_function", f"{type_name(value)} has no method {name!r}{f' ({hint})' if hint else ''}"
        )
    return found
