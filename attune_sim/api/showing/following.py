"""How far a run is: counted by an observer, shown in one line that is updated on a terminal, in a line every few seconds
elsewhere."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from attune_sim.engine.events import ActionEnded, StartAction

EVERY_S: Final = 5.0
"""Seconds between two lines where there is no terminal."""


class Followed:
    """An observer that counts: items of fan-outs, attempts under way, items that wait for a retry or needed one, and the
    attempts of tasks in sub-workflows."""

    def __init__(self) -> None:
        self.items = self.done = self.failed = self.retried = 0
        self.tasks: dict[tuple[str, int], None] = {}
        self.below: Counter[str] = Counter()
        self._retrying: set[tuple[str, int, int]] = set()
        self._under_way: set[tuple[str, int, int | None]] = set()

    @property
    def in_flight(self) -> int:
        """Attempts that have begun and not ended."""
        return len(self._under_way)

    @property
    def retrying(self) -> int:
        """Items that failed and are tried again."""
        return len(self._retrying)

    @property
    def remaining(self) -> int:
        """Items of the fan-outs so far that have not ended."""
        return self.items - self.done

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        self.items += items or 0
        self.tasks[task, visit] = None

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        self.tasks.pop((task, visit), None)

    def calling(self, command: StartAction) -> None:
        if command.run:
            self.below[command.task] += 1
        else:
            self._under_way.add((command.task, command.visit, command.index))

    def action_ended(self, event: ActionEnded) -> None:
        self._under_way.discard((event.task, event.visit, event.index))
        if event.index is not None and event.outcome != "succeeded":
            self._retrying.add((event.task, event.visit, event.index))

    def item_ended(
        self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str | None
    ) -> None:
        self.done += 1
        self.failed += outcome in ("failed", "timed_out")
        self.retried += attempts > 1
        self._retrying.discard((task, visit, index))

    def __str__(self) -> str:
        """`check: 940 of 1,000 items done, 3 failed, 2 retrying, 10 in flight, 60 remaining`."""
        tasks = [*dict.fromkeys(task for task, _ in self.tasks)]
        shown = ", ".join(tasks[:3]) + (", ..." if len(tasks) > 3 else "")
        if not self.items:
            return f"{shown or 'run'}: {self.in_flight:,} in flight"
        return (
            f"{shown or 'run'}: {self.done:,} of {self.items:,} items done, {self.failed:,} failed, "
            f"{self.retrying:,} retrying, {self.in_flight:,} in flight, {self.remaining:,} remaining"
        )

    def __repr__(self) -> str:
        return f"<Followed: {self}>"


@contextmanager
def following(wanted: bool = True) -> Iterator[Followed]:
    """Shows on standard error how far the run is that is begun in the block with this observer."""
    followed = Followed()
    if not wanted or sys.stderr is None:
        yield followed
    elif sys.stderr.isatty():
        with _live(followed):
            yield followed
    else:
        with _lines(followed):
            yield followed


@contextmanager
def _live(followed: Followed) -> Iterator[None]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(
        console=Console(stderr=True),
        get_renderable=lambda: Text(str(followed), overflow="ellipsis", no_wrap=True),
        refresh_per_second=4,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # what actions print to a file belongs there
    ):
        yield


@contextmanager
def _lines(followed: Followed) -> Iterator[None]:
    over = threading.Event()

    def tell() -> None:
        while not over.wait(EVERY_S):
            say(str(followed))

    thread = threading.Thread(target=tell, name="attune-sim progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def say(line: str) -> None:
    """A line on standard error; if nobody can be told any more, the work goes on."""
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)
