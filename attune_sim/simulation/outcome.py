"""What came of a simulation: rows of its cycles, columns of its items. All of it is estimated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from attune_sim.errors import counted
from attune_sim.simulation.stations import Columns

Ended = Literal["finished", "events", "interrupted", "horizon"]
"""Why a simulation ended: all was over; the budget of events was used up; Ctrl-C; the horizon had come."""


@dataclass(slots=True)
class CycleRow:
    """One cycle: seconds of simulated time, counts of items over all its fan-outs.

    `status` is that of its run, "running" where the simulation ended before it, "waiting" where it had not begun, "skipped" where it was left out.
    `started_s` and `ended_s` are None where there was no such moment. `succeeded`, `failed`, `timed_out` and `cancelled` count
    items that ended, `retries` attempts after the first one of items and plain tasks, `lost` those that died with a worker; at most `max_in_flight` attempts were under way at once.
    """

    cycle: int
    due_s: float
    started_s: float | None = None
    ended_s: float | None = None
    status: str = "waiting"
    items: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    cancelled: int = 0
    retries: int = 0
    lost: int = 0
    max_in_flight: int = 0

    @property
    def skipped(self) -> bool:
        return self.status == "skipped"


@dataclass(frozen=True)
class Outcome:
    """What came of a simulation, up to where it `ended`, at `ended_s` seconds and after so many `events`.

    `cycles` has a row each. `items` has the columns cycle, task, visit, index, status, attempts, queued_s, started_s, ended_s, worker, of every item
    that ended, or, where there were too many, of a random choice `sampled_of` so many (None: all are there). `queue` and `workers` are what the
    stations tell, `memory` what a ledger does. `complaints` say what is wrong with the simulation itself, such as Little's law where it is broken.
    """

    cycles: list[CycleRow]
    items: Columns
    ended: Ended
    ended_s: float
    events: int
    sampled_of: int | None = None
    queue: Columns = field(default_factory=dict)
    workers: Columns = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()

    def __repr__(self) -> str:
        items = sum(row.items for row in self.cycles)
        return (
            f"<Outcome: {self.ended} after {self.ended_s:g} s; {counted(len(self.cycles), 'cycle')}, "
            f"{counted(items, 'item')}, {counted(self.events, 'event')}>"
        )
