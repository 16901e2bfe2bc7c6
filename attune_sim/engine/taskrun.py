"""One visit of a task, and the compact order in which attempts started."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import immutables

from attune_sim.engine.fanout import FanOut
from attune_sim.engine.plan import TaskPlan
from attune_sim.engine.status import CODE, PENDING, STATUSES, SUCCEEDED, code_after
from attune_sim.paths import below
from attune_sim.scope import ContextPath, Ended

Lineage = immutables.Map[str, int]
"""Task name -> its latest visit among the ancestors of a task run, itself included."""


class TaskRun:
    """One visit of one task.

    `lineage` says which earlier task runs led here (only an ancestor may run again: docs/language.md#cycles). `last` is what the
    functions `result()` ... mean for it: the task that had ended last when this one was dispatched. `group` is the
    parallel task that it belongs to. For a parallel task itself, `active` counts its sub-tasks under way and
    `results` are those of its sub-tasks, `failures` those that failed unhandled.
    """

    __slots__ = (
        "active",
        "error",
        "failures",
        "fan",
        "group",
        "last",
        "lineage",
        "name",
        "plan",
        "result",
        "results",
        "status",
        "visit",
    )

    def __init__(
        self, plan: TaskPlan, visit: int, lineage: Lineage, group: TaskRun | None, last: Ended
    ) -> None:
        self.plan = plan
        self.name = name = plan.task.name
        self.visit = visit
        self.lineage = lineage.set(name, visit)
        self.group = group
        self.last = last
        self.fan: FanOut | None = None
        self.result: Any = None
        self.error: str | None = None
        self.active = 0
        self.failures: dict[str, str] = {}
        self.results: dict[str, Any] = {}
        self.status = PENDING

    @property
    def reads(self) -> frozenset[ContextPath] | None:
        """The paths that its forks must hold; what `result()` gives stands in the context as the result of a task."""
        found = self.plan.reads
        if found is None or not self.plan.reads_result or self.last.last is None:
            return found
        return found | {("task", self.last.last)}

    def move(self, move: str) -> None:
        """Change the status as the table allows; raises `EventError` otherwise."""
        self.status = STATUSES[code_after(CODE[self.status], move, "task", self.name)]

    def finish(self, move: str, result: Any, error: str | None) -> None:
        self.move(move)
        self.result = result
        self.error = error
        self.fan = None

    def refuse(self, reason: str) -> None:
        """Its result cannot be kept: it has failed, if it had not done so before."""
        if self.status == SUCCEEDED:
            self.move("refuse")
            self.error = reason
        self.result = {"error": self.error or reason}

    def __repr__(self) -> str:
        return f"<TaskRun {self.name!r} visit {self.visit}: {self.status}>"


def merged(lineages: Iterator[Lineage]) -> Lineage:
    """The lineage of a join: every ancestor of every arrival, at its latest visit."""
    union = dict(next(lineages))
    for lineage in lineages:
        for name, visit in lineage.items():
            union[name] = max(visit, union.get(name, -1))
    return immutables.Map(union)


class Starts:
    """The attempts of a run in the order in which they started, eight bytes each.

    An attempt is noted when it is asked for and withdrawn if its preparation failed: then no action was called.

    >>> starts = Starts()
    >>> fetch, check = starts.first_of("fetch", plain=True), starts.first_of("check", plain=False)
    >>> starts.note(fetch); starts.note(check); starts.note(check + 1); starts.withdraw(check)
    >>> list(starts), len(starts)
    (['fetch', 'check[1]'], 2)
    """

    __slots__ = ("_names", "_noted", "_withdrawn", "note")

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._noted = array(
            "q"
        )  # the number of the task in the upper half; 0, or 1 and the index, in the lower
        self._withdrawn: list[tuple[int, int]] = []  # how many had been noted then, and which is taken back
        self.note: Callable[[int], None] = self._noted.append
        """Note a start, by what `first_of` gave plus the index: once an item, and nothing to add to it."""

    def first_of(self, task: str, *, plain: bool) -> int:
        """What notes a start of a plain task, or of the first item of a fan-out."""
        return (self._names.setdefault(task, len(self._names)) << 32) + (not plain)

    def withdraw(self, start: int) -> None:
        """Take back the latest start that was noted as this."""
        self._withdrawn.append((len(self._noted), start))

    def forget(self) -> None:
        """Let go of what is noted: a run whose starts nobody will ask for need not hold a million of them."""
        del self._noted[:]
        self._withdrawn.clear()

    def __len__(self) -> int:
        return max(len(self._noted) - len(self._withdrawn), 0)

    def __iter__(self) -> Iterator[str]:
        names, withdrawn = list(self._names), self._withdrawn_places()
        for place, start in enumerate(self._noted):
            if place not in withdrawn:
                name, index = names[start >> 32], (start & 0xFFFFFFFF) - 1
                yield name if index < 0 else below(name, index)

    def _withdrawn_places(self) -> set[int]:
        """Found in one walk from the end: what was taken back at a moment is the latest start before it."""
        places: set[int] = set()
        taken_back, wanted = list(self._withdrawn), Counter[int]()
        place = len(self._noted)
        while place and len(places) < len(self._withdrawn):
            while taken_back and taken_back[-1][0] >= place:
                wanted[taken_back.pop()[1]] += 1
            place -= 1
            if wanted[self._noted[place]]:
                wanted[self._noted[place]] -= 1
                places.add(place)
        return places

    def __repr__(self) -> str:
        return f"<Starts: {len(self)} attempts of {len(self._names)} tasks>"
