"""What happened to every task and item of a run, in columns: 26 bytes an item, about one microsecond each.

A `Recorder` is an observer of the engine (`attune_sim.engine.observe`); it is handed its clock. Forks and renders may
come interleaved (windowed dispatch) or all forks first (eager): each is timed by itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from attune_sim.engine.events import ActionEnded
from attune_sim.probes.clock import Clock

OUTCOMES: Final = ("", "succeeded", "failed", "timed_out", "cancelled", "skipped")
"""Names of the codes in `ItemColumns.outcome`; 0 is an item that has not ended."""

_CODES: Final[Mapping[str, int]] = {name: code for code, name in enumerate(OUTCOMES)}
_MOST: Final = 255  # attempts fit into one byte; more are shown as 255
_NEVER: Final = float("nan")


class ItemColumns:
    """The items of one visit of one fan-out, by index.

    `fork_us`, `render_us`, `action_us` are microseconds, those of all attempts summed; `started_s` is the start of
    the first attempt (NaN: never called) in seconds after the start of the run, `span_s` from there to the end of
    the last one; `attempts` counts calls.
    """

    __slots__ = (
        "action_us",
        "attempts",
        "fork_us",
        "outcome",
        "render_us",
        "span_s",
        "started_s",
        "task",
        "visit",
    )

    def __init__(self, task: str, visit: int, items: int) -> None:
        self.task, self.visit = task, visit
        self.fork_us = array("f", bytes(4 * items))
        self.render_us = array("f", bytes(4 * items))
        self.action_us = array("f", bytes(4 * items))
        self.span_s = array("f", bytes(4 * items))
        self.started_s = array("d", (_NEVER,)) * items
        self.outcome = array("B", bytes(items))
        self.attempts = array("B", bytes(items))

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(
            column.itemsize * len(column)
            for column in (self.fork_us, self.render_us, self.action_us, self.span_s, self.started_s)
        ) + 2 * len(self)

    def __repr__(self) -> str:
        return f"<ItemColumns of task {self.task!r}, visit {self.visit}: {len(self)} items>"


@dataclass(slots=True)
class TaskRow:
    """One visit of a task; times in seconds after the start of the run, None while it has not ended."""

    task: str
    visit: int
    items: int | None
    started_s: float
    status: str = ""
    ended_s: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all items so far: counts, and microseconds.

    `forks` counts every fork, those for retries included; `most_alive` is the largest number of items that had been
    forked and had not ended, `plain_us` the time that plain tasks took for fork, render and action.
    """

    forks: int
    forked_items: int
    done: int
    failed: int
    timed_out: int
    most_alive: int
    plain_us: float
    fork_us: float
    render_us: float
    action_us: float


