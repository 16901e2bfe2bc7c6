"""What came of a simulation: rows of its cycles, columns of its items. All of it is estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from attune_sim.errors import counted
from attune_sim.simulation.little import Little
from attune_sim.simulation.stations import Columns
from attune_sim.simulation.waits import Interval

Ended = Literal["finished", "events", "interrupted", "horizon"]
"""Why a simulation ended: all was over; the budget of events was used up; Ctrl-C; the horizon had come."""


@dataclass(slots=True)
class CycleRow:
    """One cycle: seconds of simulated time, and counts of items over all its fan-outs, of those in sub-workflows too.

    status: that of its run; "running" where the simulation ended before it, "waiting" where it had not begun, "skipped"
        where it was left out.
    started_s, ended_s: None where there was no such moment.
    items: asked for so far. succeeded, failed, timed_out, cancelled: how those that ended did.
    retries: attempts after the first one, of items and of plain tasks. lost: attempts that died with their worker, and were made
        again: that is no retry.
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
    items: the columns cycle, run (0: the workflow itself; sub-workflows are numbered as they begin), task (of a sub-workflow
        behind its ref), visit, index, status, attempts, lost (of these), queued_s, started_s, ended_s and worker (-1: none), a row
        for each item that ended, in that order; or for a random choice of them, `sampled_of` so many (None: all).
    queue, workers: what stations tell. wait: the mean wait for them, with its interval of 99 % (None: without stations, or
        where nobody came).
    laws: Little's law, for each part of it.
    """

    cycles: list[CycleRow]
    items: Columns
    ended: Ended
    ended_s: float
    events: int
    sampled_of: int | None = None
    queue: Columns = field(default_factory=dict)
    workers: Columns = field(default_factory=dict)
    laws: tuple[Little, ...] = ()
    wait: Interval | None = None

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong with the simulation itself: empty, unless Little's law is broken."""
        return tuple(complaint for law in self.laws if (complaint := law.complaint) is not None)

    def __repr__(self) -> str:
        items = sum(row.items for row in self.cycles)
        return (
            f"<Outcome: {self.ended} after {self.ended_s:g} s; {counted(len(self.cycles), 'cycle')}, "
            f"{counted(items, 'item')}, {counted(self.events, 'event')}>"
        )
