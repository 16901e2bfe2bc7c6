"""What happens in one run of a simulation, as moves of a ledger: of the workflow itself, and of each sub-workflow as long as it is under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from attune_sim.engine.events import ActionEnded, AttemptLost, EndRun, StartAction
from attune_sim.engine.offer import Offer
from attune_sim.simulation.accounts import AT_ONCE, Accounts
from attune_sim.simulation.subworkflows import named

CYCLE_BITS: Final = 32
NO_ITEM: Final = (1 << CYCLE_BITS) - 1
"""The item of a moment that belongs to none."""


@dataclass(frozen=True, slots=True)
class TaskMoves:
    """Codes of what happens in a visit of a task: its fan-out opens; all `forks` of an eager one are made; a first attempt starts, a later one starts `again`;
    they are done, or failed; an item that failed leaves its record; the result is stored; all is closed but what is kept; that is dropped.
    """

    open: int
    forks: int | None
    start: int
    again: int
    done: int
    done_again: int
    failed: int
    failed_again: int
    record: int
    store: int
    close: int
    drop: int


class Charges(Protocol):
    """What a ledger says of moves, as codes of its accounts."""

    def beginning(self, ref: str) -> tuple[int, int]:
        """A run begins, and is over: of the workflow itself (no `ref`), or of a sub-workflow."""

    def moves_of(self, task: str, items: int, *, plain: bool = True, calls: bool = False) -> TaskMoves:
        """What happens in a visit of a task with so many items."""


class RunLedger:
    """An observer of one run: notes what happens in it. `mark` is that of its cycle, without an item."""

    ref = ""

    def __init__(self, charges: Charges, accounts: Accounts, now: Callable[[], float], mark: int) -> None:
        self._charges, self._accounts, self._now, self._mark = charges, accounts, now, mark
        self._open: dict[str, TaskMoves] = {}
        self._ended: list[TaskMoves] = []
        self._kept: dict[str, TaskMoves] = {}
        self._failed: set[tuple[str, int]] = (
            set()
        )  # attempts that are over, and may be followed by another one
        self._called: dict[int, RunLedger] = {}
        self.calling, self.action_ended = self._noting()

    def _noting(self) -> tuple[Callable[[StartAction], None], Callable[[ActionEnded], None]]:
        """What notes the start and the end of attempts: there are two of them for every item, so what they need is looked up once."""
        opened, called, now, mark_of = self._open, self._called, self._now, self._mark
        begun_again, tried, settle = self._begun_again, self._tried, self._accounts.settle
        codes, times, marks = self._accounts.codes, self._accounts.times, self._accounts.marks

        def calling(command: StartAction) -> None:
            offer = command.offer
            if offer.run:  # all calls are told to who watches the workflow itself
                if offer.run in called:
                    called[offer.run].begun(command)
                return
            moves = opened[offer.task]
            if command.attempt:
                begun_again(command, moves)
            else:
                codes.append(moves.start)
                times.append(now())
                marks.append(mark_of + (NO_ITEM if offer.plain else command.slot))

        def action_ended(event: ActionEnded) -> None:
            moves, index = opened[event.task], event.index
            if event.attempt or event.outcome != "succeeded":
                tried(event, moves)
                return
            codes.append(moves.done)
            times.append(event.ended)
            marks.append(mark_of + (NO_ITEM if index is None else index))
            if len(codes) >= AT_ONCE:
                settle()

        return calling, action_ended

    def sub_workflow_started(self, call: StartAction, run: int) -> object:
        return self._calls(call, run, self._mark + (NO_ITEM if call.offer.plain else call.slot))

    def _calls(self, call: StartAction, run: int, mark: int) -> RunLedger:
        called = CalledLedger(self._charges, self._accounts, self._now, mark, call.action, run, self._called)
        self._called[run] = called
        return called

    def run_started(self, workflow: Any, context: Any) -> None:
        self._move(self._charges.beginning(self.ref)[0])

    def fan_out_opened(self, offer: Offer) -> None:
        # The fan-out before it is let go of before anything of this one is made, though that is told later.
        self._close_ended()
        moves = self._moves_of(offer.task, len(offer.items), plain=offer.plain, calls=offer.calls)
        self._open[offer.task] = moves
        self._move(moves.open)
        if moves.forks is not None:
            self._move(moves.forks)

    def _moves_of(self, task: str, items: int, **kind: bool) -> TaskMoves:
        return self._charges.moves_of(named(self.ref, task), items, **kind)

    def begun(self, command: StartAction) -> None:
        """An attempt begins."""
        moves = self._open[command.task]
        if command.attempt:
            self._begun_again(command, moves)
        else:
            self._move(moves.start, NO_ITEM if command.offer.plain else command.slot)

    def _begun_again(self, command: StartAction, moves: TaskMoves) -> None:
        self._failed.discard((command.task, command.slot))
        self._move(moves.again, NO_ITEM if command.offer.plain else command.slot)

    def _tried(self, event: ActionEnded, moves: TaskMoves) -> None:
        """An attempt that is not the only one of its item, or did not succeed."""
        if event.outcome == "cancelled" and event.started == event.ended:
            return  # it never began
        if event.outcome == "succeeded":
            self._move(moves.done_again, _item_of(event))
        else:
            self._let_go(event, moves)

    def attempt_lost(self, event: AttemptLost) -> None:
        self._let_go(event, self._open[event.task])

    def _let_go(self, event: ActionEnded | AttemptLost, moves: TaskMoves) -> None:
        self._failed.add((event.task, event.index or 0))
        self._move(moves.failed_again if event.attempt else moves.failed, _item_of(event))

    def item_failed(self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str) -> None:
        self._failed.discard((task, index))
        self._move(self._open[task].record, index)

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        if status == "skipped":
            return
        moves = self._open.pop(task, None)
        if moves is None:  # of a group, or of one that could not start: nothing was opened
            moves = self._moves_of(task, 1)
            self._move(moves.open)
        self._move(moves.store)
        if task in self._kept:  # a later visit's result takes the place of an earlier one's
            self._move(self._kept[task].drop)
        self._kept[task] = moves
        self._ended.append(moves)

    def fan_out_closed(self, offer: Offer, drop_us: float) -> None:
        self._close_ended()

    def _close_ended(self) -> None:
        for moves in self._ended:
            self._move(moves.close)
        self._ended.clear()

    def run_ended(self, command: EndRun) -> None:
        self._close_ended()
        for moves in self._kept.values():
            self._move(moves.drop)
        self._kept.clear()
        self._move(self._charges.beginning(self.ref)[1])

    def _move(self, code: int, item: int = NO_ITEM) -> None:
        self._accounts.moved(code, self._now(), self._mark + item)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of cycle {self._mark >> CYCLE_BITS}>"


class CalledLedger(RunLedger):
    """That of a sub-workflow: what happens in it has the `mark` of the item that called it. With its end all that it holds is let go, also where
    its time was up in the middle."""

    def __init__(
        self,
        charges: Charges,
        accounts: Accounts,
        now: Callable[[], float],
        mark: int,
        ref: str,
        run: int,
        called: dict[int, RunLedger],
    ) -> None:
        super().__init__(charges, accounts, now, mark)
        self.ref, self._run, self._called = ref, run, called
        self._held: Counter[int] = Counter()

    def _noting(self) -> tuple[Callable[[StartAction], None], Callable[[ActionEnded], None]]:
        def action_ended(event: ActionEnded) -> None:
            moves = self._open[event.task]
            if event.attempt or event.outcome != "succeeded":
                self._tried(event, moves)
            else:
                self._move(moves.done)

        return self.begun, action_ended

    def sub_workflow_started(self, call: StartAction, run: int) -> object:
        return self._calls(call, run, self._mark)

    def run_ended(self, command: EndRun) -> None:
        del self._called[self._run]
        self._accounts.moved(self._accounts.taken_back(self._held), self._now(), self._mark)

    def _move(self, code: int, item: int = NO_ITEM) -> None:
        self._held[code] += 1
        self._accounts.moved(code, self._now(), self._mark)


def _item_of(event: ActionEnded | AttemptLost) -> int:
    return NO_ITEM if event.index is None else event.index
