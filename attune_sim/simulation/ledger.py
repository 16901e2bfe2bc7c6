"""The ledger: what each strategy would hold at every moment of a simulation, charged by prices, for all of them at once.

The simulation itself runs under one strategy. What happens in it (a fan-out opens, an attempt begins or ends, a task stores its result, a run
is over) is the same under all of them; what it takes is not, and stands in `prices`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Literal

from attune_sim.engine.events import ActionEnded, EndRun, StartAction
from attune_sim.engine.offer import Offer
from attune_sim.errors import InputError
from attune_sim.simulation.accounts import AT_ONCE, Accounts, Death, Move, grained
from attune_sim.simulation.prices import Prices, TaskPrice
from attune_sim.simulation.stations import Columns

_CYCLE_BITS: Final = 32
_NO_ITEM: Final = (1 << _CYCLE_BITS) - 1
"""The item of a moment that belongs to none."""

_FREE: Final = TaskPrice()


class Ledger:
    """Watches a simulation (`attune_sim.simulation.cycles.Watcher`) and charges it to every strategy that has a price.

    `memory_bytes` is what one process may take that runs all cycles (its address space, which is what limits count; None: as much as it
    wants). Forks live from the opening of their fan-out to its closing if `dispatch` is eager, and as long as their attempts if it is
    windowed. Attempts in sub-workflows are not told to observers and not charged. `unpriced` are tasks of which no price is known.

    Raises `InputError` for a limit below 1, and if no strategy has a price.
    """

    def __init__(
        self,
        prices: Prices,
        *,
        dispatch: Literal["eager", "windowed"] = "windowed",
        memory_bytes: float | None = None,
        bins: int = 512,
    ) -> None:
        if memory_bytes is not None and not memory_bytes >= 1:
            raise InputError(f"memory: a limit is a number of bytes above 0, not {memory_bytes!r}")
        if not prices:
            raise InputError(f"prices: no strategy has any{_reasons(prices.missing)}")
        self.strategies = tuple(prices)
        self.unpriced: set[str] = set()
        self._prices, self._eager, self._limit = (
            [prices[name] for name in prices],
            dispatch == "eager",
            memory_bytes,
        )
        rooms = [one.process.room(memory_bytes) for one in self._prices]
        self._accounts = Accounts(rooms, bins)
        self._known: dict[tuple[str, int, bool, bool], TaskMoves] = {}
        begin, code = [grained(one.begin) for one in self._prices], self._accounts.code_of
        self.beginning = code(Move(begin)), code(Move(_less(begin)))
        self._now: Callable[[], float] = float

    def begin(self, now: Callable[[], float]) -> None:
        self._now = now

    def cycle(self, number: int) -> CycleLedger:
        return CycleLedger(self, self._accounts, self._now, number)

    # -- what is charged -----------------------------------------------------------------------------------------------

    def moves_of(self, task: str, items: int, *, plain: bool = True, calls: bool = False) -> TaskMoves:
        """What happens in a visit of a task with so many items, as moves. One that `calls` sub-workflows lets go of its forks at once."""
        key = task, items, plain, calls
        if key not in self._known:
            self._known[key] = self._made(*key)
        return self._known[key]

    def _made(self, task: str, items: int, plain: bool, calls: bool) -> TaskMoves:
        found = [one.tasks.get(task) for one in self._prices]
        if all(price is None for price in found):
            self.unpriced.add(task)
        prices = [price or _FREE for price in found]

        def at(name: str, charged: bool = True) -> list[float]:
            return [grained(getattr(price, name).at(items)) if charged else 0.0 for price in prices]

        stay, code = self._eager and not (plain or calls), self._accounts.code_of
        fork, passing, record = at("fork", not calls), at("workspace", not calls), at("record", not plain)
        once = at("fork", not (calls or stay))
        kept, forks = at("kept"), [items * one for one in fork] if stay else at("fork", False)
        opening, storing, records = at("opening"), at("storing"), [items * one for one in record]
        start, done = code(Move(once, None if stay else passing)), code(Move(_sum(record, _less(once))))
        self._accounts.join(done, start, code(Move(record, None if stay else passing)))
        return TaskMoves(
            open=code(Move(opening)),
            forks=code(Move(forks, passing, items, fork)) if stay else None,
            start=start,
            again=code(Move(fork, passing)),
            done=done,
            done_again=code(Move(_sum(record, _less(fork)))),
            failed=code(Move(_less(once))),
            failed_again=code(Move(_less(fork))),
            record=code(Move(record)),
            store=code(Move(storing)),
            close=code(Move(_sum(kept, _less(_sum(opening, forks, records, storing))))),
            drop=code(Move(_less(kept))),
        )

    # -- what came of it -----------------------------------------------------------------------------------------------

    def memory(self) -> Columns:
        """Resident bytes of the process under each strategy, the least and the most in each stretch of time: columns strategy, time_s, low_bytes,
        high_bytes. A strategy has no rows after its death."""
        self._accounts.settle()
        times, low, high = self._accounts.course()
        columns: dict[str, list[Any]] = {"strategy": [], "time_s": [], "low_bytes": [], "high_bytes": []}
        for account, (name, price) in enumerate(zip(self.strategies, self._prices, strict=True)):
            death = self._accounts.deaths[account]
            number = len(times) if death is None else int((times <= death.time_s).sum())
            most = inf if death is None else price.process.room(self._limit)
            columns["strategy"] += [name] * number
            columns["time_s"] += times[:number].tolist()
            for side, held in (("low_bytes", low), ("high_bytes", high)):
                columns[side] += [
                    price.process.holds(min(one, most)) for one in held[account, :number].tolist()
                ]
        return columns

    def deaths(self) -> Columns:
        """One row a strategy: columns strategy, time_s, cycle, task, item (None where it lives; the item is the first one that has no room, None
        where it is not an item that takes it), peak_bytes, peak_s, peak_cycle (of the process, as if there were no limit), heap_bytes (live heap at the peak),
        limit_bytes."""
        self._accounts.settle()
        rows = [self._row(account) for account in range(len(self.strategies))]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _row(self, account: int) -> Mapping[str, Any]:
        peak, death = self._accounts.peaks[account], self._accounts.deaths[account]
        cycle, item = (None, None) if death is None else _place_of(death)
        return {
            "strategy": self.strategies[account],
            "time_s": None if death is None else death.time_s,
            "cycle": cycle,
            "item": item,
            "peak_bytes": self._prices[account].process.holds(peak.bytes),
            "peak_s": peak.time_s,
            "peak_cycle": max(0, peak.mark >> _CYCLE_BITS),
            "heap_bytes": peak.bytes,
            "limit_bytes": self._limit,
        }

    def __repr__(self) -> str:
        limit = "no limit" if self._limit is None else f"{self._limit:,.0f} bytes"
        return f"<Ledger of {', '.join(self.strategies)}, {limit}>"


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


class CycleLedger:
    """An observer of one run: notes what happens in it, as moves of a ledger."""

    __slots__ = (
        *("_accounts", "_ended", "_failed", "_kept", "_ledger", "_mark_of", "_now", "_open"),
        *("action_ended", "calling"),
    )

    def __init__(self, ledger: Ledger, accounts: Accounts, now: Callable[[], float], number: int) -> None:
        self._ledger, self._accounts, self._now = ledger, accounts, now
        self._mark_of = number << _CYCLE_BITS
        self._open: dict[str, TaskMoves] = {}
        self._ended: list[TaskMoves] = []
        self._kept: dict[str, TaskMoves] = {}
        self._failed: set[tuple[str, int]] = set()  # attempts that ended, and may be followed by another one
        self.calling, self.action_ended = self._noting()

    def _noting(self) -> tuple[Callable[[StartAction], None], Callable[[ActionEnded], None]]:
        """What notes the start and the end of attempts: there are two of them for every item, so what they need is looked up once."""
        opened, now, mark_of = self._open, self._now, self._mark_of
        begun_again, tried, settle = self._begun_again, self._tried, self._accounts.settle
        codes, times, marks = self._accounts.codes, self._accounts.times, self._accounts.marks

        def calling(command: StartAction) -> None:
            offer = command.offer
            if offer.run:
                return
            moves, mark = opened[offer.task], mark_of + (_NO_ITEM if offer.plain else command.slot)
            if command.attempt:
                begun_again(command, moves, mark)
            else:
                codes.append(moves.start)
                times.append(now())
                marks.append(mark)

        def action_ended(event: ActionEnded) -> None:
            moves, index = opened[event.task], event.index
            if event.attempt or event.outcome != "succeeded":
                tried(event, moves)
                return
            codes.append(moves.done)
            times.append(event.ended)
            marks.append(mark_of + (_NO_ITEM if index is None else index))
            if len(codes) >= AT_ONCE:
                settle()

        return calling, action_ended

    def run_started(self, workflow: Any, context: Any) -> None:
        self._move(self._ledger.beginning[0])

    def fan_out_opened(self, offer: Offer) -> None:
        # The fan-out before it is let go of before anything of this one is made, though that is told later.
        self._close_ended()
        moves = self._ledger.moves_of(offer.task, len(offer.items), plain=offer.plain, calls=offer.calls)
        self._open[offer.task] = moves
        self._move(moves.open)
        if moves.forks is not None:
            self._move(moves.forks)

    def _begun_again(self, command: StartAction, moves: TaskMoves, mark: int) -> None:
        """An attempt that is not the first one; if nobody told of the end of that before it, it was lost with its worker."""
        key = command.task, command.slot
        if key not in self._failed:
            self._accounts.moved(
                moves.failed if command.attempt == 1 else moves.failed_again, self._now(), mark
            )
        self._failed.discard(key)
        self._accounts.moved(moves.again, self._now(), mark)

    def _tried(self, event: ActionEnded, moves: TaskMoves) -> None:
        """An attempt that is not the only one of its item, or did not succeed."""
        if event.outcome == "cancelled" and event.started == event.ended:
            return  # it never began
        item = _NO_ITEM if event.index is None else event.index
        if event.outcome == "succeeded":
            self._move(moves.done_again, item)
        else:
            self._failed.add((event.task, event.index or 0))
            self._move(moves.failed_again if event.attempt else moves.failed, item)

    def item_failed(self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str) -> None:
        self._failed.discard((task, index))
        self._move(self._open[task].record, index)

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        if status == "skipped":
            return
        moves = self._open.pop(task, None)
        if moves is None:  # of a group, or of one that could not start: nothing was opened
            moves = self._ledger.moves_of(task, 1)
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
        self._move(self._ledger.beginning[1])

    def _move(self, code: int, item: int = _NO_ITEM) -> None:
        self._accounts.moved(code, self._now(), self._mark_of + item)

    def __repr__(self) -> str:
        return f"<CycleLedger of cycle {self._mark_of >> _CYCLE_BITS}>"


def _reasons(missing: Mapping[str, str]) -> str:
    return "".join(f"; {name}: {why}" for name, why in missing.items())


def _place_of(death: Death) -> tuple[int, int | None]:
    """Cycle and item of a death."""
    cycle, item = divmod(death.mark, 1 << _CYCLE_BITS)
    return cycle, death.fitted if item == _NO_ITEM else item


def _less(amounts: Iterable[float]) -> list[float]:
    return [-one for one in amounts]


def _sum(*parts: Sequence[float]) -> list[float]:
    return [sum(each) for each in zip(*parts, strict=True)]
