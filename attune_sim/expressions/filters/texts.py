"""Filters of texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from attune_sim.expressions import methods
from attune_sim.expressions.functions import texts as functions
from attune_sim.expressions.kinds import is_array, is_object, settled, type_error, type_name
from attune_sim.expressions.limits import Budget, wide
from attune_sim.expressions.needs import need_integer, need_text
from attune_sim.expressions.printf import formatted
from attune_sim.expressions.values import string

_WORD_START: Final = re.compile(r"([-\s({\[<]+)")
_WORD: Final = re.compile(r"\w+")
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;"}
_JSON_IN_HTML: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}


def title(budget: Budget, value: Any) -> str:
    """Every word with a capital, the rest of it small."""
    text = string(value, budget)
    budget.entries(len(text) // 2 + 1, each=120)
    words = _WORD_START.split(text)
    return "".join(word[0].upper() + word[1:].lower() for word in budget.each(words) if word)


def replace(budget: Budget, value: Any, old: Any, new: Any, count: Any = None) -> str:
    return methods.replace(budget, string(value, budget), old, new, -1 if count is None else count)


def indent(budget: Budget, value: Any, width: Any = 4, first: Any = False, blank: Any = False) -> str:
    """Every line but the first moved right by `width` blanks, or by a text; blank lines only if `blank`."""
    text = string(value, budget)
    if not isinstance(width, str):
        budget.text(need_integer(width, "indent()"))
    before = width if isinstance(width, str) else " " * width
    budget.entries(text.count("\n") + 1, each=72)
    budget.spend(4 + text.count("\n"))
    budget.text(len(text) + (text.count("\n") + 1) * len(before), wide(text))
    lines = text.split("\n")
    moved = [f"{before}{line}" if line or blank else line for line in lines[1:]]
    return "\n".join([f"{before}{lines[0]}" if first else lines[0], *moved])


def truncate(
    budget: Budget, value: Any, length: Any = 255, killwords: Any = False, end: Any = "...", leeway: Any = 5
) -> str:
    """Cut to `length` characters, at the last blank unless `killwords`; left whole if it is not `leeway` longer."""
    text, tail = string(value, budget), need_text(end, "truncate()")
    most = need_integer(length, "truncate()")
    if most < len(tail):
        raise type_error(f"truncate needs a length of at least {len(tail)}, that of its end")
    if len(text) <= most + need_integer(leeway, "truncate()"):
        return text
    budget.text(min(most, len(text)), wide(text))
    kept = text[: most - len(tail)]
    return f"{kept if killwords else kept.rsplit(' ', 1)[0]}{tail}"


def word_count(budget: Budget, value: Any) -> int:
    text = string(value, budget)
    budget.reading(len(text), a_step=10)
    return sum(1 for _ in budget.each(_WORD.finditer(text)))


def _escaped(budget: Budget, text: str, escapes: Mapping[str, str]) -> str:
    budget.reading(len(text) * len(escapes))
    for plain, safe in escapes.items():
        if plain in text:
            text = functions.replaced(budget, text, plain, safe)
    return text


def url_encode(budget: Budget, value: Any) -> str:
    """Safe inside an address: a text, or the pairs of an object as a query."""
    if is_object(value):
        pairs = [f"{_quoted(budget, key)}={_quoted(budget, value[key])}" for key in budget.each(value)]
        return functions.joined(budget, pairs, "&")
    return _quoted(budget, value, "/")


def _quoted(budget: Budget, value: Any, safe: str = "") -> str:
    text = string(value, budget)
    budget.text(len(text) * (3 if text.isascii() else 12))
    size = len(text.encode(errors="replace"))
    budget.entries(size)
    budget.reading(size, a_step=6)
    budget.spend(3)
    return quote(text, safe=safe)


def to_json(budget: Budget, value: Any, indent: Any = None) -> str:
    """JSON with sorted keys, as Jinja2 writes it: a blank after `,` and `:`, and safe inside HTML."""
    compact = string(value, budget)
    width = 0 if indent is None else need_integer(indent, "tojson()")
    lines = sum(map(compact.count, ",[{")) * 2 + 1
    grown = len(compact) * (1 if compact.isascii() else 6) + lines
    if indent is not None:
        depth = min(budget.limits.nesting, compact.count("[") + compact.count("{"))  # at most
        budget.text(grown + lines * max(0, width) * depth)
    budget.text(grown * 2)
    budget.spend(30 + (lines if indent is None else lines * 3) + len(compact) // 32)
    try:
        written = json.dumps(value, sort_keys=True, indent=indent, default=_plain, allow_nan=False)
    except ValueError:  # NaN and infinity, which the language writes as null
        written = json.dumps(json.loads(compact), sort_keys=True, indent=indent)
    return _escaped(budget, written, _JSON_IN_HTML)


def _plain(value: Any) -> Any:
    if is_object(value):
        return dict(value)
    if is_array(value):
        return list(settled(value))
    raise type_error(f"a value of type {type_name(value)} has no JSON text")


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "string": lambda budget, value: string(value, budget),
    "lower": lambda budget, value: functions.cased(budget, string(value, budget)).lower(),
    "upper": lambda budget, value: functions.cased(budget, string(value, budget)).upper(),
    "capitalize": lambda budget, value: functions.cased(budget, string(value, budget)).capitalize(),
    "title": title,
    "trim": lambda budget, value, chars=None: methods.TEXT["strip"](budget, string(value, budget), chars),
    "replace": replace,
    "center": lambda budget, value, width=80: methods.TEXT["center"](budget, string(value, budget), width),
    "indent": indent,
    "truncate": truncate,
    "wordcount": word_count,
    **dict.fromkeys(("escape", "e"), lambda budget, value: _escaped(budget, string(value, budget), _HTML)),
    "urlencode": url_encode,
    "tojson": to_json,
    "format": formatted,
}
