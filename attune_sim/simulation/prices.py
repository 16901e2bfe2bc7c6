"""What things cost in memory under each strategy: the prices that a ledger charges. Data, measured elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import inf, log
from typing import Any, Final, NamedTuple

GROWS: Final = 0.1
"""Per cent that bytes grow with each per cent of items: below it they do not depend on them."""


class Line(NamedTuple):
    """Bytes over the items of a fan-out: `fixed`, and `each` for every item. Never below 0.

    >>> Line(1000.0, 2.5).at(100), Line.through([(10, 50.0), (20, 70.0)]), Line(5.0, -1.0).at(10)
    (1250.0, Line(fixed=30.0, each=2.0), 0.0)
    """

    fixed: float = 0.0
    each: float = 0.0

    def at(self, items: int) -> float:
        return max(0.0, self.fixed + self.each * items)

    @classmethod
    def level(cls, points: list[tuple[int, float]]) -> Line:
        """What does not grow with the items, or along the line through the points if it clearly does: what is read off a few items moves a
        little, and a line through that would go anywhere.

        >>> Line.level([(32, 100.0), (128, 104.0)]), Line.level([(100, 5000.0), (200, 9000.0)])
        (Line(fixed=104.0, each=0.0), Line(fixed=1000.0, each=40.0))
        """
        (small, low), (large, high) = points[0], points[-1]
        if large == small or min(low, high) <= 0 or log(high / low) < GROWS * log(large / small):
            return cls(high)
        return cls.through(points)

    @classmethod
    def through(cls, points: list[tuple[int, float]]) -> Line:
        """Through the first and the last of some points, in the order of their items; a single one is the same for all items."""
        (small, low), (large, high) = points[0], points[-1]
        each = (high - low) / (large - small) if large != small else 0.0
        return cls(high - each * large, each)


NOTHING: Final = Line()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPrice:
    """What one visit of a task holds, in bytes of live heap, over the items of its fan-out (1 for a plain task).

    `opening` is there from the moment at which the fan-out is open until it is closed, beside its forks: its slots and lists. A `fork` lives as long as its
    attempt, or, eager, as long as the fan-out is open; `record` is what each item that ended leaves behind. `storing` comes on top as the task
    ends: the aggregate, and a strategy's own copy of it. `kept` is what is left once all is closed, until the run ends. `workspace` is
    the address space that making a fork takes for a moment beside the fork.

    `fork_us` and `render_us` are microseconds of the processor for one item's fork and input (None: not known). No simulated time has them in it.
    """

    fork: Line = NOTHING
    opening: Line = NOTHING
    record: Line = NOTHING
    storing: Line = NOTHING
    kept: Line = NOTHING
    workspace: Line = NOTHING
    fork_us: float | None = None
    render_us: float | None = None

    @property
    def item_us(self) -> float | None:
        """What the engine itself works for an item, in microseconds; None where that is not known."""
        return None if self.fork_us is None or self.render_us is None else self.fork_us + self.render_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What the process takes beside the live heap of its runs, in bytes: `resident` before them, and of its address `space`, which is
    what a limit counts; `resident_each` and `space_each` for every byte of live heap: allocators take whole pages."""

    resident: float = 0.0
    space: float = 0.0
    resident_each: float = 1.0
    space_each: float = 1.0

    def holds(self, heap: float) -> float:
        """Resident bytes of the whole process with so much live heap."""
        return self.resident + self.resident_each * heap

    def room(self, memory_bytes: float | None) -> float:
        """Bytes of live heap that a limit leaves; without one, any number."""
        return inf if memory_bytes is None else (memory_bytes - self.space) / self.space_each


ALONE: Final = Process()
"""Nothing is known of the process: only its live heap counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyPrices:
    """The prices of one strategy: `begin` is what a run holds before its first task (parameters, history, the first context), `begins` what a
    sub-workflow does, by its ref. Tasks of sub-workflows are named behind that (`attune_sim.simulation.subworkflows`)."""

    begin: float = 0.0
    tasks: Mapping[str, TaskPrice] = field(default_factory=dict)
    begins: Mapping[str, float] = field(default_factory=dict)
    process: Process = ALONE


@dataclass(frozen=True, slots=True)
class Prices(Mapping[str, StrategyPrices]):
    """Strategy -> its prices. `basis` says in a few words what they rest on; `missing` says of strategies why they have none.

    >>> Prices({"shared": StrategyPrices()}, basis="made up")
    <Prices of shared: made up>
    """

    by_strategy: Mapping[str, StrategyPrices]
    basis: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)

    def only(self, *names: str) -> Prices:
        """Those of some strategies, in that order. Raises `KeyError` for one that has none."""
        return Prices({name: self.by_strategy[name] for name in names}, self.basis, self.missing)

    def joined(self, others: Prices) -> Prices:
        """With those of others, which do not win over these."""
        basis = "; ".join(dict.fromkeys(text for text in (self.basis, others.basis) if text))
        found = {**others.by_strategy, **self.by_strategy}
        missing = {name: why for name, why in {**others.missing, **self.missing}.items() if name not in found}
        return Prices(found, basis, missing)

    def as_row(self) -> dict[str, Any]:
        """As JSON."""
        row: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # lines become lists
        return row

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Prices:
        """What `as_row` wrote. Raises `KeyError` or `TypeError` for what it did not.

        >>> prices = Prices({"shared": StrategyPrices(tasks={"check": TaskPrice(fork=Line(56.0))})}, basis="made up")
        >>> Prices.of_row(prices.as_row()) == prices
        True
        """
        found = {name: _read(one) for name, one in row["by_strategy"].items()}
        return cls(found, row["basis"], row["missing"])

    def __getitem__(self, name: str) -> StrategyPrices:
        return self.by_strategy[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_strategy)

    def __len__(self) -> int:
        return len(self.by_strategy)

    def __repr__(self) -> str:
        return f"<Prices of {', '.join(self)}: {self.basis}>"


def _read(row: Mapping[str, Any]) -> StrategyPrices:
    return StrategyPrices(
        begin=row["begin"],
        tasks={task: _read_task(price) for task, price in row["tasks"].items()},
        begins=row.get("begins", {}),
        process=Process(**row["process"]),
    )


def _read_task(price: Mapping[str, Any]) -> TaskPrice:
    values: dict[str, Any] = {
        name: Line(*value) if isinstance(value, list) else value for name, value in price.items()
    }
    return TaskPrice(**values)
