"""The allow-list of methods: what may be called on a text, an object or an array, as in `name.strip().lower()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.errors import ExpressionError, did_you_mean
from attune_sim.expressions.functions import collections as lists
from attune_sim.expressions.functions import texts
from attune_sim.expressions.kinds import hinted, is_array, is_integer, is_object, type_error, type_name
from attune_sim.expressions.limits import Budget, lengths, over_limit, wide, width_of
from attune_sim.expressions.needs import need_integer, need_text
from attune_sim.expressions.printf import braces

_STRIPPED: Final = 100
_LINE_ENDS: Final = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def _padding(pad: Callable[[str, int, str], str]) -> Callable[..., str]:
    def method(budget: Budget, text: str, width: Any, fill: Any = " ") -> str:
        return pad(text, _padded(budget, text, width, fill), fill)

    return method


def _padded(budget: Budget, text: str, width: Any, fill: Any) -> int:
    wanted = need_integer(width, "a padding method()")
    if not isinstance(fill, str) or len(fill) != 1:
        raise type_error("a padding method needs one character to fill with")
    budget.text(max(wanted, len(text)), width_of(text, fill))
    budget.spend(5)
    return wanted


def expand_tabs(budget: Budget, text: str, size: Any = 8) -> str:
    budget.reading(len(text))
    budget.text(len(text) + text.count("\t") * max(0, need_integer(size, "expandtabs()")), wide(text))
    return text.expandtabs(size)


def replace(budget: Budget, text: str, old: Any, new: Any, count: Any = -1) -> str:
    most = need_integer(count, "replace()")
    return texts.replaced(budget, text, need_text(old, "replace()"), need_text(new, "replace()"), most)


def split(budget: Budget, text: str, by: Any = None, most: Any = -1) -> list[str]:
    return _splittable(budget, text, by).split(by, need_integer(most, "split()"))


def split_right(budget: Budget, text: str, by: Any = None, most: Any = -1) -> list[str]:
    _splittable(budget, text, by)
    if by is None:
        return text.rsplit(None, need_integer(most, "rsplit()"))
    budget.copying(text)
    pieces = text[::-1].split(by[::-1], need_integer(most, "rsplit()"))  # see find_right
    return [piece[::-1] for piece in reversed(pieces)]


def _splittable(budget: Budget, text: str, by: Any) -> str:
    budget.reading(len(text), a_step=32)
    count = len(text) // 2 if by is None else text.count(_separator(by))
    budget.entries(count + 1, each=64)
    return budget.copying(text)


def _separator(by: Any) -> str:
    if not need_text(by, "a splitting method()"):
        raise type_error("a splitting method needs a separator that is not empty")
    return str(by)


def lines(budget: Budget, text: str, keepends: Any = False) -> list[str]:
    budget.reading(len(text), a_step=32)
    budget.entries(sum(map(text.count, _LINE_ENDS)) + 1, each=64)
    return budget.copying(text).splitlines(bool(keepends))


def partition(budget: Budget, text: str, by: Any) -> list[str]:
    return list(budget.copying(_read(budget, text)).partition(_separator(by)))


def partition_right(budget: Budget, text: str, by: Any) -> list[str]:
    place = find_right(budget, budget.copying(text), _separator(by))
    return ["", "", text] if place < 0 else [text[:place], by, text[place + len(by) :]]


def find_right(budget: Budget, text: str, part: Any) -> int:
    """Forwards through the text turned round: `str.rfind` takes time by the product of both lengths, `find` by the sum."""
    sought = need_text(part, "rfind()")
    place = budget.copying(_read(budget, text))[::-1].find(sought[::-1])
    return place if place < 0 else len(text) - place - len(sought)


def _read(budget: Budget, text: str, a_step: int = 64) -> str:
    budget.reading(len(text), a_step)
    return text


def _stripping(strip: Callable[[str, str | None], str]) -> Callable[..., str]:
    """Without blanks, or without some characters, at its ends. Few of them: each end is looked for in all."""

    def method(budget: Budget, text: str, chars: Any = None) -> str:
        if chars is not None and len(need_text(chars, "strip()")) > _STRIPPED:
            raise over_limit(f"more than {_STRIPPED} characters to strip")
        kept = strip(budget.copying(text), chars)
        budget.reading(len(text) - len(kept), a_step=10 if chars else 64)
        return kept

    return method


def _removing(remove: Callable[[str, str], str]) -> Callable[..., str]:
    return lambda budget, text, part: remove(budget.copying(text), need_text(part, "remove()"))


def _cased(change: Callable[[str], str]) -> Callable[..., str]:
    return lambda budget, text: change(texts.cased(budget, text))


def _asked(question: Callable[[str], bool]) -> Callable[..., bool]:
    return lambda budget, text: question(_read(budget, text, a_step=32))


def _of_text(wrap: Callable[[Callable[..., Any]], Callable[..., Any]], names: str) -> dict[str, Any]:
    return {name: wrap(getattr(str, name)) for name in names.split()}


TEXT: Final[Mapping[str, Callable[..., Any]]] = {
    **_of_text(_padding, "center ljust rjust"),
    "zfill": lambda budget, text, width: text.zfill(_padded(budget, text, width, "0")),
    "expandtabs": expand_tabs,
    "replace": replace,
    "split": split,
    "rsplit": split_right,
    "splitlines": lines,
    "partition": partition,
    "rpartition": partition_right,
    "join": lambda budget, text, values: texts.join(budget, values, text),
    "format": braces,
    "find": lambda budget, text, part: _read(budget, text).find(need_text(part, "find()")),
    "rfind": find_right,
    "count": lambda budget, text, part: _read(budget, text).count(need_text(part, "count()")),
    "startswith": lambda budget, text, prefix: texts.starts_with(
        budget, text, need_text(prefix, "startswith()")
    ),
    "endswith": lambda budget, text, suffix: texts.ends_with(budget, text, need_text(suffix, "endswith()")),
    **_of_text(_cased, "lower upper title capitalize swapcase casefold"),
    **_of_text(_stripping, "strip lstrip rstrip"),
    **_of_text(_removing, "removeprefix removesuffix"),
    **_of_text(_asked, "isalnum isalpha isdecimal isdigit isnumeric isspace islower isupper istitle"),
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
    return [[key, inner] for key, inner in value.items()]


OBJECT: Final[Mapping[str, Callable[..., Any]]] = {"get": get, "keys": keys, "values": values, "items": items}


def index(budget: Budget, value: Any, needle: Any) -> int:
    place = lists.index_of(budget, value, needle)
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
        message = f"{type_name(value)} has no method {name!r}"
        raise hinted("unknown_function", message, did_you_mean(name, table))
    return found
