"""Tables as aligned lines of text, for terminals, logs and `print`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from math import inf
from typing import Final, NamedTuple

from attune_sim.errors import in_one_line

BETWEEN: Final = 2
"""Spaces between two columns."""

NARROWEST: Final = 16
"""Cells a column of words is not made narrower than for the sake of others: it would become a pillar of single words."""

Row = Sequence[str]


class Line(NamedTuple):
    """A line of a table; `row` is the place of the row that it belongs to, None for headers and what parts tables."""

    text: str
    row: int | None


def aligned(headers: Row, rows: Sequence[Row], texts: frozenset[int] = frozenset({0})) -> Iterator[str]:
    """The header and the rows, two spaces between columns; columns in `texts` are aligned to the left.

    >>> print(*aligned(("name", "n"), [("one", "1"), ("hundred", "100")]), sep="\\n")
    name       n
    one        1
    hundred  100
    """
    return (line.text for line in fitted(headers, rows, texts, inf))


def fitted(headers: Row, rows: Sequence[Row], texts: frozenset[int], width: float) -> Iterator[Line]:
    """The table in lines of `width` cells at most, in which no word and no number is broken.

    Columns of words are wrapped between words, and headers are. What does not fit then stands in tables below each other, each
    with the first column. Only a single word can be wider than the whole line.

    >>> rows = [("one", "the smallest whole number", "1.0 ms", "7")]
    >>> for line in fitted(("name", "meaning", "time", "n"), rows, frozenset({0, 1}), 32):
    ...     print(line.text)
    name  meaning               time
    one   the smallest whole  1.0 ms
          number
    <BLANKLINE>
    name  n
    one   7
    """
    table = [[in_one_line(text) for text in row] for row in (headers, *rows)]
    columns = [[row[place] for row in table] for place in range(len(headers))]
    naturals = [max(map(cells, column)) for column in columns]
    leasts = [_least(column, place in texts) for place, column in enumerate(columns)]
    for turn, places in enumerate(_groups(leasts, width)):
        if turn:
            yield Line("", None)
        widths = _widths([leasts[place] for place in places], [naturals[place] for place in places], width)
        for number, row in enumerate(table):
            wrapped = [_wrapped(row[place], wide) for place, wide in zip(places, widths, strict=True)]
            for parts in zip_longest(*wrapped, fillvalue=""):
                padded = map(_padded, parts, widths, (place in texts for place in places))
                yield Line((" " * BETWEEN).join(padded).rstrip(), number - 1 if number else None)


def _least(column: Sequence[str], words: bool) -> int:
    """The narrowest that a column can be: its header can be wrapped, and cells of words."""
    longest = max(
        map(cells, (word for text in (column if words else column[:1]) for word in text.split(" ")))
    )
    natural = max(map(cells, column))
    return max(longest, min(natural, NARROWEST)) if words else max(longest, *map(cells, column[1:]), 0)


def _groups(leasts: Sequence[int], width: float) -> Iterator[list[int]]:
    """The places of the columns that stand in one table: as many as fit, the first one in each."""
    group, taken = [0], leasts[0]
    for place in range(1, len(leasts)):
        if len(group) > 1 and taken + BETWEEN + leasts[place] > width:
            yield group
            group, taken = [0], leasts[0]
        group.append(place)
        taken += BETWEEN + leasts[place]
    yield group


def _widths(leasts: Sequence[int], naturals: Sequence[int], width: float) -> list[int]:
    """The least widths, and what is left to spare for those that want least of it first."""
    widths, spare = list(leasts), width - sum(leasts) - BETWEEN * (len(leasts) - 1)
    for place in sorted(range(len(leasts)), key=lambda place: naturals[place] - leasts[place]):
        more = max(0, min(naturals[place] - leasts[place], spare))
        widths[place] += int(more)
        spare -= more
    return widths


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split(" ") if cells(text) > width else (text,):
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _padded(text: str, width: int, left: bool) -> str:
    blank = " " * (width - cells(text))
    return text + blank if left else blank + text


def cells(text: str) -> int:
    """How many cells of a terminal a text takes.

    >>> cells("\u00b5s"), cells("\u6570"), cells("e\u0301")
    (2, 2, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)
