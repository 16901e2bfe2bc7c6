"""What a report says, before it has a form: texts, tables and pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts. The first column names the row; `failed` holds the places of rows that did not end well.

    `texts` are the columns whose cells are words, not numbers: they are aligned to the left. `notes` are what stands below the
    headers in small letters, one a column, or none at all.
    """

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    failed: frozenset[int] = frozenset()
    texts: frozenset[int] = frozenset({0})
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """`lead` is the finding in a sentence or two; `remarks` are lists of lines under a heading (warnings, doubts); `blocks`
    are texts whose lines stand as they are (the output of a run). `about` is the heading of the `surroundings`."""

    title: str
    lead: str
    tables: tuple[Table, ...] = ()
    remarks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    blocks: tuple[tuple[str, str], ...] = ()
    surroundings: tuple[tuple[str, str], ...] = ()
    about: str = "Surroundings of the measurement"


@dataclass(frozen=True, slots=True)
class Picture:
    """An inline SVG, and what it shows in words (for those who do not see it)."""

    name: str
    caption: str
    svg: str


def surroundings_lines(attrs: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The surroundings of a frame as (name, value) texts; what differs between cells comes first, and says so."""
    differ = [
        (f"{name} (differs between cells)", " | ".join(_text(value) for value in values))
        for name, values in attrs.get("surroundings_differ", {}).items()
    ]
    shared = [(name, _text(value)) for name, value in attrs.get("surroundings", {}).items()]
    return (*differ, *shared)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "unknown"}[value]
    return f"{value:,}" if isinstance(value, int) else str(value)


def differing(attrs: Mapping[str, Any], places: Collection[object]) -> Iterator[str]:
    """A warning if cells were measured in different surroundings: what is set beside what then."""
    if len(places) > 1:
        names = ", ".join(attrs.get("surroundings_differ", {})) or "nobody told which"
        yield (
            f"the cells were measured in different surroundings ({names}): each has rows of its own, and no figure of one is "
            "set beside one of another, but bytes and counts of one software on two machines"
        )
