"""A summary with less in it: rows, folded sections, and at last long lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from attune_sim.reports.summary import Block, Code, Lines, Section, Summary, Table

ROWS: Final = 300
"""Rows of a table that a page shows: nobody reads more, and all of them are in the frames and in the JSON."""

STEPS: Final = ((True, 200), (False, 200), (False, 60), (False, 30), (False, 12), (False, 5))
"""Whether folded sections stay, and how many rows or lines of each block: ever less."""

LETTERS: Final = 100
"""Letters of a text that stands as it is, for each row that a table may have."""


def trimmings(summaries: Sequence[Summary]) -> Iterator[tuple[Summary, ...]]:
    """The summaries with ever less in them, what matters least going first."""
    for folded, most in STEPS:
        yield tuple(trimmed(one, most, folded=folded) for one in summaries)


def trimmed(summary: Summary, most: int = ROWS, *, folded: bool = True) -> Summary:
    """The summary with at most so many rows or lines in a block, and a line that says how many more there are."""
    return replace(summary, sections=tuple(_sections(summary.sections, most, folded=folded)))


def _sections(sections: Sequence[Section], most: int, *, folded: bool) -> Iterator[Section]:
    gone = [one.heading for one in sections if one.folded and not folded]
    for section in sections:
        if folded or not section.folded:
            yield replace(section, blocks=tuple(_block(block, most) for block in section.blocks))
    if gone:
        yield Section("In the HTML report", (Lines((f"left out here: {', '.join(gone)}",)),))


def _block(block: Block, most: int) -> Block:
    if isinstance(block, Table) and len(block.rows) > most:
        more = f"{block.caption}; the first {most:,} of {len(block.rows):,} rows"
        kept = frozenset(place for place in block.failed if place < most)
        return replace(block, caption=more, rows=block.rows[:most], failed=kept)
    if isinstance(block, Lines) and len(block.lines) > most:
        return Lines((*block.lines[:most], f"… and {len(block.lines) - most:,} more"))
    if isinstance(block, Code) and len(block.text) > LETTERS * most:
        return Code(
            f"{block.text[: LETTERS * most]}\n… and {len(block.text) - LETTERS * most:,} characters more"
        )
    return block
