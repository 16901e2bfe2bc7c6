"""When not to believe it: the doubts of all rows, those that say the same as one line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attune_sim.analysis.comparison import SummaryRow

MOST_NAMED: Final = 4
"""Rows that a line names; of more it says how many."""

_FIGURE: Final = re.compile(r"\d[\d,.]*%?")


def doubt_lines(rows: Iterable[tuple[str, SummaryRow]]) -> Iterator[str]:
    """A line a reason, with the metrics it is of and the rows it was given for: `fork_us, wall_s: only one repeat (deepcopy, json)`.

    Reasons that differ in one figure are one, with the range of that figure.
    """
    reasons: dict[tuple[str, str], dict[str, list[str]]] = {}
    for name, row in rows:
        for doubt in row.doubts:
            pattern = _FIGURE.sub("#", doubt.reason)
            reasons.setdefault((doubt.metric or "", pattern), {}).setdefault(doubt.reason, []).append(name)
    told: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (metric, _), texts in reasons.items():
        for text, names in _merged(texts):
            told.setdefault((text, tuple(names)), []).append(metric)
    for (text, rows_named), metrics in told.items():
        named = ", ".join(metric for metric in metrics if metric)
        yield f"{f'{named}: ' if named else ''}{text} ({some(rows_named)})"


def some(names: Sequence[str]) -> str:
    """The first of them, and how many more.

    >>> some(["a", "b"]), some(list("abcdefg"))
    ('a, b', 'a, b, c, d, 3 more')
    """
    known = list(dict.fromkeys(names))
    more = f", {len(known) - MOST_NAMED:,} more" if len(known) > MOST_NAMED else ""
    return f"{', '.join(known[:MOST_NAMED])}{more}"


def _merged(texts: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """The texts of one pattern, as one where they differ in one figure only."""
    figures = [_FIGURE.findall(text) for text in texts]
    differ = [place for place in range(len(figures[0])) if len({one[place] for one in figures}) > 1]
    if len(differ) != 1:
        yield from texts.items()
        return
    values = sorted((one[differ[0]] for one in figures), key=_value)
    span = f"{values[0]} to {values[-1]}"
    places = iter(range(len(figures[0])))
    text = _FIGURE.sub(lambda found: span if next(places) == differ[0] else found[0], next(iter(texts)))
    yield text, [name for names in texts.values() for name in names]


def _value(text: str) -> float:
    try:
        return float(text.strip("%").rstrip(".,").replace(",", ""))
    except ValueError:
        return 0.0
