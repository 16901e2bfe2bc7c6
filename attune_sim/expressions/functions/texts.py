"""Functions of strings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from attune_sim.errors import ExpressionError
from attune_sim.expressions.limits import Budget, over_limit, wide, width_of
from attune_sim.expressions.needs import need_array, need_text
from attune_sim.expressions.values import string

_SHORT: Final = 64  # characters of a text that is not worth counting
_MATCHED: Final = 400  # bytes of text times size of the program that RE2 looks through in one step
_LONGEST_PATTERN: Final = 10_000


def lower(budget: Budget, value: Any) -> str:
    return cased(budget, need_text(value, "lower()")).lower()


def upper(budget: Budget, value: Any) -> str:
    return cased(budget, need_text(value, "upper()")).upper()


def cased(budget: Budget, text: str) -> str:
    """The text, whose letters are about to be changed: one may become three ('ΐ')."""
    if len(text) > _SHORT:
        budget.reading(len(text), a_step=32)
        budget.text(len(text) if text.isascii() else len(text) * 3, wide(text))
    return text


def split(budget: Budget, value: Any, separator: Any) -> list[str]:
    text, by = need_text(value, "split()"), need_text(separator, "split()")
    if not by:
        budget.entries(len(text) + 2, each=8 if text.isascii() else 88)
        return ["", *text, ""]
    return pieces(budget, text, by)


def pieces(budget: Budget, text: str, by: str) -> list[str]:
    """The text between all places where `by` stands."""
    budget.reading(len(text))
    budget.entries(text.count(by) + 1, each=64)
    return budget.copying(text).split(by)


def join(budget: Budget, values: Any, separator: Any) -> str:
    return joined(budget, need_array(values, "join()"), need_text(separator, "join()"))


def joined(budget: Budget, values: Any, separator: str) -> str:
    """The texts of the values with a separator between them; stops as soon as it is too long."""
    texts: list[str] = []
    length = 0
    for value in budget.each(values, steps=5):
        text = string(value, budget)
        length += len(text) + len(separator)
        if length - len(separator) > budget.limits.text:
            budget.text(length - len(separator))
        texts.append(text)
    budget.entries(len(texts), each=64)
    budget.text(max(0, length - len(separator)), width_of(separator, *texts))
    return separator.join(texts)


def replace(budget: Budget, value: Any, old: Any, new: Any) -> str:
    return replaced(
        budget, need_text(value, "replace()"), need_text(old, "replace()"), need_text(new, "replace()")
    )


def replaced(budget: Budget, text: str, old: str, new: str, count: int = -1) -> str:
    """At most `count` replacements (-1: all), refused before they are made if the text would be too long."""
    budget.reading(len(text))
    budget.spend(2)
    places = text.count(old) if old else len(text) + 1
    if count >= 0:
        places = min(places, count)
    budget.text(max(len(text), len(text) + places * (len(new) - len(old))), width_of(text, new))
    return text.replace(old, new, count)


def starts_with(budget: Budget, value: Any, prefix: Any) -> bool:
    budget.comparing(len(need_text(prefix, "starts_with()")))
    return need_text(value, "starts_with()").startswith(need_text(prefix, "starts_with()"))


def ends_with(budget: Budget, value: Any, suffix: Any) -> bool:
    budget.comparing(len(need_text(suffix, "ends_with()")))
    return need_text(value, "ends_with()").endswith(need_text(suffix, "ends_with()"))


def match(budget: Budget, pattern: Any, value: Any) -> bool:
    """Whether the pattern (RE2 syntax, linear time) is found anywhere in the text."""
    program = _program(need_text(pattern, "match()"))
    text = budget.copying(need_text(value, "match()"))
    budget.spend(len(pattern) + program.programsize * (2 + len(text) * wide(text) // _MATCHED))
    return program.search(text.encode(errors="surrogatepass")) is not None


@lru_cache(maxsize=256)
def _program(pattern: str) -> Any:
    if len(pattern) > _LONGEST_PATTERN:
        raise over_limit(f"a pattern of more than {_LONGEST_PATTERN:,} characters")
    import re2  # here, because most workflows never match anything

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern.encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0]
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else "no Unicode text"
        what = reason.rpartition(": ")[0] or reason  # after the colon stands a part of the pattern, a value
        raise ExpressionError("regex_error", f"this pattern cannot be used: {what}") from None


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "string": lambda budget, value: string(value, budget),
    "lower": lower,
    "upper": upper,
    "trim": lambda budget, value: budget.copying(need_text(value, "trim()")).strip(),
    "split": split,
    "join": join,
    "replace": replace,
    "starts_with": starts_with,
    "ends_with": ends_with,
    "match": match,
}
