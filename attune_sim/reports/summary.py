"""What a report says, before it has a form. Every output is made from this, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

from attune_sim.display import Displayed
from attune_sim.errors import counted, shortened


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts. The first column names the row; `failed` holds the places of rows that did not end well.

    `texts` are the columns whose cells are words, not numbers: they are aligned to the left. `notes` are what stands below the
    headers in small letters, one a column, or none at all. `name` is what programs call it by.
    """

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    failed: frozenset[int] = frozenset()
    texts: frozenset[int] = frozenset({0})
    notes: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot in its place: `draw(ax=...)` draws it, with room for `rows` names; `caption` says what it shows to those who do not see
    it. One that is `large` is drawn in two widths, of which a page shows the one that fits."""

    name: str
    caption: str
    draw: Callable[..., Axes] = field(repr=False, compare=False)
    rows: int = 0
    large: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences, each of its own."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A text whose lines stand as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """One value of a panel: its name and text, and where it lies, from 0 to 1 (None: nowhere); `low` and `high` are how far it is spread."""

    name: str
    text: str
    place: float | None = None
    low: float | None = None
    high: float | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A small picture of one metric, a mark a name. `ticks` are places of round values, `least` and `most` the ends of its scale."""

    caption: str
    marks: tuple[Mark, ...]
    ticks: tuple[float, ...] = ()
    least: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class Panels:
    """Small multiples: panels beside each other, for where there is no room for pictures."""

    panels: tuple[Panel, ...]


Block = Table | Picture | Lines | Code | Facts | Panels


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading; one that is `folded` is opened by whoever wants to know, and the first to go where there is no room."""

    heading: str
    blocks: tuple[Block, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """The one number, and what it is of."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Contrast:
    """Before and after: a row a thing that was measured on both sides, each with what the one is of the other."""

    before: str
    after: str
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Displayed):
    """What was found, in the order in which it is read.

    `lead` says what was measured and what came of it, in a sentence or two; `finding` says the same to somebody who has not
    measured it, with the one `number`. `warnings` come before everything else. Then `contrast`, the `opening` (the large pictures),
    and `sections`. `kind` is what a site files it under.
    """

    title: str
    lead: str
    sections: tuple[Section, ...] = ()
    finding: str = ""
    number: Number | None = None
    contrast: Contrast | None = None
    opening: tuple[Section, ...] = ()
    warnings: tuple[str, ...] = ()
    kind: str = ""

    @classmethod
    def plain(
        cls,
        title: str,
        lead: str,
        tables: Iterable[Table] = (),
        remarks: Iterable[tuple[str, tuple[str, ...]]] = (),
        blocks: Iterable[tuple[str, str]] = (),
        surroundings: tuple[tuple[str, str], ...] = (),
        about: str = "",
        **known: Any,
    ) -> Summary:
        """One without a reading order of its own: tables, then lists of lines under a heading, then texts, then surroundings under
        the heading `about`.

        >>> Summary.plain("A", "It is so.", remarks=[("Doubts", ("none",)), ("Notes", ())]).remarks
        (('Doubts', ('none',)),)
        """
        shown = tuple(tables)
        sections = (
            *([Section("", shown[:1])] if shown else []),
            *remarked(remarks),
            *([Section("", shown[1:])] if shown[1:] else []),
            *(Section(heading, (Code(text),)) for heading, text in blocks),
            *([Section(about or SURROUNDINGS, (Facts(surroundings),))] if surroundings else []),
        )
        return cls(title, lead, sections, **known)

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables, in the order in which they are read."""
        return tuple(block for block in self._blocks() if isinstance(block, Table))

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures, in the order in which they are seen."""
        return tuple(block for block in self._blocks() if isinstance(block, Picture))

    @property
    def remarks(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Headings and their lines, warnings first."""
        warned = (("Warnings", self.warnings),) if self.warnings else ()
        told = (
            (one.heading, block.lines)
            for one in self.sections
            for block in one.blocks
            if isinstance(block, Lines)
        )
        return (*warned, *told)

    @property
    def facts(self) -> Mapping[str, str]:
        """All names with their values: how it was measured, and where."""
        return dict(pair for block in self._blocks() if isinstance(block, Facts) for pair in block.pairs)

    @property
    def codes(self) -> Mapping[str, str]:
        """Heading -> a text whose lines stand as they are."""
        return {
            one.heading: block.text
            for one in self.sections
            for block in one.blocks
            if isinstance(block, Code)
        }

    def named(self, *names: str) -> tuple[Table, ...]:
        """The first tables of these names, in the order of the names; a name that no table has is left out."""
        known = {table.name: table for table in reversed(self.tables)}
        return tuple(known[name] for name in names if name in known)

    @property
    def short(self) -> Summary:
        """What a cell of a notebook has room for: the first table, and all that is said in sentences."""
        first = [Section("", self.tables[:1])] if self.tables else []
        return replace(
            self, sections=(*first, *remarked(self.remarks[bool(self.warnings) :])), opening=(), contrast=None
        )

    def opened(self, *headings: str) -> Summary:
        """The same with all sections folded but those of these headings: for a cell of a notebook, where the rest is a click away."""
        sections = (replace(one, folded=one.heading not in headings) for one in self.sections)
        return replace(self, sections=tuple(sections))

    def __repr__(self) -> str:
        parts = f"{counted(len(self.tables), 'table')}, {counted(len(self.pictures), 'picture')}"
        return f"<Summary {shortened(self.title)!r}: {parts}; see .lead .tables .remarks>"

    def _blocks(self) -> Iterator[Block]:
        for section in (*self.opening, *self.sections):
            yield from section.blocks


SURROUNDINGS = "Surroundings of the measurement"


def remarked(remarks: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[Section, ...]:
    """Lists of lines as sections; nothing of those that are empty."""
    return tuple(Section(heading, (Lines(lines),)) for heading, lines in remarks if lines)


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
