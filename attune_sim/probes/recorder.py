"""What happened to every task and item of a run, in columns: 26 bytes an item, half a microsecond each.

A `Recorder` is an observer of the engine (`attune_sim.engine.observe`). What forks, renderings and actions took travels
with the events; the run time comes from the timeline whose `now` it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isnan
from struct import Struct
from typing import Any, Final

from attune_sim.engine.events import ActionEnded, Raised
from attune_sim.errors import counted
from attune_sim.probes.clock import Clock
from attune_sim.probes.failures import Failures

OUTCOMES: Final = ("", "succeeded", "failed", "timed_out", "cancelled", "skipped")
"""Names of the codes in `ItemColumns.outcome`; 0 is an item that has not ended."""

_CODES: Final[Mapping[str, int]] = {name: code for code, name in enumerate(OUTCOMES)}
_SUCCEEDED: Final = _CODES["succeeded"]
_MOST: Final = 254  # repeats fit into one byte, and attempts, one more; more are shown as so many
_NEVER: Final = float("nan")
_TIMES: Final = Struct("=4fd")
"""The times of one item, side by side: what fork, rendering and action took, the span, and the start. They are written by one
call, which takes half of what a write into each of five columns takes."""
_write: Final = _TIMES.pack_into
_TIMES_BYTES: Final = _TIMES.size
_ITEM_BYTES: Final = _TIMES_BYTES + 2 * 1  # its times, and two bytes
_FLOATS: Final = _TIMES_BYTES // 4
_DOUBLES: Final = _TIMES_BYTES // 8


class ItemColumns:
    """The items of one visit of one fan-out, by index. What `times` holds item by item, the other attributes show as columns.

    `fork_us`, `render_us`, `action_us` are microseconds, those of all attempts summed; `started_s` is the start of
    the first attempt (NaN: never called) in seconds after the start of the run, `span_s` from there to the end of
    the last one; `repeats` counts the calls after the first one of an item that ended. `drop_us` is what letting go of forks and inputs
    took, all items together, and `last_drop_us` that of the one that ended last, known when the task has ended.
    """

    __slots__ = (
        "action_us",
        "drop_us",
        "fork_us",
        "last",
        "last_drop_us",
        "outcome",
        "render_us",
        "repeats",
        "span_s",
        "started_s",
        "task",
        "times",
        "visit",
    )

    def __init__(self, task: str, visit: int, items: int) -> None:
        self.task, self.visit = task, visit
        self.drop_us = self.last_drop_us = 0.0
        self.last: ActionEnded | None = None  # of the item that ended last, while others may follow
        self.times = bytearray(_TIMES.pack(0.0, 0.0, 0.0, 0.0, _NEVER)) * items
        floats, doubles = memoryview(self.times).cast("f"), memoryview(self.times).cast("d")
        self.fork_us, self.render_us = floats[0::_FLOATS], floats[1::_FLOATS]
        self.action_us, self.span_s = floats[2::_FLOATS], floats[3::_FLOATS]
        self.started_s = doubles[2::_DOUBLES]
        self.outcome, self.repeats = bytearray(items), bytearray(items)

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def ended(self) -> int:
        """Items that ended."""
        return len(self.outcome) - self.outcome.count(0)

    @property
    def calls(self) -> int:
        """Attempts of items that ended."""
        return self.ended + sum(self.repeats)

    def as_dict(self) -> dict[str, Any]:
        """The columns by name, as they are, and what they are of."""
        return {name: getattr(self, name) for name in self.__slots__ if name not in ("times", "last")}

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return _ITEM_BYTES * len(self)

    def __repr__(self) -> str:
        return f"<ItemColumns of task {self.task!r}, visit {self.visit}: {counted(len(self), 'item')}>"


@dataclass(slots=True)
class TaskRow:
    """One visit of a task; times in seconds after the start of the run, None while it has not ended. `file` and `line` are
    where its action raised, if it is a plain one that did."""

    task: str
    visit: int
    items: int | None
    started_s: float
    status: str = ""
    ended_s: float | None = None
    error: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class AttemptSpan:
    """When one attempt ran, of an item, or of a task without items (`index` None); seconds after the start of the run."""

    task: str
    visit: int
    index: int | None
    attempt: int
    outcome: str
    started_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all items so far: counts, and microseconds.

    `plain_us` is the time that plain tasks took for fork, render and action.
    """

    done: int
    failed: int
    timed_out: int
    plain_us: float
    fork_us: float
    render_us: float
    action_us: float


