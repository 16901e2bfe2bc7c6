"""How many are done, of a known number or of none: a bar on a terminal, one line that is updated in a notebook, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from attune_sim.api.showing.following import EVERY_S, say
from attune_sim.api.showing.notebook import in_notebook

Count = Callable[[int], None]


@contextmanager
def counting(wanted: bool, title: str, total: int | None) -> Iterator[Count]:
    """A function to tell how many are done (of `total`; None: nobody knows of how many); it says nothing where that is not `wanted`."""
    if not wanted or sys.stderr is None:
        yield lambda done: None
    elif sys.stderr.isatty() and not in_notebook():
        with _bar(title, total) as tell:
            yield tell
    else:
        yield _lines(title, total, _in_place() if in_notebook() else say)


def _lines(title: str, total: int | None, show: Callable[[str], None]) -> Count:
    """A line every few seconds; the first one when there is something to wait for."""
    due = [time.monotonic() + EVERY_S]

    def tell(done: int) -> None:
        if time.monotonic() >= due[0]:
            due[0] = time.monotonic() + EVERY_S
            show(f"{title}: {done:,}{'' if total is None else f' of {total:,}'}")

    return tell


def _in_place() -> Callable[[str], None]:
    """One output of a cell, updated in place."""
    handles: list[Any] = []

    def show(line: str) -> None:
        from IPython.display import display

        shown = {"text/plain": line}
        if handles:
            handles[0].update(shown, raw=True)
        else:
            handles.append(display(shown, raw=True, display_id=True))  # type: ignore[no-untyped-call]

    return show


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Count]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total)
        yield lambda done: bars.update(task, completed=done)
