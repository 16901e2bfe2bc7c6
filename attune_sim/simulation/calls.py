"""The form in which models are typed: `lognormal(80ms, sigma=0.8)`, `failing(2%, then=hang)`. Read into names and texts only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from attune_sim.errors import InputError

_TOKEN: Final = re.compile(r"\s*([(),=]|[^(),=]+)")


@dataclass(frozen=True, slots=True)
class Call:
    """A name and its arguments, as they were written: texts and further calls, those with a name after those without."""

    name: str
    values: tuple[str | Call, ...] = ()
    named: tuple[tuple[str, str | Call], ...] = ()


def read_call(text: str, what: str) -> str | Call:
    """A call, or the text as it is where it has no brackets. Raises InputError, which names `what` was to be read.

    >>> read_call("lognormal(80ms, sigma=0.8)", "latency")
    Call(name='lognormal', values=('80ms',), named=(('sigma', '0.8'),))
    >>> read_call("lognormal(80ms", "latency")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: latency 'lognormal(80ms' cannot be read: a ')' is missing; write NAME(VALUE, NAME=VALUE, ...)
    """
    reader = _Reader(text, what)
    value = reader.value()
    reader.end()
    return value


class _Reader:
    """Goes through the pieces of one text, from the left."""

    def __init__(self, text: str, what: str) -> None:
        self._text, self._what = text, what
        pieces = (found[1].strip() for found in _TOKEN.finditer(text))
        self._pieces = [piece for piece in pieces if piece]
        self._place = 0

    def value(self) -> str | Call:
        word = self._word()
        if not self._takes("("):
            return word
        values: list[str | Call] = []
        named: list[tuple[str, str | Call]] = []
        while not self._takes(")"):
            self._argument(values, named)
            if not self._takes(","):
                self._expect(")", "a ')' is missing")
                break
        return Call(word, tuple(values), tuple(named))

    def _argument(self, values: list[str | Call], named: list[tuple[str, str | Call]]) -> None:
        value = self.value()
        if self._takes("="):
            named.append((str(value), self.value()))
        elif named:
            self._refuse("a value without a name comes after one with a name")
        else:
            values.append(value)

    def end(self) -> None:
        if self._place < len(self._pieces):
            self._refuse(f"nothing is expected at {self._pieces[self._place]!r}")

    def _word(self) -> str:
        piece = self._next
        if piece is None or piece in "(),=":
            self._refuse("a value is missing" + (f" before {piece!r}" if piece else ""))
        self._place += 1
        return piece

    @property
    def _next(self) -> str | None:
        return self._pieces[self._place] if self._place < len(self._pieces) else None

    def _takes(self, sign: str) -> bool:
        taken = self._next == sign
        self._place += taken
        return taken

    def _expect(self, sign: str, complaint: str) -> None:
        if not self._takes(sign):
            self._refuse(complaint)

    def _refuse(self, complaint: str) -> NoReturn:
        form = "write NAME(VALUE, NAME=VALUE, ...)"
        raise InputError(f"{self._what} {self._text!r} cannot be read: {complaint}; {form}")


_OF_TASK: Final = re.compile(r"\s*([^=()\s]+)\s*=\s*(.+)", re.DOTALL)


def of_task(text: str) -> tuple[str, str]:
    """The task that a text begins with, and what is left; no task is an empty one.

    >>> of_task("check=lognormal(80ms, sigma=0.8)"), of_task("80ms")
    (('check', 'lognormal(80ms, sigma=0.8)'), ('', '80ms'))
    """
    found = _OF_TASK.fullmatch(text)
    return ("", text) if found is None else (found[1], found[2])