class Recorder:
    """Keeps a row a task and columns an item; `errors` holds the text of the first `max_errors` failed items."""

    def __init__(self, clock: Clock, *, max_errors: int = 1_000, error_width: int = 300) -> None:
        self.tasks: list[TaskRow] = []
        self.items: list[ItemColumns] = []
        self.errors: dict[tuple[str, int, int], str] = {}
        self.forks = self.forked_items = self.done = self.failed = self.timed_out = self.most_alive = 0
        self.plain_us = 0.0
        self._clock, self._max_errors, self._width = clock, max_errors, error_width
        self._mark = self._origin = clock()
        self._columns: dict[str, ItemColumns] = {}
        self._rows: dict[tuple[str, int], TaskRow] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of all item columns."""
        return sum(columns.nbytes for columns in self.items)

    def totals(self) -> Totals:
        """Counts and sums so far. Takes about 15 ms for a million items."""
        fork, render, action = (
            sum(sum(getattr(columns, name)) for columns in self.items)
            for name in ("fork_us", "render_us", "action_us")
        )
        counts = (self.forks, self.forked_items, self.done, self.failed, self.timed_out, self.most_alive)
        return Totals(*counts, self.plain_us, fork, render, action)

    # The moments of a run, in order of life.

    def run_started(self, workflow: Any, context: Any) -> None:
        self._origin = self._clock()

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        row = TaskRow(task, visit, items, self._clock() - self._origin)
        self.tasks.append(row)
        self._rows[task, visit] = row
        if items is not None:
            self._columns[task] = ItemColumns(task, visit, items)
            self.items.append(self._columns[task])

    def forking(self, task: str, index: int | None) -> None:
        self._mark = self._clock()

    def forked(self, task: str, index: int | None, fork: Any) -> None:
        ended = self._clock()
        if index is None:
            self.plain_us += (ended - self._mark) * 1e6
            return
        self.forks += 1
        columns = self._columns[task]
        columns.fork_us[index] += (ended - self._mark) * 1e6
        if not columns.attempts[index]:  # a retry forks anew, and its item counts once
            columns.attempts[index] = 1
            self.forked_items = forked = self.forked_items + 1
            if forked - self.done > self.most_alive:
                self.most_alive = forked - self.done

    def rendering(self, task: str, index: int | None) -> None:
        self._mark = self._clock()

    def rendered(self, task: str, index: int | None, input: Any) -> None:
        ended = self._clock()
        if index is None:
            self.plain_us += (ended - self._mark) * 1e6
        else:
            self._columns[task].render_us[index] += (ended - self._mark) * 1e6

    def action_ended(self, event: ActionEnded) -> None:
        index = event.index
        started = event.started
        if index is None:
            self.plain_us += (event.ended - started) * 1e6
            return
        columns = self._columns[event.task]
        columns.action_us[index] += (event.ended - started) * 1e6
        if event.attempt == 0:
            columns.started_s[index] = started = started - self._origin
        else:
            started = columns.started_s[index]
        columns.span_s[index] = event.ended - self._origin - started

    def item_ended(
        self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str | None
    ) -> None:
        self.done += 1
        columns = self._columns[task]
        columns.outcome[index] = _CODES[outcome]
        columns.attempts[index] = attempts if attempts < _MOST else _MOST
        if outcome != "succeeded":
            self._count(task, visit, index, outcome, error)

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        row = self._rows.pop((task, visit), None)
        if row is not None:
            row.status, row.ended_s, row.error = status, self._clock() - self._origin, error

    def _count(self, task: str, visit: int, index: int, outcome: str, error: str | None) -> None:
        self.failed += outcome == "failed"
        self.timed_out += outcome == "timed_out"
        if error is not None and len(self.errors) < self._max_errors:
            self.errors[task, visit, index] = error[: self._width]

    # What frames are made of.

    def task_columns(self) -> dict[str, list[Any]]:
        """`attune_sim.frame.tasks_frame` reads these: task, visit, status, items, started_s, ended_s, error."""
        names = ("task", "visit", "status", "items", "started_s", "ended_s", "error")
        return {name: [getattr(row, name) for row in self.tasks] for name in names}

    def item_columns(self) -> dict[str, list[Any]]:
        """`attune_sim.frame.items_frame` reads these; every item once, in the order of tasks and indexes."""
        return {name: self._item_column(read) for name, read in _ITEM_COLUMNS.items()} | {
            "error": [
                self.errors.get((columns.task, columns.visit, index))
                for columns in self.items
                for index in range(len(columns))
            ]
        }

    def _item_column(self, read: Callable[[ItemColumns], list[Any]]) -> list[Any]:
        return [value for columns in self.items for value in read(columns)]

    def __repr__(self) -> str:
        return f"<Recorder: {len(self.tasks)} tasks, {self.done} items ended, {self.failed} failed>"


_ITEM_COLUMNS: Final[Mapping[str, Callable[[ItemColumns], list[Any]]]] = {
    "task": lambda columns: [columns.task] * len(columns),
    "visit": lambda columns: [columns.visit] * len(columns),
    "index": lambda columns: list(range(len(columns))),
    "outcome": lambda columns: [OUTCOMES[code] for code in columns.outcome],
    "attempts": lambda columns: list(columns.attempts),
    "started_s": lambda columns: list(columns.started_s),
    "ended_s": lambda columns: [
        start + span for start, span in zip(columns.started_s, columns.span_s, strict=True)
    ],
    "fork_us": lambda columns: list(columns.fork_us),
    "render_us": lambda columns: list(columns.render_us),
    "action_us": lambda columns: list(columns.action_us),
}
