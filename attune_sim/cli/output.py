"""What is printed: rich tables on a terminal, plain aligned lines elsewhere, JSON for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from attune_sim.api.text import aligned

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.report import Table


def print_table(
    caption: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    failed: frozenset[int] = frozenset(),
    texts: frozenset[int] = frozenset({0}),
) -> None:
    """A table of texts; columns in `texts` are aligned to the left, rows in `failed` are marked on a terminal."""
    if not sys.stdout.isatty():
        click.echo("\n".join((caption, *aligned(headers, rows, texts))))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(title=caption, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for place, header in enumerate(headers):
        table.add_column(Text(header), justify="left" if place in texts else "right", overflow="fold")
    for place, row in enumerate(rows):
        table.add_row(*map(Text, row), style="red" if place in failed else "")
    Console().print(table)


def print_findings(lead: str, tables: Iterable[Table], remarks: Iterable[tuple[str, Sequence[str]]]) -> None:
    """What a report says, or a part of it."""
    click.echo(lead)
    for table in tables:
        click.echo("")
        print_table(table.caption, table.headers, table.rows, failed=table.failed, texts=table.texts)
    for heading, lines in remarks:
        print_lines(heading, lines)


def print_lines(heading: str, lines: Sequence[str]) -> None:
    """A heading and its lines; nothing where there are none."""
    if lines:
        click.echo(f"\n{heading}")
        for line in lines:
            click.echo(f"  {line}")


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
