"""Rows of items, packed: all of them, or a random choice where there are too many."""

from __future__ import annotations

import random
import struct
from math import floor, log
from typing import Any, Final

from attune_sim.errors import counted
from attune_sim.simulation.stations import Columns

STATUSES: Final = ("succeeded", "failed", "timed_out", "cancelled")
COLUMNS: Final = (
    "cycle", "run", "task", "visit", "index", "status", "attempts", "lost", "queued_s", "started_s", "ended_s",
    "worker",
)  # fmt: skip
_ROW: Final = struct.Struct("<QIIHIIBIIdddi")
_pack: Final = _ROW.pack
_TYPES: Final = ("<u8", "<u4", "<u4", "<u2", "<u4", "<u4", "u1", "<u4", "<u4", "<f8", "<f8", "<f8", "<i4")


class Items:
    """Keeps at most so many rows: beyond that each item is as likely to be among them as any other, as the seed has it.

    `number` counts items that ended; who tells of them looks whether it is the `next` one to keep: an item that is
    passed over costs no more than that (Li's Algorithm L).

    >>> items = Items(most=2, seed=1)
    >>> for n in range(1000):
    ...     if n == items.next: items.keep(0, 0, "check", 0, n, 0, 1, 0, 0.0, 0.0, 1.0, -1)
    ...     items.number += 1
    >>> items, len(items.columns()["index"])
    (<Items: 2 of 1,000 items>, 2)
    """

    def __init__(self, most: int, seed: int) -> None:
        self.number, self.next = 0, 0 if most else -1
        self._most, self._random, self._weight = most, random.Random(seed), 1.0
        self._rows = bytearray()
        self._tasks: dict[str, int] = {}

    @property
    def sampled_of(self) -> int | None:
        """Of how many items the rows are a choice; None if all are there."""
        return self.number if self.number > self._most else None

    def keep(
        self,
        cycle: int,
        run: int,
        task: str,
        visit: int,
        index: int,
        status: int,
        attempts: int,
        lost: int,
        queued_s: float,
        started_s: float,
        ended_s: float,
        worker: int,
    ) -> None:
        """Keep the item that is the next one; its status as its place in `STATUSES`."""
        tasks, place = self._tasks, self.next
        code = tasks[task] if task in tasks else tasks.setdefault(task, len(tasks))
        row = _pack(
            self.number, cycle, run, code, visit, index, status, attempts, lost, queued_s, started_s, ended_s, worker
        )  # fmt: skip
        if place < self._most:
            self._rows += row
        else:
            start = _ROW.size * self._random.randrange(self._most)
            self._rows[start : start + _ROW.size] = row
        self.next = place + 1
        if place + 1 >= self._most:
            self._weight *= self._uniform() ** (1 / self._most)
            self.next += floor(log(self._uniform()) / log(1.0 - self._weight))

    def _uniform(self) -> float:
        return 1.0 - self._random.random()  # never 0

    def columns(self) -> Columns:
        """The rows as arrays by name, in the order in which items ended; `task` and `status` are text."""
        import numpy as np

        rows = np.frombuffer(
            bytes(self._rows), np.dtype(list(zip(("number", *COLUMNS), _TYPES, strict=True)))
        )
        rows = rows[np.argsort(rows["number"])]
        columns: dict[str, Any] = {name: rows[name].copy() for name in COLUMNS}
        for name, texts in (("task", tuple(self._tasks) or ("",)), ("status", STATUSES)):
            columns[name] = np.array(texts, dtype=object)[columns[name]]
        return columns

    def __repr__(self) -> str:
        return f"<Items: {len(self._rows) // _ROW.size:,} of {counted(self.number, 'item')}>"
