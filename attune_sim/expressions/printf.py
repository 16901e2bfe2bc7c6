"""The two ways of filling a text with values, `"%s" | format(x)` and `"{}".format(x)`, without their traps.

Widths and precisions are checked before anything is made; fields reach entries of objects and arrays, never attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from string import Formatter
from typing import Any, Final

from attune_sim.expressions.kinds import is_number, type_error, type_name
from attune_sim.expressions.limits import Budget, over_limit, width_of
from attune_sim.expressions.lookup import attribute, item
from attune_sim.expressions.needs import need_text
from attune_sim.expressions.values import integer_steps, string

_PRINTF: Final = re.compile(
    r"%(?:\((?P<name>[^()%]{0,200})\))?[#0\- +]{0,9}(?P<width>\d{0,99})(?:\.(?P<precision>\d{0,99}))?(?P<kind>.)",
    re.DOTALL,
)
_SPEC: Final = re.compile(
    r"(?:.?[<>=^])?[+\- ]?z?#?0?(?P<width>\d*)[,_]?(?:\.(?P<precision>\d+))?(?P<kind>[a-zA-Z%]?)", re.DOTALL
)
_DIGITS: Final = 9  # a width of ten digits or more is beyond every limit
_LONGEST_FIELD: Final = 1_000
_NUMBERS: Final = "diouxXeEfFgGc"
_KINDS: Final = f"sr{_NUMBERS}"


def formatted(budget: Budget, template: Any, /, *arguments: Any, **named: Any) -> str:
    """A printf template with its values in place: `"%s, %s" | format(a, b)`."""
    need_text(template, "format()")
    if arguments and named:
        raise type_error("format takes values by place or by name, not both")
    given = iter(arguments)
    parts: list[str] = []
    place = 0
    budget.reading(len(template), a_step=16)
    for field in budget.each(_PRINTF.finditer(template), steps=15):
        parts += [template[place : field.start()], _printed(budget, field, given, named)]
        place = field.end()
    if next(given, parts) is not parts:
        raise type_error("format was given more values than its text has places")
    return _joined(budget, [*parts, template[place:]])


def _printed(budget: Budget, field: re.Match[str], given: Iterator[Any], named: Mapping[str, Any]) -> str:
    kind = field["kind"]
    if kind == "%":
        return "%"
    if kind not in _KINDS:
        raise type_error(f"format knows %s and the kinds {_NUMBERS}, not %{kind}"[:120])
    value = next(given, _NOTHING) if field["name"] is None else named.get(field["name"], _NOTHING)
    if value is _NOTHING:
        raise type_error("format was given fewer values than its text has places")
    spec = re.sub(r"^%\([^)]*\)", "%", field[0])
    if kind in "sr":
        value, spec = string(value, budget), f"{spec[:-1]}s"
    elif not is_number(value):
        raise type_error(f"%{kind} needs a number, not {type_name(value)}")
    _check(budget, field, value)
    return spec % (value,)


_NOTHING: Final = object()


def _check(budget: Budget, spec: re.Match[str], value: Any) -> None:
    if isinstance(value, int):
        budget.spend(integer_steps(value))
    size = max(int((spec[part] or "")[: _DIGITS + 1] or 0) for part in ("width", "precision"))
    budget.text(size + (len(value) if isinstance(value, str) else 1_500), width_of(value))


def braces(budget: Budget, template: str, /, *arguments: Any, **named: Any) -> str:
    """A `str.format` template with its values in place."""
    return _joined(budget, _Filler(budget, arguments, named).parts(template, 0))


class _Filler:
    def __init__(self, budget: Budget, arguments: Sequence[Any], named: Mapping[str, Any]) -> None:
        self._budget, self._arguments, self._named = budget, arguments, named
        self._next = 0

    def parts(self, template: str, depth: int) -> list[str]:
        parts: list[str] = []
        try:
            for literal, field, spec, conversion in self._budget.each(Formatter().parse(template), steps=20):
                parts.append(literal)
                if field is not None:
                    parts.append(self._filled(field, spec or "", conversion, depth))
        except ValueError as error:
            raise type_error(f"format cannot read its text: {error}") from None
        return parts

    def _filled(self, field: str, spec: str, conversion: str | None, depth: int) -> str:
        value = self._value(field)
        if "{" in spec:
            if depth:
                raise type_error("formats nested too deeply")
            spec = "".join(self.parts(spec, depth + 1))
        if conversion or not is_number(value):
            value = string(value, self._budget)
        self._budget.reading(len(spec), a_step=16)
        read = _SPEC.fullmatch(spec)
        if read is None:
            raise type_error("format does not know this specification")
        _check(self._budget, read, value)
        try:
            return format(value, spec) if spec else string(value, self._budget)
        except ValueError:
            raise type_error(f"format cannot write {type_name(value)} this way") from None

    def _value(self, field: str) -> Any:
        if len(field) > _LONGEST_FIELD:
            raise over_limit(f"a field of more than {_LONGEST_FIELD:,} characters")
        self._budget.spend(len(field))
        first, *steps = re.findall(r"[^.\[\]]+|\.[^.\[\]]+|\[[^\]]+\]", field) or [""]
        value = self._first(first)
        for step in steps:
            if step.startswith("."):
                value = attribute(value, step[1:])
            else:
                key = step[1:-1]
                value = item(value, int(key) if key.isascii() and key.isdigit() else key)
        return value

    def _first(self, name: str) -> Any:
        if name and not name.isdigit():
            if name not in self._named:
                raise type_error(f"format was given no {name!r}")
            return self._named[name]
        index = int(name[:_DIGITS]) if name else self._next
        self._next += not name
        if index >= len(self._arguments):
            raise type_error("format was given fewer values than its text has places")
        return self._arguments[index]


def _joined(budget: Budget, parts: list[str]) -> str:
    budget.text(sum(map(len, parts)), width_of(*parts))
    return "".join(parts)
