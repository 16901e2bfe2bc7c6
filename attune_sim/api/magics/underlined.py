"""Mistakes in a text, each under the line that it is in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from attune_sim.errors import Problem, WorkflowError, counted, in_one_line

_RED, _UNDERLINED, _PLAIN = "\x1b[31m", "\x1b[4m", "\x1b[0m"
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s:,\[\]{}]+)|\S""")


class CellError(WorkflowError):
    """A workflow in a cell that cannot be used: its mistakes are shown under the lines of the cell."""

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[Problem] = (), text: str = "") -> None:
        super().__init__(problems, warnings)
        self.text = text

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.problems, self.warnings, self.text))

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it."""
        title = f"{counted(len(self.problems), 'mistake')} in this workflow"
        return [f"{_RED}WorkflowError{_PLAIN}: {title}", *underlined(self.text, self.problems, colours=True)]


def in_cell(problems: Iterable[Problem], file: str) -> list[Problem]:
    """Problems of a text that stands behind the first line of a cell, at the places of the cell."""
    return [
        replace(one, file=file, line=None if one.line is None else one.line + 1, column=one.column)
        for one in problems
    ]


def underlined(text: str, problems: Sequence[Problem], *, colours: bool = False) -> Iterator[str]:
    """Each problem under its line of the text, the line's number before it.

    >>> text = "version: 1.0.0\\ntsks: []"
    >>> print(*underlined(text, [Problem("unknown_key", "unknown key", line=2, column=1, text="tsks")]), sep="\\n")
    2 | tsks: []
        ^^^^ unknown key 'tsks'
    """
    lines = text.splitlines()
    width = max((len(str(one.line)) for one in problems if one.line), default=1)
    shown = 0
    for one in problems:
        message = str(replace(one, file=None, line=None, column=None))
        if one.line is None or not 0 < one.line <= len(lines):
            yield message
            continue
        line = in_one_line(lines[one.line - 1])
        start = min((one.column or 1) - 1, len(line))
        end = start + _length(line[start:], one.text)
        if one.line != shown:
            whole = f"{line[:start]}{_UNDERLINED}{line[start:end]}{_PLAIN}{line[end:]}" if colours else line
            yield f"{one.line:>{width}} | {whole}"
        shown = one.line
        marks = " " * (width + 3 + start) + "^" * max(end - start, 1)
        yield f"{_RED}{marks} {message}{_PLAIN}" if colours else f"{marks} {message}"


def _length(line: str, text: str | None) -> int:
    """How much of a line is meant: the text if it stands there, else the word."""
    for known in (text, f'"{text}"', f"'{text}'"):
        if known and line.startswith(known):
            return len(known)
    word = _WORD.match(line)
    return len(word[0]) if word else 0
