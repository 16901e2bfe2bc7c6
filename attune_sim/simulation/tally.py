"""What is counted of one cycle while it goes on, in its sub-workflows too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attune_sim.engine.events import ActionEnded, AttemptLost, EndRun, StartAction
from attune_sim.executors.simulated import NO_WORKER, SimulatedPerformer
from attune_sim.simulation.items import STATUSES, Items
from attune_sim.simulation.outcome import CycleRow
from attune_sim.simulation.subworkflows import named

_SUCCEEDED: Final = STATUSES.index("succeeded")

_First = tuple[float, float]
"""When the first attempt of an item was asked for, and when it began."""

_Place = tuple[str, int, int | None]
"""Task, visit and index of an item; of a plain task there is no index."""


class RunTally:
    """An observer of one run of a cycle: counts into the row of the cycle, and keeps rows of its items.

    `run` is 0 for the workflow itself; a sub-workflow is watched by a tally of its own, and its tasks stand in rows behind its `ref`.
    """

    def __init__(
        self,
        row: CycleRow,
        items: Items,
        performer: SimulatedPerformer,
        now: Callable[[], float],
        *,
        run: int = 0,
        ref: str = "",
    ) -> None:
        self.row, self.performer, self.now = row, performer, now
        self._items, self._run, self._ref = items, run, ref
        self._open = 0  # items that were asked for and are not over
        self._first: dict[_Place, _First] = {}  # of items that did not succeed at once
        self._lost: dict[_Place, int] = {}
        self._last: tuple[float, int] = 0.0, NO_WORKER

    def sub_workflow_started(self, call: StartAction, run: int) -> object:
        return RunTally(self.row, self._items, self.performer, self.now, run=run, ref=call.action)

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        self.row.items += items or 0
        self._open += items or 0

    def action_ended(self, event: ActionEnded) -> None:
        index = event.index
        if event.attempt or event.outcome != "succeeded":
            self._tried(event)
        elif index is not None:
            row, items = self.row, self._items
            row.succeeded += 1
            self._open -= 1
            if items.number == items.next:
                queued_s, worker = event.started, NO_WORKER
                if self.performer.served is not None:
                    queued_s, worker = self._served(event)
                task = named(self._ref, event.task) if self._ref else event.task
                items.keep(
                    row.cycle, self._run, task, event.visit, index, _SUCCEEDED, 1, 0,
                    queued_s, event.started, event.ended, worker,
                )  # fmt: skip
            items.number += 1

    def _served(self, event: ActionEnded) -> tuple[float, int]:
        """When it was asked for, and who served it: nobody, where it is a sub-workflow that has ended."""
        served = self.performer.served
        if served is None or served.event is not event:
            return event.started, NO_WORKER
        return served.queued_s, served.worker

    def _tried(self, event: ActionEnded) -> None:
        """An attempt that is not the only one of its item, or did not succeed."""
        place = event.task, event.visit, event.index
        self.row.retries += event.attempt > self._lost.get(place, 0)
        if event.index is None:
            return
        queued_s, worker = self._served(event)
        self._last = event.ended, worker
        self._first.setdefault(place, (queued_s, event.started))
        if event.outcome == "succeeded":
            self._ended(event.task, event.visit, event.index, "succeeded", event.attempt + 1)

    def attempt_lost(self, event: AttemptLost) -> None:
        """It is made again: what it took is part of its item's time, and no retry."""
        place, served = (event.task, event.visit, event.index), self.performer.served
        self._lost[place] = self._lost.get(place, 0) + 1
        if event.index is not None and served is not None and served.event is not None:
            self._first.setdefault(place, (served.queued_s, served.event.started))

    def item_failed(self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str) -> None:
        if (task, visit, index) not in self._first:  # its action was never called
            self._first[task, visit, index] = (self.now(), self.now())
            self._last = self.now(), NO_WORKER
        self._ended(task, visit, index, outcome, attempts)

    def _ended(self, task: str, visit: int, index: int, outcome: str, attempts: int) -> None:
        row, items, place = self.row, self._items, (task, visit, index)
        setattr(row, outcome, getattr(row, outcome) + 1)
        self._open -= 1
        queued_s, started_s = self._first.pop(place)
        lost, (ended_s, worker) = self._lost.pop(place, 0), self._last
        if items.number == items.next:
            items.keep(
                row.cycle, self._run, named(self._ref, task), visit, index, STATUSES.index(outcome), attempts, lost,
                queued_s, started_s, ended_s, worker,
            )  # fmt: skip
        items.number += 1

    def run_ended(self, command: EndRun) -> None:
        """A sub-workflow whose time was up is dropped with what was under way in it."""
        self.row.cancelled += self._open
        self._open = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.row!r}>"


class Tally(RunTally):
    """That of the workflow itself: tells when the cycle is `over`."""

    def __init__(
        self,
        row: CycleRow,
        items: Items,
        performer: SimulatedPerformer,
        now: Callable[[], float],
        over: Callable[[Tally], None],
    ) -> None:
        super().__init__(row, items, performer, now)
        self._over = over
        self.forget: Callable[[], None] = lambda: None
        """Lets go of what the run has noted of attempts that are over."""

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        self.forget()

    def run_ended(self, command: EndRun) -> None:
        super().run_ended(command)
        self.row.status, self.row.ended_s = command.status, self.now()
        self._over(self)

    def settle(self) -> None:
        """Write down what the performer knows."""
        self.row.max_in_flight, self.row.lost = self.performer.max_in_flight, self.performer.lost
