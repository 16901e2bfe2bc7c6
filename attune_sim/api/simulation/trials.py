"""What a setting comes to: one simulation of it, charged to all strategies, in the figures that goals are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

from attune_sim.api.showing.counting import Count
from attune_sim.api.showing.telling import Telling
from attune_sim.api.simulation.asked import Asked
from attune_sim.api.simulation.freight import ContextFreight, with_freight
from attune_sim.api.simulation.seeded import Charged, Seeded
from attune_sim.errors import InputError
from attune_sim.scenarios.origin import main_fan_out
from attune_sim.scenarios.workload import Workload
from attune_sim.simulation.planning import Setup, Trial
from attune_sim.simulation.prices import Prices
from attune_sim.simulation.rates import DAY_S, Rates
from attune_sim.simulation.stations import Columns
from attune_sim.simulation.workers.crew import Crew
from attune_sim.simulation.workers.setting import Workers

AskedOf = Callable[[Setup, int | None], Asked]
"""A setup, and another number of items (None: those that were asked for) -> what is simulated."""


@dataclass
class Trials:
    """Simulates setups, each once, with the first of the `seeds`; one that is to be confirmed with all of them. `made` is all that was tried in the size that was asked for, `prices` what memory was charged by, by size of a
    batch."""

    asked_of: AskedOf
    prices_of: Callable[[Asked, Telling], Prices]
    rates: Rates
    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        self.prices: dict[int, Prices] = {}
        self._known: dict[tuple[Setup, int | None], list[Trial]] = {}
        self._confirmed: set[Setup] = set()
        self._simulated = 0
        self.tell(Telling(False), lambda number: None)

    def tell(self, telling: Telling, counted: Count) -> None:
        """Say from now on to `telling` what is weighed, and to `counted` how many simulations there were."""
        self._telling, self._counted = telling, counted

    @property
    def made(self) -> list[Trial]:
        """All trials in the size that was asked for, in the order in which they were made."""
        return [trial for (_, items), found in self._known.items() if items is None for trial in found]

    def __call__(self, setup: Setup, items: int | None = None) -> list[Trial]:
        """One trial a strategy. Raises KeyboardInterrupt where Ctrl-C ended the simulation, InputError for what cannot be simulated."""
        key = setup, items
        if key not in self._known:
            self._known[key] = self._made(setup, items, self.seeds[0])
        return self._known[key]

    def confirm(self, setup: Setup) -> bool:
        """Simulate it with all seeds: what it comes to is the worst of them. Says whether that is new."""
        if setup in self._confirmed:
            return False
        others = [self._made(setup, None, seed) for seed in self.seeds[1:]]
        self._confirmed.add(setup)  # not before: whoever stops it in between has not seen it confirmed
        same = zip(self(setup), *others, strict=True)
        self._known[setup, None] = [first.worst(more) for first, *more in same]
        return True

    def _made(self, setup: Setup, items: int | None, seed: int) -> list[Trial]:
        self._simulated += 1
        self._counted(self._simulated)
        asked = self.asked_of(setup, items)
        if setup.batch not in self.prices:
            self.prices[setup.batch] = self.prices_of(asked, self._telling)
        prices = self.prices[setup.batch]
        (setting,) = _with_context(asked, prices).settings([seed])
        seeded = Charged(prices, None, keeps_course=False)(setting)
        if seeded.ended == "interrupted":
            raise KeyboardInterrupt
        times, days = _times(seeded), (asked.setting.duration_s or DAY_S) / DAY_S
        shipped = float(sum(seeded.workers.get("shipped_bytes", ())))
        rows = zip(
            seeded.deaths["strategy"], seeded.deaths["heap_bytes"], seeded.deaths["peak_bytes"], strict=True
        )
        return [
            self._trial(setup, strategy, times, _room(prices, strategy, heap, peak), shipped, days)
            for strategy, heap, peak in rows
        ]  # fmt: skip

    def _trial(
        self,
        setup: Setup,
        strategy: str,
        times: Mapping[str, float],
        memory: float,
        shipped: float,
        days: float,
    ) -> Trial:
        # Without workers the process serves everything, and is the one that is paid for.
        cost = self.rates.a_day(
            workers=setup.workers or 1, slots=setup.slots, memory_bytes=memory, shipped_bytes=shipped / days
        )
        values = {**times, "memory": memory, "cost": cost, "shipped_bytes": shipped / days}
        return Trial(setup, strategy, values)

    def __repr__(self) -> str:
        return f"<Trials: {len(self._known)} made, {len(self._confirmed)} of them confirmed>"


def _with_context(asked: Asked, prices: Prices) -> Asked:
    """The context travels to workers also where nothing bounds how fast: what is shipped is paid for."""
    asked = with_freight(asked, prices)
    crew = asked.setting.stations
    if not isinstance(crew, Crew) or crew.freight is not None:
        return asked
    freight = ContextFreight(float(asked.workload.context_bytes))
    return replace(asked, setting=replace(asked.setting, stations=replace(crew, freight=freight)))


def _room(prices: Prices, strategy: str, heap: float, peak: float) -> float:
    """The least limit under which it lives: limits count address space, and nobody gets by with less than what is resident."""
    process = prices[strategy].process
    return max(peak, process.space + process.space_each * heap)


def _times(seeded: Seeded) -> dict[str, float]:
    """The figures that are the same under all strategies, as `Simulation.frame` has them."""
    import numpy as np

    cycles = seeded.cycles
    took = [end - due for due, end in zip(cycles["due_s"], cycles["ended_s"], strict=True) if end is not None]
    whole = seeded.ended == "finished" and bool(took)
    over = sum(sum(cycles[name]) for name in ("succeeded", "failed", "timed_out", "cancelled"))
    p50, p99 = np.quantile(took, [0.5, 0.99]).tolist() if whole else (inf, inf)
    return {
        "cycle_p50": p50,
        "cycle_p99": p99,
        "cycle_max": max(took) if whole else inf,
        "wait_p99": seeded.waits.get("wait_p99_s", 0.0),
        "late": _late(cycles) if whole else 1.0,
        "skipped": float(sum(cycles["skipped"])),
        "failed_items": (over - sum(cycles["succeeded"])) / over if over else 0.0,
    }


def _late(cycles: Columns) -> float:
    """The share of cycles that were under way when the next one was due."""
    rows = list(zip(cycles["due_s"][1:], cycles["ended_s"], cycles["skipped"], strict=False))
    late = [end is None or end > following for following, end, skipped in rows if not skipped]
    return sum(late) / len(late) if late else 0.0


# -- what can be chosen ------------------------------------------------------------------------------------------------

MOST_AT_ONCE: Final = 4096
"""Windows are searched up to here where nobody says how far."""


def kind_of(workers: Workers | None, setup: Setup) -> Workers | None:
    """Workers as they were given, so many and with so many slots."""
    return None if workers is None else replace(workers, count=setup.workers, slots=setup.slots)


def with_batch(workload: Workload, size: int) -> Workload:
    """The workload with so many items in a batch of its main fan-out (0: as it says).

    Raises InputError for a scenario, whose actions take one item each, and where there is no fan-out.
    """
    if not size:
        return workload
    if workload.scenario is not None:
        raise InputError(
            f"batch_sizes (--batch-size): the actions of {workload.name!r} take one item each; batches are for workflows of your own"
        )
    main = main_fan_out(workload.workflow)
    if main is None:
        raise InputError(f"batch_sizes (--batch-size): {workload.name!r} has no fan-out (with_items)")

    def changed(workflow: Any) -> Any:
        return workflow.changed(
            lambda task: replace(task, batch_size=size) if task.name == main.name else task
        )

    user = workload.user and replace(workload.user, definition=changed(workload.user.definition))
    return replace(workload, workflow=changed(workload.workflow), user=user)


def bounds(given: int | str | Sequence[int] | None, what: str, default: tuple[int, int]) -> tuple[int, int]:
    """The least and the most that may be chosen: `20` is fixed, `5..500` a range.

    Raises InputError, with the text, for what is none.

    >>> bounds("5..500", "concurrency", (1, 9)), bounds(20, "concurrency", (1, 9)), bounds(None, "concurrency", (1, 9))
    ((5, 500), (20, 20), (1, 9))
    >>> bounds("few", "concurrency", (1, 9))
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: concurrency 'few' is no number of 1 or more and no range; write for example 20, or 5..500
    """
    if given is None:
        return default
    parts: list[Any] = (
        given.split("..") if isinstance(given, str) else [given] if isinstance(given, int) else [*given]
    )
    try:
        low, high = int(parts[0]), int(parts[-1])
    except (ValueError, TypeError, IndexError):
        low, high = 0, 0
    if isinstance(given, bool) or len(parts) > 2 or not 1 <= low <= high:
        raise InputError(
            f"{what} {given!r} is no number of 1 or more and no range; write for example 20, or 5..500"
        )
    return low, high
