"""A simulation, as a notebook holds it and a terminal prints it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Literal

from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.text import fitted
from attune_sim.api.showing.written import written
from attune_sim.api.simulation.asked import Asked
from attune_sim.api.simulation.seeded import Course, Seeded
from attune_sim.api.stopped import Resumable
from attune_sim.errors import InputError, counted
from attune_sim.experiment.limits import in_binary
from attune_sim.metrics import elapsed
from attune_sim.simulation.prices import Prices

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.reports import Picture, Summary

WIDTH: Final = 80


class Simulation(Resumable):
    """What comes of a workflow in simulated time. All of it is estimated; times are seconds from the begin of the simulation.

    Frames, each with the `seed` that a row belongs to: `cycles`, `items` (a random choice where there are more than `max_items`:
    `items.attrs["sampled_of"]`), `memory` and `deaths` for every strategy, `queue` and `workers` where workers were asked for,
    `checks` of laws and theories that it is held against, and `frame`, all figures in long form. Items, memory and queue are those of the first seed. `summary()` is a row a strategy,
    `distributions()` a row a figure with its interval over the seeds, `against(other)` compares two settings seed by seed.

    `asked` is what was simulated, `seeded` what is kept of each seed, `prices` what memory was charged by, `warnings` what was
    cut short, chosen or assumed.

    >>> import attune_sim as at
    >>> day = at.simulate("baseline", items=40, concurrency=10, latency="1s", every="1h", duration="1d", strategies=[])
    >>> day.cycles["duration_s"].tolist()[:2], len(day.items)
    ([4.0, 4.0], 960)
    """

    def __init__(
        self,
        asked: Asked,
        seeded: Mapping[int, Seeded],
        prices: Prices | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        self.asked, self.seeded, self.prices = asked, dict(seeded), prices
        self._warnings = tuple(warnings)
        if not self.seeded:
            raise InputError("a simulation needs the outcome of one seed at least")

    @property
    def name(self) -> str:
        """The workload."""
        return self.asked.name

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of which there is an outcome."""
        return tuple(self.seeded)

    @property
    def whole(self) -> bool:
        """Whether every seed that was asked for came to its end."""
        ended = all(one.ended in ("finished", "horizon") for one in self.seeded.values())
        return ended and len(self.seeded) == len(self.asked.seeds)

    @property
    def ok(self) -> bool:
        """Whether a strategy lives in the memory there is, and nothing was cut short."""
        return self.whole and (self.deaths.empty or bool(self.summary()["dies"].eq(0).any()))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the simulation itself, was cut short, chosen or assumed."""
        return (
            *self._complaints(),
            *self._cut_short(),
            *self._sampled(),
            *self._uncharged(),
            *self._overfull(),
            *self._worked(),
            *self._warnings,
        )

    @property
    def _first(self) -> Seeded:
        return next(iter(self.seeded.values()))

    @property
    def _course(self) -> Course:
        """Of the first seed; empty where it is missing, which a stop may bring about."""
        return self._first.course or Course()

    # -- frames --------------------------------------------------------------------------------------------------------

    @cached_property
    @readable
    def cycles(self) -> pd.DataFrame:
        """One row a cycle: due, started and ended, its status, how its items ended; columns in `attune_sim.frame`."""
        from attune_sim.frame import cycles_frame

        return cycles_frame({seed: one.cycles for seed, one in self.seeded.items()})

    @cached_property
    @readable
    def items(self) -> pd.DataFrame:
        """One row an item of the first seed that ended, or a random choice of them."""
        from attune_sim.frame import simulated_items_frame

        seed = self._first.seed
        return simulated_items_frame({seed: self._course.items}, {seed: self._course.sampled_of})

    @cached_property
    @readable
    def memory(self) -> pd.DataFrame:
        """One row a strategy and stretch of time of the first seed: the least and the most that the process held."""
        from attune_sim.frame import memory_frame

        return memory_frame({self._first.seed: self._course.memory})

    @cached_property
    @readable
    def deaths(self) -> pd.DataFrame:
        """One row a strategy: its peak, and the moment, cycle and item at which memory ran out (missing where it lives)."""
        from attune_sim.frame import deaths_frame

        return deaths_frame({seed: one.deaths for seed, one in self.seeded.items()})

    @cached_property
    @readable
    def queue(self) -> pd.DataFrame:
        """One row a stretch of time of the first seed: attempts that waited and that were served; empty without workers."""
        from attune_sim.frame import queue_frame

        return queue_frame({self._first.seed: self._course.queue})

    @cached_property
    @readable
    def workers(self) -> pd.DataFrame:
        """One row a worker: busy and idle time, attempts, what it lost and was sent; empty without workers."""
        from attune_sim.frame import workers_frame

        return workers_frame({seed: one.workers for seed, one in self.seeded.items()})

    @cached_property
    @readable
    def checks(self) -> pd.DataFrame:
        """One row a law or theory that a seed is held against: Little's law, and the mean wait for a slot with its interval of 99 %, beside what
        queueing theory expects where it fits (`holds` is missing elsewhere, `why` says why)."""
        from attune_sim.frame import checks_frame

        return checks_frame({seed: one.checks for seed, one in self.seeded.items()})

    @cached_property
    @readable
    def frame(self) -> pd.DataFrame:
        """All figures in long form: seed, strategy (empty where it does not matter), metric, unit, value, source."""
        from attune_sim.analysis.simulations import figures

        waits = {seed: one.waits for seed, one in self.seeded.items()}
        return figures(self.cycles, self.workers, self.deaths, waits)

    @readable
    def summary(self) -> pd.DataFrame:
        """One row a strategy, what lives and holds least first: peak_bytes (the highest of all seeds), limit_bytes, dies (the
        share of seeds that ran out of memory), and where the first of them did: time_s, cycle, task, item."""
        from attune_sim.analysis.simulations import priced

        return priced(self.deaths)

    @readable
    def distributions(self) -> pd.DataFrame:
        """One row a strategy and figure: mean over the seeds with its interval of 95 %, quantiles, n."""
        from attune_sim.analysis.simulations import distributions

        return distributions(self.frame)

    @readable
    def against(self, other: Simulation) -> pd.DataFrame:
        """One row a figure: by how much `other` differs from this one over the seeds of both, which met the same chances.

        Raises InputError if they have no two seeds in common.
        """
        from attune_sim.analysis.simulations import paired

        return paired(self.frame, other.frame)

    # -- plots ---------------------------------------------------------------------------------------------------------

    def plot_cycles(self, *, ax: Axes | None = None) -> Axes:
        """How long each cycle took over the time at which it was due, and what is late."""
        from attune_sim.plot import plot_cycles

        return plot_cycles(self.cycles, ax=ax)

    def plot_memory(self, *, ax: Axes | None = None) -> Axes:
        """Memory over simulated time, a line a strategy, with the limit and the point at which each dies."""
        from attune_sim.plot import plot_simulated_memory

        return plot_simulated_memory(self.memory, self.deaths, ax=ax)

    def plot_queue(self, *, ax: Axes | None = None) -> Axes:
        """Attempts that waited and that were served over time."""
        from attune_sim.plot import plot_queue

        return plot_queue(self.queue, ax=ax)

    def plot_utilisation(self, *, ax: Axes | None = None) -> Axes:
        """How busy each worker was."""
        from attune_sim.plot import plot_utilisation

        return plot_utilisation(self.workers, ax=ax)

    def plot_gantt(
        self, cycle: int = 0, *, by: Literal["item", "worker"] | None = None, ax: Axes | None = None
    ) -> Axes:
        """One cycle's items over time: a row an item with its wait, or the rows of each worker.

        Raises InputError where no item of this cycle is among `items`, or there are no workers.
        """
        from attune_sim.plot import plot_gantt

        return plot_gantt(self.items, cycle, by=by, ax=ax)

    def plot_distribution(self, metric: str = "cycle_p99_s", *, ax: Axes | None = None) -> Axes:
        """How a figure is spread over the seeds. Raises InputError for a figure that there is not."""
        from attune_sim.plot import plot_distribution

        return plot_distribution(self.frame, metric, ax=ax)

    # -- texts ---------------------------------------------------------------------------------------------------------

    def findings(self) -> Summary:
        """What the report says, before it has a form."""
        from attune_sim.reports import simulation_summary

        return simulation_summary(
            self.name,
            self.asked.words,
            self.cycles,
            self.summary(),
            self.distributions(),
            self.workers,
            self.checks,
            room="" if self.asked.memory_bytes is None else in_binary(self.asked.memory_bytes),
            pictures=tuple(self._pictures()),
            warnings=self.warnings,
            assumed=self.asked.assumed,
            surroundings={**self.asked.surroundings, **self._priced_by()},
        )

    def _priced_by(self) -> Mapping[str, str]:
        return {} if self.prices is None else {"prices": self.prices.basis}

    def report(
        self,
        path: str | PathLike[str],
        *,
        force: bool = False,
        template: str | PathLike[str] | None = None,
    ) -> str:
        """Write the report: HTML, Markdown or JSON, by the end of the name. Gives back the path; see `at.report`.

        Raises InputError if the name ends otherwise, the file cannot be written, or is one that attune-sim did not write; with `force` the
        last is replaced.
        """
        return written(path, self.findings(), force=force, template=template)

    def _pictures(self) -> Iterator[Picture]:
        """What there is to be seen: cycle times where there are several, memory where it was charged, queue and workers where they were
        simulated, one cycle's items, and how the slowest cycles are spread over several seeds."""
        from attune_sim.reports import Picture

        if self._course.memory:
            caption = "Memory under each strategy over time, with the limit and where each dies"
            yield Picture("memory", caption, self.plot_memory, self.deaths["strategy"].nunique(), large=True)
        if len(self.cycles) > 1:
            yield Picture(
                "cycles", "How long each cycle took, over the time at which it was due", self.plot_cycles
            )
        if self._course.queue:
            yield Picture("queue", "Attempts in service and waiting over time", self.plot_queue)
            yield Picture(
                "workers",
                "How busy each worker was",
                self.plot_utilisation,
                min(self.workers["worker"].nunique(), 30),
            )
        if len(self.items):
            first = int(self.items["cycle"].min())
            caption = f"The items of cycle {first:,} over time"
            yield Picture("items", caption, partial(self.plot_gantt, first))
        if len(self.seeded) > 1:
            yield Picture(
                "spread", "How the slowest cycles are spread over the seeds", self.plot_distribution
            )

    def _complaints(self) -> Iterator[str]:
        for seed, one in self.seeded.items():
            yield from (f"seed {seed}: {complaint}" for complaint in one.complaints)

    def _cut_short(self) -> Iterator[str]:
        for seed, one in self.seeded.items():
            place = f" of seed {seed}" if len(self.seeded) > 1 else ""
            if one.ended == "events":
                yield (
                    f"the simulation{place} was cut short at {elapsed(one.ended_s)}: its budget of "
                    f"{counted(self.asked.setting.max_events, 'event')} (max_events, --max-events) was used up"
                )
            elif one.ended == "interrupted":
                yield f"the simulation{place} was stopped at {elapsed(one.ended_s)}"
        if missing := len(self.asked.seeds) - len(self.seeded):
            yield f"{missing:,} of {counted(len(self.asked.seeds), 'seed')} are missing: it was stopped"

    def _sampled(self) -> Iterator[str]:
        if (whole := self._course.sampled_of) is not None:
            kept = len(self._course.items["index"])
            waits = "; figures of waiting are of these" if self.asked.workers is not None else ""
            yield f"of {whole:,} items a random choice of {kept:,} is kept (max_items){waits}"

    def _uncharged(self) -> Iterator[str]:
        if self._first.unpriced:
            yield f"no price is known of {', '.join(self._first.unpriced)}: what they hold is not charged"
        for name, why in {} if self.prices is None else self.prices.missing.items():
            yield f"{name} has no price: {why}"

    def _overfull(self) -> Iterator[str]:
        over = [
            moment
            for moment in self._first.workers.get("over_s", ())
            if moment is not None and moment == moment
        ]
        if over:
            yield (
                f"{counted(len(over), 'worker')} held more than the memory of one, the first after {elapsed(min(over))}"
            )

    def _worked(self) -> Iterator[str]:
        """Under which strategies the engine itself would take longer for a cycle than the simulated attempts do."""
        workload, took = self.asked.workload, self.cycles["duration_s"].median()
        found = [
            (price.item_us * workload.items / 1e6, name)
            for name, prices in ({} if self.prices is None else self.prices).items()
            if (price := prices.tasks.get(workload.fan_out or "")) is not None and price.item_us is not None
        ]
        if slow := sorted((one for one in found if one[0] > took), reverse=True):
            told = ", ".join(f"{elapsed(work_s)} under {name}" for work_s, name in slow)
            yield (
                f"forks and inputs of a cycle take the engine itself {told}: longer than a simulated cycle, whose times leave that "
                "out; it would be late by as much"
            )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import fragment

        return {"text/plain": repr(self), "text/html": fragment(self.findings().short)}

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """What it says in lines of 80 cells."""
        found = self.findings()
        yield from textwrap.wrap(found.lead, WIDTH)
        for table in found.tables:
            yield from ("", *textwrap.wrap(table.caption, WIDTH))
            yield from (line.text for line in fitted(table.headers, table.rows, table.texts, WIDTH))
        for heading, told in found.remarks:
            yield from ("", heading)
            for text in told:
                yield from textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")

    def __repr__(self) -> str:
        rows = self._first.cycles
        size = f"{counted(len(rows['cycle']), 'cycle')}, {counted(sum(rows['items']), 'item')}"
        seeds = f", {counted(len(self.seeded), 'seed')}" if len(self.asked.seeds) > 1 else ""
        part = "" if self.whole else "; not whole"
        see = ".summary() .cycles .memory .deaths .plot_cycles() .report('simulation.html')"
        took = elapsed(self._first.ended_s)
        return f"<Simulation of {self.name!r}: {size} in {took}{seeds}{part}{self._told()}; see {see}>"

    def _told(self) -> str:
        """`; 2 of 12 strategies run out of 2.15 GB`."""
        priced = self.summary()
        if priced.empty or self.asked.memory_bytes is None:
            return ""
        dead = int(priced["dies"].gt(0).sum())
        return f"; {dead} of {counted(len(priced), 'strategy', 'strategies')} run out of {in_binary(self.asked.memory_bytes)}"
