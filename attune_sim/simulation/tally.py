"""What is counted of one cycle while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attune_sim.engine.events import ActionEnded, EndRun
from attune_sim.executors.simulated import NO_WORKER, SimulatedPerformer
from attune_sim.simulation.items import STATUSES, Items
from attune_sim.simulation.outcome import CycleRow

_SUCCEEDED: Final = STATUSES.index("succeeded")

_First = tuple[float, float]
"""When the first attempt of an item was asked for, and when it began."""


class Tally:
    """An observer of one cycle: counts into its row, keeps rows of its items, and tells when it is `over`.

    What happens in sub-workflows is not told to observers; the most in flight comes from the performer, which knows of all.
    """

    def __init__(
        self,
        row: CycleRow,
        items: Items,
        performer: SimulatedPerformer,
        now: Callable[[], float],
        over: Callable[[Tally], None],
    ) -> None:
        self.row, self.performer = row, performer
        self._items, self._now, self._over = items, now, over
        self.forget: Callable[[], None] = lambda: None
        """Lets go of what the run has noted of attempts that are over."""
        self._first: dict[tuple[str, int, int], _First] = {}  # of items that did not succeed at once
        self._last: tuple[float, int] = 0.0, NO_WORKER

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        self.row.items += items or 0

    def action_ended(self, event: ActionEnded) -> None:
        index = event.index
        if event.attempt or event.outcome != "succeeded":
            self._tried(event)
        elif index is not None:
            self.row.succeeded += 1
            items = self._items
            if items.number == items.next:
                queued_s, worker = self._served(event)
                items.keep(
                    self.row.cycle, event.task, event.visit, index, _SUCCEEDED, 1,
                    queued_s, event.started, event.ended, worker,
                )  # fmt: skip
            items.number += 1

    def _served(self, event: ActionEnded) -> tuple[float, int]:
        served = self.performer.served
        return (event.started, NO_WORKER) if served is None else (served.queued_s, served.worker)

    def _tried(self, event: ActionEnded) -> None:
        """An attempt that is not the only one of its item, or did not succeed."""
        self.row.retries += bool(event.attempt)
        if (index := event.index) is None:
            return
        queued_s, worker = self._served(event)
        self._last = event.ended, worker
        self._first.setdefault((event.task, event.visit, index), (queued_s, event.started))
        if event.outcome == "succeeded":
            self._ended(event.task, event.visit, index, "succeeded", event.attempt + 1)

    def item_failed(self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str) -> None:
        if (task, visit, index) not in self._first:  # its action was never called
            self._first[task, visit, index] = (self._now(), self._now())
            self._last = self._now(), NO_WORKER
        self._ended(task, visit, index, outcome, attempts)

    def _ended(self, task: str, visit: int, index: int, outcome: str, attempts: int) -> None:
        row, items = self.row, self._items
        setattr(row, outcome, getattr(row, outcome) + 1)
        place, status = (task, visit, index), STATUSES.index(outcome)
        queued_s, started_s = self._first.pop(place)
        ended_s, worker = self._last
        if items.number == items.next:
            items.keep(row.cycle, *place, status, attempts, queued_s, started_s, ended_s, worker)
        items.number += 1

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        self.forget()

    def run_ended(self, command: EndRun) -> None:
        self.row.status, self.row.ended_s = command.status, self._now()
        self._over(self)

    def settle(self) -> None:
        """Write down what the performer knows."""
        self.row.max_in_flight, self.row.lost = self.performer.max_in_flight, self.performer.lost

    def __repr__(self) -> str:
        return f"<Tally of {self.row!r}>"
