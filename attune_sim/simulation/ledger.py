"""The ledger: what each strategy would hold at every moment of a simulation, charged by prices, for all of them at once.

The simulation itself runs under one strategy. What happens in it (a fan-out opens, an attempt begins or ends, a task stores its result, a run
is over) is the same under all of them; what it takes is not, and stands in `prices`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Any, Final, Literal

from attune_sim.errors import InputError
from attune_sim.simulation.accounts import Accounts, Death, Move, grained
from attune_sim.simulation.charging import CYCLE_BITS, NO_ITEM, RunLedger, TaskMoves
from attune_sim.simulation.prices import Prices, TaskPrice
from attune_sim.simulation.stations import Columns

_FREE: Final = TaskPrice()


class Ledger:
    """Watches a simulation (`attune_sim.simulation.cycles.Watcher`) and charges it to every strategy that has a price.

    `memory_bytes` is what one process may take that runs all cycles (its address space, which is what limits count; None: as much as it
    wants). Forks live from the opening of their fan-out to its closing if `dispatch` is eager, and as long as their attempts if it is
    windowed. What sub-workflows hold is charged as long as they are under way. `unpriced` are tasks of which no price is known.

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
        self._begun: dict[str, tuple[int, int]] = {}
        self._tasks: dict[int, str] = {}  # by the code of a move
        self._now: Callable[[], float] = float

    def begin(self, now: Callable[[], float]) -> None:
        self._now = now

    def cycle(self, number: int) -> RunLedger:
        return RunLedger(self, self._accounts, self._now, number << CYCLE_BITS)

    # -- what is charged -----------------------------------------------------------------------------------------------

    def beginning(self, ref: str) -> tuple[int, int]:
        """The moves by which a run begins, and is over: of the workflow itself, or of the sub-workflow that is called by this ref."""
        if ref not in self._begun:
            bytes_of = [one.begins.get(ref, 0.0) if ref else one.begin for one in self._prices]
            begin, code = list(map(grained, bytes_of)), self._accounts.code_of
            self._begun[ref] = code(Move(begin)), code(Move(_less(begin)))
        return self._begun[ref]

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

        def code(move: Move) -> int:
            number = self._accounts.code_of(move)
            self._tasks[number] = task
            return number

        stay = self._eager and not (plain or calls)
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
        """One row a strategy: columns strategy, time_s, cycle, task, item (None where it lives; the item is the first one that has no room, of a
        sub-workflow the one that called it; None where it is not an item that takes it), peak_bytes, peak_s, peak_cycle (of the process, as if there were no limit), heap_bytes (live heap at the peak),
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
            "task": None if death is None else self._tasks.get(death.code),
            "item": item,
            "peak_bytes": self._prices[account].process.holds(peak.bytes),
            "peak_s": peak.time_s,
            "peak_cycle": max(0, peak.mark >> CYCLE_BITS),
            "heap_bytes": peak.bytes,
            "limit_bytes": self._limit,
        }

    def __repr__(self) -> str:
        limit = "no limit" if self._limit is None else f"{self._limit:,.0f} bytes"
        return f"<Ledger of {', '.join(self.strategies)}, {limit}>"


def _reasons(missing: Mapping[str, str]) -> str:
    return "".join(f"; {name}: {why}" for name, why in missing.items())


def _place_of(death: Death) -> tuple[int, int | None]:
    """Cycle and item of a death."""
    cycle, item = divmod(death.mark, 1 << CYCLE_BITS)
    return cycle, death.fitted if item == NO_ITEM else item


def _less(amounts: Iterable[float]) -> list[float]:
    return [-one for one in amounts]


def _sum(*parts: Sequence[float]) -> list[float]:
    return [sum(each) for each in zip(*parts, strict=True)]
