"""A simulation, as a notebook holds it and a terminal prints it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.showing.files import report_form
from attune_sim.api.showing.text import fitted
from attune_sim.api.simulation.asked import Asked
from attune_sim.errors import counted
from attune_sim.files import write
from attune_sim.metrics import format_bytes, format_s
from attune_sim.simulation.outcome import CycleRow, Outcome

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.report import Picture, Summary

WIDTH: Final = 80


class Simulation:
    """What comes of a workflow in simulated time. All of it is estimated; times are seconds from the begin of the simulation.

    Frames, each with the `seed` that a row belongs to: `cycles`, `items` (a random choice where there are more than `max_items`:
    `items.attrs["sampled_of"]`), `memory` and `deaths` for every strategy, `queue` and `workers` where workers were asked for,
    and `frame`, all figures in long form. `summary()` is a row a strategy, `distributions()` a row a figure with its interval
    over the seeds, `against(other)` compares two settings seed by seed. Items, memory and queue are those of the first seed.

    `asked` is what was simulated, `outcomes` what came of each seed, `warnings` what was assumed or cut short.
    """

    def __init__(self, asked: Asked, outcomes: Mapping[int, Outcome], warnings: Sequence[str] = ()) -> None:
        self.asked, self.outcomes = asked, dict(outcomes)
        self._warnings = tuple(warnings)

    @property
    def name(self) -> str:
        """The workload."""
        return self.asked.name

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of which there is an outcome."""
        return tuple(self.outcomes)

    @property
    def first(self) -> Outcome:
        """The outcome of the first seed."""
        return next(iter(self.outcomes.values()))

    @property
    def whole(self) -> bool:
        """Whether every seed that was asked for came to its end."""
        ended = all(outcome.ended in ("finished", "horizon") for outcome in self.outcomes.values())
        return ended and len(self.outcomes) == len(self.asked.seeds)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was cut short, chosen or assumed."""
        return (*self._cut_short(), *self._sampled(), *self._warnings)

    # -- frames --------------------------------------------------------------------------------------------------------

    @cached_property
    def cycles(self) -> pd.DataFrame:
        """One row a cycle: due, started and ended, its status, how its items ended; columns in `attune_sim.frame`."""
        from attune_sim.frame import cycles_frame

        return cycles_frame({seed: _columns(outcome.cycles) for seed, outcome in self.outcomes.items()})

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row an item of the first seed that ended, or a random choice of them."""
        from attune_sim.frame import simulated_items_frame

        first, outcome = self.seeds[0], self.first
        return simulated_items_frame({first: outcome.items}, {first: outcome.sampled_of})

    @cached_property
    def memory(self) -> pd.DataFrame:
        """One row a strategy and stretch of time of the first seed: the least and the most that the process held."""
        from attune_sim.frame import memory_frame

        return memory_frame({self.seeds[0]: self.first.memory.get("memory", {})})

    @cached_property
    def deaths(self) -> pd.DataFrame:
        """One row a strategy: its peak, and the moment, cycle and item at which memory ran out (missing where it lives)."""
        from attune_sim.frame import deaths_frame

        known = {seed: outcome.memory.get("deaths", {}) for seed, outcome in self.outcomes.items()}
        return deaths_frame(known)

    @cached_property
    def queue(self) -> pd.DataFrame:
        """One row a stretch of time of the first seed: attempts that waited and that were served; empty without workers."""
        from attune_sim.frame import queue_frame

        return queue_frame({self.seeds[0]: self.first.queue})

    @cached_property
    def workers(self) -> pd.DataFrame:
        """One row a worker: busy and idle time, attempts, what it lost and was sent; empty without workers."""
        from attune_sim.frame import workers_frame

        return workers_frame({seed: outcome.workers for seed, outcome in self.outcomes.items()})

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All figures in long form: seed, strategy (empty where it does not matter), metric, unit, value, source."""
        from attune_sim.analysis.simulations import figures

        return figures(self.cycles, self.items, self.queue, self.workers, self.deaths)

    def summary(self) -> pd.DataFrame:
        """One row a strategy: peak_bytes (over all seeds the highest), limit_bytes, dies (share of seeds), and where the
        first seed's memory ran out: time_s, cycle, item."""
        from attune_sim.analysis.simulations import priced

        return priced(self.deaths)

    def distributions(self) -> pd.DataFrame:
        """One row a strategy and figure: mean over the seeds with its interval of 95 %, quantiles, n."""
        from attune_sim.analysis.simulations import distributions

        return distributions(self.frame)

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

    def plot_gantt(self, cycle: int = 0, *, ax: Axes | None = None) -> Axes:
        """One cycle's items over time: waiting, then served, a lane for each that is under way at once.

        Raises InputError where no item of this cycle is among `items`.
        """
        from attune_sim.plot import plot_gantt

        return plot_gantt(self.items, cycle, ax=ax)

    def plot_distribution(self, metric: str = "cycle_p99_s", *, ax: Axes | None = None) -> Axes:
        """How a figure is spread over the seeds. Raises InputError for a figure that there is not."""
        from attune_sim.plot import plot_distribution

        return plot_distribution(self.frame, metric, ax=ax)

    # -- texts ---------------------------------------------------------------------------------------------------------

    def findings(self) -> Summary:
        """What the report says, before it has a form."""
        from attune_sim.report import simulation_summary

        return simulation_summary(
            self.name,
            self.asked.words,
            self.cycles,
            self.summary(),
            self.frame,
            self.distributions(),
            self.warnings,
            self.asked.surroundings,
        )

    def report(self, path: str | PathLike[str], *, force: bool = False) -> str:
        """Write the report: HTML, or Markdown if the name ends in `.md`. Gives back the path.

        Raises InputError if the name ends otherwise, the file cannot be written, or is one that attune-sim did not
        write; with `force` the last is replaced.
        """
        from attune_sim.report import markdown, page

        form, findings = report_form(path), self.findings()
        text = markdown(findings) if form == "markdown" else page(findings, self._pictures())
        return write(path, text, force=force)

    def _pictures(self) -> tuple[Picture, ...]:
        from attune_sim.report import simulation_pictures

        return simulation_pictures(
            self.cycles, self.memory, self.deaths, self.queue, self.workers, self.items, self.frame
        )

    def _cut_short(self) -> Iterator[str]:
        for seed, outcome in self.outcomes.items():
            place = f" of seed {seed}" if len(self.outcomes) > 1 else ""
            if outcome.ended == "events":
                yield (
                    f"the simulation{place} was cut short at {format_s(outcome.ended_s)}: its budget of "
                    f"{counted(self.asked.setting.max_events, 'event')} (max_events, --max-events) was used up"
                )
            elif outcome.ended == "interrupted":
                yield f"the simulation{place} was stopped at {format_s(outcome.ended_s)}"
        if missing := len(self.asked.seeds) - len(self.outcomes):
            yield f"{counted(missing, 'seed')} of {len(self.asked.seeds):,} missing: it was stopped"

    def _sampled(self) -> Iterator[str]:
        if (whole := self.first.sampled_of) is not None:
            kept = len(self.first.items["index"])
            yield f"of {whole:,} items a random choice of {kept:,} is kept: figures of waiting are of these"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.report import fragment

        return {"text/plain": repr(self), "text/html": fragment(self.findings())}

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
        rows = self.first.cycles
        size = f"{counted(len(rows), 'cycle')}, {counted(sum(row.items for row in rows), 'item')}"
        seeds = f", {counted(len(self.outcomes), 'seed')}" if len(self.asked.seeds) > 1 else ""
        part = "" if self.whole else "; not whole"
        see = ".summary() .cycles .memory .deaths .plot_cycles() .report('simulation.html')"
        return f"<Simulation of {self.name!r}: {size}{seeds} in {format_s(self.first.ended_s)}{part}{self._told()}; see {see}>"

    def _told(self) -> str:
        """`; 2 of 12 strategies run out of 2 GiB`."""
        priced = self.summary()
        if priced.empty or self.asked.memory_bytes is None:
            return ""
        dead = int(priced["dies"].gt(0).sum())
        room = format_bytes(self.asked.memory_bytes)
        return f"; {dead} of {counted(len(priced), 'strategy', 'strategies')} run out of {room}"


def _columns(rows: Sequence[CycleRow]) -> Mapping[str, Sequence[Any]]:
    names = [field.name for field in fields(CycleRow)]
    table = list(map(asdict, rows))
    columns = {name: [row[name] for row in table] for name in names}
    return {**columns, "skipped": [row.skipped for row in rows]} if rows else {}
