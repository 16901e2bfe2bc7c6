"""Progress while cells run: a bar on a terminal, one display that is updated in a notebook, a line every few seconds
elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attune_sim.api.showing.following import EVERY_S, say
from attune_sim.api.showing.notebook import InPlace
from attune_sim.errors import counted
from attune_sim.experiment import Progress

Watcher = Callable[[Progress], None]


@contextmanager
def watching(wanted: bool, place: InPlace | None = None) -> Iterator[Watcher | None]:
    """A function to tell progress to, or None where it is not `wanted`. In a notebook it is told in a `place`."""
    if not wanted or sys.stderr is None:
        yield None
    elif place is not None:
        shown = _Display(place)
        try:
            yield shown
        finally:
            shown.close()
    elif sys.stderr.isatty():
        with _terminal() as watcher:
            yield watcher
    else:
        yield _Lines()


def line(progress: Progress) -> str:
    """`3/20 baseline, shared, 1000 items, repeat 1: 400 of 1,000; about 3 min left`."""
    if progress.number == 0:
        return progress.title
    if progress.record is not None:
        state = progress.record.outcome.replace("_", " ")
    else:
        whole = f" of {progress.items:,}" if progress.items else " items"
        state = f"{max(progress.forks, progress.items_done):,}{whole}"
    left = "" if progress.remaining_s is None else f"; {remaining(progress.remaining_s)}"
    return f"{progress.number}/{progress.total} {progress.title}: {state}{left}"


def remaining(seconds: float) -> str:
    """About how long it will take, as a person says it.

    >>> remaining(3.2), remaining(47), remaining(200), remaining(9000)
    ('a few seconds left', 'about 50 s left', 'about 3 min left', 'about 2.5 h left')
    """
    if seconds < 10:
        return "a few seconds left"
    if seconds < 100:
        return f"about {round(seconds, -1):.0f} s left"
    return f"about {seconds / 60:.0f} min left" if seconds < 5400 else f"about {seconds / 3600:.2g} h left"


class _Lines:
    """Lines for a log: the first at once, then one every few seconds."""

    def __init__(self) -> None:
        self._due = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + EVERY_S
            say(line(progress))


class _Display:
    """The cells of an experiment; the last state says how many there were."""

    def __init__(self, place: InPlace) -> None:
        self._place = place
        self._cells = 0
        self._began = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        self._cells += progress.record is not None
        self._place.show(line(progress))

    def close(self) -> None:
        """The last state: what was measured, and how long that took."""
        self._place.show(f"{counted(self._cells, 'cell')} in {time.monotonic() - self._began:.0f} s")


@contextmanager
def _terminal() -> Iterator[Watcher]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    title = TextColumn("[progress.description]{task.description}")
    left = TextColumn("{task.fields[left]}")
    columns = title, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), left
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        cells = bars.add_task("cells", total=None, left="")
        inner = bars.add_task("items", total=None, left="")

        def show(progress: Progress) -> None:
            ended = progress.number if progress.record is not None else max(progress.number - 1, 0)
            left = "" if progress.remaining_s is None else remaining(progress.remaining_s)
            bars.update(cells, total=progress.total, completed=ended, left=left)
            reached = max(progress.forks, progress.items_done)
            bars.update(inner, description=progress.title, total=progress.items or None, completed=reached)

        yield show
