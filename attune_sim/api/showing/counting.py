"""How many are done, of a known number or of none: a bar on a terminal, one line that is updated in a notebook, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from attune_sim.api.showing.following import EVERY_S, say
from attune_sim.api.showing.notebook import InPlace

Count = Callable[[int], None]

FIRST_S: Final = 0.5
"""Seconds after which a notebook shows how far it is: what is over sooner shows nothing."""

AGAIN_S: Final = 0.25
"""Seconds between two states in a notebook."""


@contextmanager
def counting(wanted: bool, title: str, total: int | None, place: InPlace | None = None) -> Iterator[Count]:
    """A function to tell how many are done (of `total`; None: nobody knows of how many); it says nothing where that is not
    `wanted`. In a notebook it is told in a `place`."""
    if not wanted or sys.stderr is None:
        yield lambda done: None
    elif place is not None:
        with _in_place(title, total, place) as tell:
            yield tell
    elif sys.stderr.isatty():
        with _bar(title, total) as tell:
            yield tell
    else:
        yield _lines(title, total)


@contextmanager
def _in_place(title: str, total: int | None, shown: InPlace) -> Iterator[Count]:
    """Told again a few times a second; the last state is that of the end."""
    due, last = [time.monotonic() + FIRST_S], [0]

    def tell(done: int) -> None:
        last[0] = done
        if time.monotonic() >= due[0]:
            due[0] = time.monotonic() + AGAIN_S
            shown.show(_told(title, done, total))

    try:
        yield tell
    finally:
        if shown.is_shown:
            shown.show(_told(title, last[0], total))


def _lines(title: str, total: int | None) -> Count:
    """A line every few seconds; the first one when there is something to wait for."""
    due = [time.monotonic() + EVERY_S]

    def tell(done: int) -> None:
        if time.monotonic() >= due[0]:
            due[0] = time.monotonic() + EVERY_S
            say(_told(title, done, total))

    return tell


def _told(title: str, done: int, total: int | None) -> str:
    return f"{title}: {done:,}{'' if total is None else f' of {total:,}'}"


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Count]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total)
        yield lambda done: bars.update(task, completed=done)
