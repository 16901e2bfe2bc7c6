"""What came of a simulation: rows of its cycles, columns of its items. All of it is estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from attune_sim.errors import counted
from attune_sim.simulation.stations import Columns

Ended = Literal["finished", "events", "interrupted", "horizon"]
"""Why a simulation ended: all was over; the budget of events was used up; Ctrl-C; the horizon had come."""


@dataclass(slots=True)
class CycleRow:
    """One cycle: seconds of simulated time, and counts of items over all its fan-outs (those of sub-workflows are not told).

    status: that of its run; "running" where the simulation ended before it, "waiting" where it had not begun, "skipped"
        where it was left out.
    started_s, ended_s: None where there was no such moment.
    items: asked for so far. succeeded, failed, timed_out, cancelled: how those that ended did.
    retries: attempts after the first one, of items and of plain tasks. lost: those that died with their worker.
    max_in_flight: the most attempts that were under way at once, in sub-workflows too.
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
    """What came of a simulation, up to where it `ended`: at `ended_s` seconds, after so many `events`.

    cycles: a row each, in the order in which they were due.
    items: the columns cycle, task, visit, index, status, attempts, queued_s, started_s, ended_s and worker (-1: none), a
        row for each item that ended, in that order; or for a random choice of them, `sampled_of` so many (None: all).
    queue, workers: what stations tell.
    """

    cycles: list[CycleRow]
    items: Columns
    ended: Ended
    ended_s: float
    events: int
    sampled_of: int | None = None
    queue: Columns = field(default_factory=dict)
    workers: Columns = field(default_factory=dict)
    complaints: tuple[str, ...] = ()

    def __repr__(self) -> str:
        items = sum(row.items for row in self.cycles)
        return (
            f"<Outcome: {self.ended} after {self.ended_s:g} s; {counted(len(self.cycles), 'cycle')}, "
            f"{counted(items, 'item')}, {counted(self.events, 'event')}>"
        )
