"""At how many items a workflow would break the limits of other platforms: arithmetic over how its results grow.

Limits are data (`data/limits.yaml`). What a limit is of is one of the few kinds in `KINDS`: a new platform needs an entry, a
new kind of limit one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Final, NamedTuple

import pandas as pd

LIMIT_COLUMNS: Final = ("platform", "limit", "task", "item", "breaks", "source")

PARAMETERS: Final = "parameters"
"""What stands in the column `task` where it is the parameters that break a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit of a platform: `most` of what `of` names; `each` is how many events a call leaves."""

    platform: str
    limit: str
    of: str
    most: int
    source: str
    each: int = 1


class Growth(NamedTuple):
    """An amount that is `fixed + each * items`.

    >>> Growth(100.0, 10.0).at(5), Growth(100.0, 10.0).beyond(150), Growth(100.0).beyond(150), Growth(200.0).beyond(150)
    (150.0, 6, None, 1)
    """

    fixed: float
    each: float = 0.0

    def at(self, items: float) -> float:
        """The amount at a size."""
        return self.fixed + self.each * items

    def beyond(self, most: float) -> int | None:
        """The least number of items, from 1, at which it is more than `most`; None where it never is."""
        if self.at(1) > most:
            return 1
        return None if self.each <= 0 else floor((most - self.fixed) / self.each) + 1

    def __add__(self, other: object) -> Growth:
        assert isinstance(other, Growth)
        return Growth(self.fixed + other.fixed, self.each + other.each)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGrowth:
    """How a task grows with the items of the main fan-out.

    `calls` are those of its action, `result` the bytes of JSON of all that it gives, `call` those of the largest that one call
    gives. `fan_out` tells that its calls are items.
    """

    task: str
    calls: Growth
    result: Growth
    call: Growth
    fan_out: bool = False


class Break(NamedTuple):
    """Where a limit is broken: the task, and the least number of items."""

    task: str
    item: int


@dataclass(frozen=True, slots=True)
class Run:
    """All tasks of a run, and the bytes of JSON of its parameters."""

    tasks: Sequence[TaskGrowth]
    parameters: Growth


def limits_frame(run: Run, limits: Iterable[Limit], items: int) -> pd.DataFrame:
    """One row a limit, in the order of the limits (`LIMIT_COLUMNS`).

    `item` is the least number of items of the main fan-out at which the limit is broken, `task` the one that breaks it; both
    are missing where no number of items does. `breaks` tells whether so many `items` do. `source` is where the platform
    says so.
    """
    rows = [_row(limit, KINDS[limit.of](run, limit), items) for limit in limits]
    return pd.DataFrame(rows, columns=list(LIMIT_COLUMNS)).astype({"item": "Int64", "breaks": "bool"})


def _row(limit: Limit, found: Break | None, items: int) -> tuple[object, ...]:
    task, item = (None, None) if found is None else found
    breaks = item is not None and item <= items
    return limit.platform, limit.limit, task, item, breaks, limit.source


def _first(growths: Mapping[str, Growth], most: float) -> Break | None:
    """The one that breaks the limit with the fewest items."""
    found = [
        Break(task, item) for task, growth in growths.items() if (item := growth.beyond(most)) is not None
    ]
    return min(found, key=lambda one: one.item, default=None)


def _call(run: Run, limit: Limit) -> Break | None:
    return _first({task.task: task.call for task in run.tasks}, limit.most)


def _result(run: Run, limit: Limit) -> Break | None:
    return _first({task.task: task.result for task in run.tasks}, limit.most)


def _parameters(run: Run, limit: Limit) -> Break | None:
    return _first({PARAMETERS: run.parameters}, limit.most)


def _items(run: Run, limit: Limit) -> Break | None:
    return _first({task.task: task.calls for task in run.tasks if task.fan_out}, limit.most)


def _whole(run: Run, limit: Limit) -> Break | None:
    return _together({task.task: task.result for task in run.tasks}, limit.most)


def _events(run: Run, limit: Limit) -> Break | None:
    return _together(
        {task.task: Growth(*(limit.each * part for part in task.calls)) for task in run.tasks}, limit.most
    )


def _together(growths: Mapping[str, Growth], most: float) -> Break | None:
    """Where the sum is too much: the task is the one that has the largest share of it there."""
    item = sum(growths.values(), Growth(0.0)).beyond(most)
    if item is None:
        return None
    return Break(max(growths, key=lambda task: growths[task].at(item)), item)


KINDS: Final[Mapping[str, Callable[[Run, Limit], Break | None]]] = {
    "call": _call,
    "result": _result,
    "run": _whole,
    "parameters": _parameters,
    "items": _items,
    "events": _events,
}
"""What a limit may be of -> where a run breaks it."""
