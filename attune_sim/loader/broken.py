"""What keeps a text from being YAML, told by what to change: the parser's own words speak of what it did not expect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import yaml

from attune_sim.errors import WorkflowError
from attune_sim.loader.source import Source, refused

_BARE_BRACES: Final = re.compile(r"(?:[:-]|^)\s+\{\{|^\s*\{\{")
_PAIR: Final = re.compile(r"\s*(?:- +)*([\w.-]+):\s+(\S.*?)\s*$")
_BEGINNING: Final = re.compile(r"( *)(- )?")
_LONGEST: Final = 200
_MAY_BE_SECRET: Final = ("default", "enum")  # of a parameter
_INSIDE: Final = {
    "'": "write '' for a ' inside of '...'",
    '"': 'write \\" for a " inside of "..."',
}


class Quoted(NamedTuple):
    """A text in quotes that was read: which quotes, and where it begins and ends."""

    style: str
    start: Any
    end: Any


def not_yaml(source: Source, error: yaml.MarkedYAMLError, quoted: Quoted | None) -> WorkflowError:
    """The error about the first thing that keeps a text from being YAML; `quoted` is the last text in quotes before it."""
    return _Broken(source, error, quoted).told()


class _Broken:
    def __init__(self, source: Source, error: yaml.MarkedYAMLError, quoted: Quoted | None) -> None:
        self._source, self._error, self._quoted = source, error, quoted
        self._lines = source.text.splitlines() or [""]
        self._mark: Any = error.problem_mark or error.context_mark
        self._context: Any = error.context_mark or self._mark

    def told(self) -> WorkflowError:
        line = min(self._mark.line + 1 if self._mark else 1, len(self._lines))
        column = self._mark.column + 1 if self._mark else 1
        reason = " ".join(str(part) for part in (self._error.context, self._error.problem) if part)
        if self._is_in("scanning a quoted scalar") and "end of stream" in str(self._error.problem):
            line, column = self._context.line + 1, self._context.column + 1
            return self._refused("the quote that opens here is never closed", line, column, "close it")
        return self._refused(reason, line, column, self._hint(line))

    def _refused(self, reason: str, line: int, column: int, hint: str | None) -> WorkflowError:
        return refused("yaml", f"not valid YAML: {reason}", self._source.file, (line, column), hint)

    def _is_in(self, context: str) -> bool:
        return context in str(self._error.context)

    def _hint(self, line: int) -> str | None:
        text = self._lines[line - 1]
        if (braces := self._bare_braces(line)) is not None:
            return f"quote the value that begins with '{{{{' in line {braces}"
        if "\t" in text:
            return "indent with spaces, not tabs"
        return self._after_a_quote() or self._colon_in_a_text(line, text) or self._structure(line, text)

    def _bare_braces(self, line: int) -> int | None:
        suspects = {line, line - 1, self._context.line + 1 if self._context else line}
        numbers = (number for number in sorted(suspects) if 0 < number <= len(self._lines))
        return next((number for number in numbers if _BARE_BRACES.search(self._lines[number - 1])), None)

    def _after_a_quote(self) -> str | None:
        """Where something follows the end of a quoted text that should have gone on, or should have ended long before."""
        quoted = self._quoted
        if quoted is None or self._mark is None:
            return None
        if self._source.text[quoted.end.index : self._mark.index].strip(" "):
            return None
        first, last = quoted.start.line + 1, quoted.end.line + 1
        if first < last:
            return f"the quote that opens in line {first} is closed only in line {last}"
        return _INSIDE[quoted.style]

    def _colon_in_a_text(self, line: int, text: str) -> str | None:
        if "mapping values are not allowed" not in str(self._error.problem):
            return None
        pair = _PAIR.match(text)
        if pair is not None and self._mark.column >= pair.start(2) and len(text) <= _LONGEST:
            shown = "..." if pair[1] in _MAY_BE_SECRET else pair[2]
            quote = "'" if '"' in shown else '"'
            return f"quote the text: {pair[1]}: {quote}{shown}{quote}"
        before = next(self._beginnings(line), None)
        return (
            None
            if before is None
            else f"{_begins(line, text)}, {before}, whose text goes on in it: indent them alike"
        )

    def _structure(self, line: int, text: str) -> str | None:
        if self._is_in("parsing a flow"):
            opened = self._context.line + 1
            if opened == line and text[self._mark.column : self._mark.column + 2] == ": ":
                return "quote the text that has a colon in it"
            return f"the {self._source.text[self._context.index : self._context.index + 1]} that opens in line {opened} is not closed before"
        if "cannot start any token" in str(self._error.problem):
            return f"quote the text that begins with {text[self._mark.column : self._mark.column + 1]!r}"
        if self._is_in("parsing a block") and not text[: self._mark.column].strip():
            like = next(self._beginnings(line, listed=_BEGINNING.match(text)), None)
            return (
                None if like is None else f"{_begins(line, text)}, {like}: indent alike what belongs together"
            )
        return None

    def _beginnings(self, line: int, listed: re.Match[str] | None = None) -> Iterator[str]:
        """Where the lines before this one begin, the nearest first; of the same kind, entries of a list or not, if asked."""
        for number in range(line - 1, 0, -1):
            text = self._lines[number - 1]
            begins = _BEGINNING.match(text)
            if not text.strip() or text.lstrip().startswith("#") or begins is None:
                continue
            if listed is None or (bool(begins[2]) == bool(listed[2]) and begins[1] != listed[1]):
                yield _begins(number, text)


def _begins(number: int, text: str) -> str:
    return f"line {number} begins in column {len(text) - len(text.lstrip(' ')) + 1}"
