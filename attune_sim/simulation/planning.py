"""The search for the cheapest setting that meets goals. It simulates nothing itself: `evaluate` tells what a setting comes to.

One evaluation tells of all strategies at once, for the ledger charges all of them; so the search goes over windows, workers and batches only. It rests on a
wider window and more workers making no cycle slower: a ladder of windows, each twice the one before, finds the first that is quick enough, bisection the least,
and of that bisection the fewest workers. Chance may break that order a little, and memory and rate limits may speak against a wider window; so the search ends
with steps to neighbours for as long as one of them is cheaper and meets the goals. What it picks is cheaper than every neighbour that meets them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Final

from attune_sim.simulation.goals import Goal

_NOT_TIME: Final = frozenset({"memory", "cost"})
STEPS: Final = 200
"""Steps to neighbours, which each make it cheaper; so many are never needed, and an end there must be."""


@dataclass(frozen=True, slots=True, order=True)
class Setup:
    """What can be chosen beside the strategy. `workers` of `slots` each serve attempts (0 of them: all that begin are served at once),
    `window` items are under way at once, in batches of `batch` (0: as the workflow says)."""

    workers: int
    window: int
    slots: int = 1
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """What a setup comes to under one strategy: figure -> value, the worst of so many `seeds`."""

    setup: Setup
    strategy: str
    values: Mapping[str, float]
    seeds: int = 1

    def worst(self, others: Sequence[Trial]) -> Trial:
        """With those of other seeds: of each figure the highest value, for less is better of all of them."""
        every = (self, *others)
        values = {name: max(one.values[name] for one in every) for name in self.values}
        return replace(self, values=values, seeds=sum(one.seeds for one in every))

    @property
    def cost(self) -> float:
        """In a day."""
        return self.values["cost"]

    def misses(self, goals: Iterable[Goal]) -> tuple[Goal, ...]:
        """The goals that it does not meet."""
        return tuple(goal for goal in goals if not goal.holds(self.values[goal.figure]))

    @property
    def rank(self) -> tuple[Any, ...]:
        """What is cheaper comes first; of what costs the same, that which more seeds stand behind, then the quicker one, that with less memory, fewer
        workers, a smaller window."""
        return (
            self.cost,
            -self.seeds,
            self.values["cycle_p99"],
            self.values["memory"],
            self.setup,
            self.strategy,
        )


Evaluate = Callable[[Setup], Sequence[Trial]]


@dataclass(frozen=True, slots=True)
class Space:
    """The settings that are searched: from the least to the most of `windows` and `workers`, and any of `slots` and `batches`."""

    windows: tuple[int, int]
    workers: tuple[int, int] = (0, 0)
    slots: tuple[int, ...] = (1,)
    batches: tuple[int, ...] = (0,)

    def setup(self, window: int, slots: int, batch: int) -> Setup:
        """A window, with as many workers as have a slot for each of it."""
        least, most = self.workers
        return Setup(max(least, min(most, -(-window // slots))), window, slots, batch)

    def __contains__(self, setup: Setup) -> bool:
        return (
            self.windows[0] <= setup.window <= self.windows[1]
            and self.workers[0] <= setup.workers <= self.workers[1]
            and setup.slots in self.slots
            and setup.batch in self.batches
        )

    def neighbours(self, setup: Setup) -> Iterator[Setup]:
        """One more or less of each, a tenth more or less, a worker with its slots, and the next of slots and batches."""
        tenth, crew = max(2, setup.window // 10), max(2, setup.workers // 10)
        changes = [
            *(replace(setup, window=setup.window + step) for step in (-1, 1, -tenth, tenth)),
            *(replace(setup, workers=setup.workers + step) for step in (-1, 1, -crew, crew)),
            *(replace(setup, workers=setup.workers + step, window=setup.window + step * setup.slots) for step in (-1, 1)),
            *(replace(setup, slots=slots) for slots in _beside(setup.slots, self.slots)),
            *(replace(setup, batch=batch) for batch in _beside(setup.batch, self.batches)),
        ]  # fmt: skip
        yield from (one for one in dict.fromkeys(changes) if one in self and one != setup)


def _beside(value: int, known: Sequence[int]) -> Iterator[int]:
    place = known.index(value)
    yield from (*known[max(0, place - 1) : place], *known[place + 1 : place + 2])


def search(
    space: Space,
    goals: Sequence[Goal],
    evaluate: Evaluate,
    confirm: Callable[[Setup], bool] = lambda setup: False,
) -> Trial | None:
    """The cheapest setting that meets all goals, which no neighbour betters; None where nothing that was tried meets them.

    `confirm` looks closer at a setup that is to be picked, and says whether it had not done so before: then `evaluate` tells anew what it comes to, and the
    search goes on.

    >>> def evaluate(setup):
    ...     values = {"cycle_p99": 100 / setup.window, "cost": float(setup.window), "memory": 0.0}
    ...     return [Trial(setup, "shared", values)]
    >>> search(Space((1, 64)), [Goal("cycle_p99 < 7s", "cycle_p99", 7.0)], evaluate).setup.window
    15
    """
    tried: dict[Setup, Sequence[Trial]] = {}

    def trials(setup: Setup) -> Sequence[Trial]:
        if setup not in tried:
            tried[setup] = evaluate(setup)
        return tried[setup]

    timely = [goal for goal in goals if goal.figure not in _NOT_TIME]

    def is_quick(setup: Setup) -> bool:
        return any(not trial.misses(timely) for trial in trials(setup))

    for slots in space.slots:
        for batch in space.batches:
            _narrow(space, slots, batch, is_quick)
    for _ in range(STEPS):
        pick = _best((trial for found in tried.values() for trial in found), goals)
        if pick is None:
            return None
        around = [trial for one in space.neighbours(pick.setup) for trial in trials(one)]
        if _best((pick, *around), goals) is not pick:
            continue
        if not confirm(pick.setup):
            break
        tried[pick.setup] = evaluate(pick.setup)
    return pick


def _narrow(space: Space, slots: int, batch: int, is_quick: Callable[[Setup], bool]) -> None:
    """Try a ladder of windows, the least that is quick, and with that the fewest workers."""
    rungs = ladder(*space.windows)
    quick = [is_quick(space.setup(window, slots, batch)) for window in rungs]
    if True not in quick:
        return
    place = quick.index(True)
    low, high = (rungs[place - 1] + 1 if place else rungs[0]), rungs[place]
    window = least(lambda window: is_quick(space.setup(window, slots, batch)), low, high)
    setup = space.setup(window, slots, batch)
    least(lambda workers: is_quick(replace(setup, workers=workers)), space.workers[0], setup.workers)


def _best(trials: Iterable[Trial], goals: Sequence[Goal]) -> Trial | None:
    return min((one for one in trials if not one.misses(goals)), key=lambda one: one.rank, default=None)


def ladder(low: int, high: int) -> list[int]:
    """From the least to the most, each twice the one before.

    >>> ladder(1, 10), ladder(3, 3)
    ([1, 2, 4, 8, 10], [3])
    """
    rungs = [low]
    while rungs[-1] * 2 < high:
        rungs.append(rungs[-1] * 2)
    return rungs if high == low else [*rungs, high]


def least(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The least number between two, of which the higher one holds, from which on it holds: by bisection.

    >>> least(lambda n: n * n >= 50, 0, 100)
    8
    """
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def most(holds: Callable[[int], bool], start: int, end: int, precision: float = 0.01) -> int | None:
    """The largest number at which it still holds, from `start`, where it does, to within a share of it: by doubling, then bisection. None where it
    still holds at `end`.

    >>> most(lambda n: n <= 3200, 100, 1_000_000, precision=0), most(lambda n: True, 100, 1_000)
    (3200, None)
    """
    low = high = start
    while True:
        high = min(2 * low, end)
        if not holds(high):
            break
        if high >= end:
            return None
        low = high
    while high - low > max(1, precision * low):
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


FRONT: Final = ("cost", "cycle_p99", "memory")
"""The figures of which a frontier is made."""


def frontier(trials: Iterable[Trial]) -> list[Trial]:
    """The settings of which no other one is better in one of cost, p99 of a cycle and memory and not worse in the others: by cost."""
    kept: list[tuple[tuple[float, ...], Trial]] = []
    for trial in sorted(trials, key=lambda one: one.rank):
        point = tuple(trial.values[name] for name in FRONT)
        if all(map(isfinite, point)) and not any(
            all(a <= b for a, b in zip(other, point, strict=True)) for other, _ in kept
        ):
            kept.append((point, trial))
    return [trial for point, trial in kept if not any(_beats(other, point) for other, _ in kept)]


def _beats(one: Sequence[float], other: Sequence[float]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
