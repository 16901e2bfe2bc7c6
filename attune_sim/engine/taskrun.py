"""One visit of a task, and the compact order in which attempts started."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import immutables

from attune_sim.contexts.strategy import Context, Fork, Path
from attune_sim.engine.fanout import FanOut
from attune_sim.engine.plan import TaskPlan
from attune_sim.engine.status import CODE, STATUSES, moved
from attune_sim.scope import Ended

Lineage = immutables.Map[str, int]
"""Task name -> its latest visit among the ancestors of a task run, itself included."""


class TaskRun:
    """One visit of one task.

    `lineage` says which earlier task runs led here (rule 1: only an ancestor may run again). `last` is what the
    functions `result()` ... mean for it: the task that had ended last when this one was dispatched. `group` is the
    parallel task that it belongs to. For a parallel task itself, `active` counts its sub-tasks under way and
    `results` are those of its sub-tasks, `failures` those that failed unhandled.
    """

    __slots__ = (
        "_status",
        "active",
        "error",
        "failures",
        "fan",
        "group",
        "last",
        "lineage",
        "live",
        "name",
        "plan",
        "result",
        "results",
        "seen",
        "timeout",
        "visit",
    )

    def __init__(
        self, plan: TaskPlan, visit: int, lineage: Lineage, group: TaskRun | None, last: Ended
    ) -> None:
        self.plan = plan
        self.name = plan.name
        self.visit = visit
        self.lineage = lineage.set(plan.name, visit)
        self.group = group
        self.last = last
        self.fan: FanOut | None = None
        self.live: dict[int, Any] = {}
        self.timeout: float | None = None
        self.seen: Context | None = None  # the context as the task was dispatched
        self.result: Any = None
        self.error: str | None = None
        self.active = 0
        self.failures: dict[str, str] = {}
        self.results: dict[str, Any] = {}
        self._status = CODE["pending"]

    @property
    def status(self) -> str:
        return STATUSES[self._status]

    @property
    def reads(self) -> frozenset[Path] | None:
        """The paths that its forks must hold; what `result()` gives stands in the context as the result of a task."""
        found = self.plan.reads
        if found is None or not self.plan.reads_result or self.last.last is None:
            return found
        return found | {("task", self.last.last)}

    def last_in(self, fork: Fork) -> Ended:
        """`last`, with the result as the strategy hands it on, so that `result()` isolates as `task.NAME` does."""
        if not self.plan.reads_result or self.last.last is None:
            return self.last
        return self.last._replace(result=fork.resolve("task")[self.last.last])

    def move(self, move: str) -> None:
        """Change the status as the table allows; raises `EventError` otherwise."""
        self._status = moved(self._status, move, f"task {self.name!r}")

    def finish(self, move: str, result: Any, error: str | None) -> None:
        self.move(move)
        self.result = result
        self.error = error
        self.fan = self.seen = None
        self.live.clear()

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

    >>> starts = Starts()
    >>> starts.add("fetch", None); starts.add("check", 0); starts.add("check", 1)
    >>> list(starts)
    ['fetch', 'check[0]', 'check[1]']
    """

    __slots__ = ("_ids", "_indexes", "_names", "_tasks")

    def __init__(self) -> None:
        self._names: list[str] = []
        self._ids: dict[str, int] = {}
        self._tasks = array("I")
        self._indexes = array("i")

    def add(self, task: str, index: int | None) -> None:
        known = self._ids.get(task)
        if known is None:
            known = self._ids[task] = len(self._names)
            self._names.append(task)
        self._tasks.append(known)
        self._indexes.append(-1 if index is None else index)

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[str]:
        for task, index in zip(self._tasks, self._indexes, strict=True):
            name = self._names[task]
            yield name if index < 0 else f"{name}[{index}]"

    def __repr__(self) -> str:
        return f"<Starts: {len(self)} attempts of {len(self._names)} tasks>"
