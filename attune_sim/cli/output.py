"""What is printed: tables that fit the terminal, plain aligned lines elsewhere, JSON for programs."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, Any

import click

from attune_sim.api.showing.text import fitted
from attune_sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.reports import Table


def width() -> float:
    """Cells of a line: those of the terminal, or any number where a program or a file reads."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else inf


def print_text(text: str, *, indent: str = "", **style: Any) -> None:
    """A paragraph, wrapped between words on a terminal."""
    room = width()
    lines = text.splitlines() if room == inf else chain.from_iterable(_paragraphs(text, int(room), indent))
    for line in lines:
        shown = f"{indent}{line}" if room == inf else line
        click.echo(click.style(shown, **style) if style else shown)


def _paragraphs(text: str, room: int, indent: str) -> Iterator[list[str]]:
    hanging = indent + ("  " if indent else "")
    for line in text.splitlines():
        yield textwrap.wrap(
            line,
            room,
            initial_indent=indent,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]


def print_table(
    caption: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    failed: frozenset[int] = frozenset(),
    texts: frozenset[int] = frozenset({0}),
) -> None:
    """A table of texts; columns in `texts` are aligned to the left, rows in `failed` are red on a terminal.

    On a terminal that is too narrow for it, its columns stand in tables below each other.
    """
    print_text(caption, bold=True)
    for line in fitted(headers, rows, texts, width()):
        look: dict[str, Any] = {"bold": True} if line.row is None else {"fg": "red"}
        plain = not line.text or (line.row is not None and line.row not in failed)
        click.echo(line.text if plain else click.style(line.text, **look))


def print_findings(lead: str, tables: Iterable[Table], remarks: Iterable[tuple[str, Sequence[str]]]) -> None:
    """What a report says, or a part of it."""
    print_text(lead)
    for table in tables:
        click.echo("")
        print_table(table.caption, table.headers, table.rows, failed=table.failed, texts=table.texts)
    for heading, lines in remarks:
        print_lines(heading, lines)


def print_lines(heading: str, lines: Sequence[str]) -> None:
    """A heading and its lines; nothing where there are none."""
    if lines:
        click.echo("")
        print_text(heading)
        for line in lines:
            print_text(line, indent="  ")


def attempted(write: Callable[[], str], troubles: list[InputError]) -> str | None:
    """The path that was written; None, and one more trouble, where that was not possible.

    What a run came to is printed first: it must not be lost with a file. The caller raises the trouble then.
    """
    try:
        return write()
    except InputError as error:
        troubles.append(error)
        return None


def print_json(value: Any) -> None:
    """JSON on standard output; what is no JSON (NaN, a date) becomes null or text."""
    click.echo(json.dumps(plain(value), indent=2, default=str))


def plain(value: Any) -> Any:
    """The value without NaN and infinity, which JSON does not know."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as plain values."""
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records"))
    return rows