class Recorder:
    """Keeps a row a task and columns an item; `errors` holds the text of the first `max_errors` failed items, `places` where
    their actions raised, `failures` all that failed, by reason.

    `attempts` are the first `max_attempts` of those that failed or came after one that did: between them lie the pauses of
    retries. What succeeded at once is told by its item.
    """

    def __init__(
        self, now: Clock, *, max_errors: int = 1_000, error_width: int = 300, max_attempts: int = 20_000
    ) -> None:
        self.attempts: list[AttemptSpan] = []
        self._max_attempts = max_attempts
        self.tasks: list[TaskRow] = []
        self.items: list[ItemColumns] = []
        self.errors: dict[tuple[str, int, int], str] = {}
        self.places: dict[tuple[str, int, int], Raised] = {}
        self.failures = Failures()
        self._raised: dict[
            tuple[str, int, int | None], Raised
        ] = {}  # by attempts whose items may be tried again
        self.failed = self.timed_out = 0
        self.plain_us = 0.0
        self._now, self._max_errors, self._width = now, max_errors, error_width
        self._columns: dict[str, ItemColumns] = {}
        self._rows: dict[tuple[str, int], TaskRow] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of all item columns."""
        return sum(columns.nbytes for columns in self.items)

    @property
    def done(self) -> int:
        """Items that ended."""
        return sum(columns.ended for columns in self.items)

    def counts(self) -> dict[str, int]:
        """How many items ended, and how."""
        succeeded = sum(columns.outcome.count(_SUCCEEDED) for columns in self.items)
        return {"done": self.done, "succeeded": succeeded, "failed": self.failed, "timed_out": self.timed_out}

    def totals(self) -> Totals:
        """Counts and sums so far. Takes about 15 ms for a million items."""
        fork, render, action = (
            sum(sum(getattr(columns, name)) for columns in self.items)
            for name in ("fork_us", "render_us", "action_us")
        )
        return Totals(self.done, self.failed, self.timed_out, self.plain_us, fork, render, action)

    # The moments of a run, in order of life.

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        row = TaskRow(task, visit, items, self._now())
        self.tasks.append(row)
        self._rows[task, visit] = row
        if items is not None:
            self._columns[task] = ItemColumns(task, visit, items)
            self.items.append(self._columns[task])

    def action_ended(self, event: ActionEnded) -> None:
        index = event.index
        if index is None or event.attempt or event.outcome != "succeeded":
            self._take(event)
            return
        # Of most items nothing else is heard, and a run of many of them is told of each.
        columns = self._columns[event.task]
        columns.last = event
        columns.drop_us += event.drop_us
        started = event.started
        _write(
            columns.times,
            _TIMES_BYTES * index,
            event.fork_us,
            event.render_us,
            event.action_us,
            event.ended - started,
            started,
        )
        columns.outcome[index] = _SUCCEEDED  # which ends its item

    def _take(self, event: ActionEnded) -> None:
        """An attempt of a plain task, one that failed, or one that came after it."""
        if event.attempt or event.outcome != "succeeded":
            self._keep(event)
        if event.index is None:
            self.plain_us += event.fork_us + event.render_us + event.action_us
            return
        columns = self._columns[event.task]
        columns.last = event
        columns.drop_us += event.drop_us
        self._add(columns, event.index, event)
        if event.outcome == "succeeded":
            columns.outcome[event.index] = _SUCCEEDED
            self._raised.pop((event.task, event.visit, event.index), None)

    def _keep(self, event: ActionEnded) -> None:
        if event.raised is not None:
            self._raised[event.task, event.visit, event.index] = event.raised
        if len(self.attempts) < self._max_attempts:
            place = (event.task, event.visit, event.index, event.attempt)
            self.attempts.append(AttemptSpan(*place, event.outcome, event.started, event.ended))

    def _add(self, columns: ItemColumns, index: int, event: ActionEnded) -> None:
        columns.fork_us[index] += event.fork_us
        columns.render_us[index] += event.render_us
        columns.action_us[index] += event.action_us
        if isnan(columns.started_s[index]):  # its first attempt, unless that was lost with a process
            columns.started_s[index] = event.started
        columns.span_s[index] = event.ended - columns.started_s[index]
        columns.repeats[index] = min(event.attempt, _MOST)

    def item_failed(self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str) -> None:
        columns = self._columns[task]
        columns.repeats[index] = min(max(attempts - 1, 0), _MOST)  # 0 of one that was never called
        columns.outcome[index] = _CODES[outcome]
        self.failed += outcome == "failed"
        self.timed_out += outcome == "timed_out"
        raised = self._raised.pop((task, visit, index), None)
        if outcome != "cancelled":
            self.failures.add(task, index, outcome, error[: self._width], raised)
        if len(self.errors) < self._max_errors:
            self.errors[task, visit, index] = error[: self._width]
            if raised is not None:
                self.places[task, visit, index] = raised

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        columns = self._columns.get(task)
        if columns is not None and columns.last is not None:
            columns.last_drop_us, columns.last = columns.last.drop_us, None
        if row := self._rows.pop((task, visit), None):
            row.status, row.ended_s, row.error = status, self._now(), error
            if row.items is None:
                self._plain_ended(row, self._raised.pop((task, visit, None), None))

    def _plain_ended(self, row: TaskRow, raised: Raised | None) -> None:
        if row.status in ("failed", "timed_out"):
            self.failures.add(row.task, None, row.status, (row.error or row.status)[: self._width], raised)
            if raised is not None:
                row.file, row.line = raised[:2]

    # What frames are made of.

    def task_columns(self) -> dict[str, list[Any]]:
        """`attune_sim.frame.tasks_frame` reads these: the fields of `TaskRow`."""
        names = [field.name for field in fields(TaskRow)]
        return {name: [getattr(row, name) for row in self.tasks] for name in names}

    def attempt_columns(self) -> dict[str, list[Any]]:
        """`attune_sim.frame.attempts_frame` reads these: the fields of `AttemptSpan`."""
        names = [field.name for field in fields(AttemptSpan)]
        return {name: [getattr(span, name) for span in self.attempts] for name in names}

    def item_columns(self) -> list[dict[str, Any]]:
        """`attune_sim.frame.items_frame` reads these: one map of columns a fan-out, as they are."""
        return [columns.as_dict() for columns in self.items]

    def __repr__(self) -> str:
        return f"<Recorder: {counted(len(self.tasks), 'task')}, {counted(self.done, 'item')} ended, {self.failed} failed>"
