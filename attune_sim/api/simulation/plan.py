"""A plan, as a notebook holds it and a terminal prints it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.text import fitted
from attune_sim.api.showing.written import written
from attune_sim.api.simulation.asked import Asked
from attune_sim.api.simulation.trials import kind_of
from attune_sim.api.stopped import Resumable
from attune_sim.errors import counted
from attune_sim.simulation.goals import Goal, shown
from attune_sim.simulation.planning import Setup, Trial, frontier
from attune_sim.simulation.prices import Prices
from attune_sim.simulation.rates import Rates
from attune_sim.simulation.workers.reading import workers_text
from attune_sim.simulation.workers.setting import Workers

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.reports import Summary

WIDTH: Final = 80
_FRONTIER: Final = "Cost of a day over p99 of a cycle; larger points take more memory, the cross is the pick"


@dataclass(frozen=True)
class Question:
    """What a plan is asked: `asked` is the workload with its schedule (in the least setting), `kind` what workers there may be, `seeds` those that
    confirm a pick."""

    asked: Asked
    goals: tuple[Goal, ...]
    rates: Rates
    kind: Workers | None = None
    assumed: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)

    @property
    def name(self) -> str:
        """The workload."""
        return self.asked.name

    @property
    def words(self) -> str:
        """`1,000 items a cycle, every 5min for 24h`."""
        parts, items = self.asked.surroundings, counted(self.asked.workload.items, "item")
        often = f"{parts['schedule']} for {parts['duration']}" if "schedule" in parts else "one cycle"
        return f"{items} a cycle, {often}"

    def words_of(self, setup: Setup) -> str:
        """`20 at a time, workers 4x2`."""
        workers = kind_of(self.kind, setup)
        batch = f", batches of {setup.batch:,}" if setup.batch else ""
        return f"{setup.window:,} at a time{f', workers {workers_text(workers)}' if workers else ''}{batch}"


class Plan(Resumable):
    """The cheapest setting that meets the goals, and what else there is. All of it is estimated.

    `pick` is that setting (None: nothing that was tried meets them all), `settings` the arguments with which `at.simulate` simulates it. Frames: `frontier`, the
    settings of which no other one is better in cost, p99 of a cycle or memory without being worse in another; `trials`, all that was tried; `binds`, a row a
    goal: by how much the pick meets it, and up to how many items. `summary()` is a row a strategy. `prices` are those that memory was charged by.

    >>> import attune_sim as at
    >>> found = at.plan("baseline", "cycle_p99 < 5s", items=40, latency="1s", strategies="shared", progress=False)
    >>> found.pick.setup.window, found.settings["strategies"]
    (40, 'shared')
    """

    def __init__(
        self,
        question: Question,
        trials: Sequence[Trial],
        pick: Trial | None,
        holds_up_to: Mapping[str, int | None],
        prices: Prices | None = None,
        *,
        whole: bool = True,
    ) -> None:
        self.question, self.pick, self.prices, self.whole = question, pick, prices, whole
        self._trials, self._holds_up_to = list(trials), dict(holds_up_to)

    @property
    def name(self) -> str:
        """The workload."""
        return self.question.name

    @property
    def goals(self) -> tuple[Goal, ...]:
        """What had to be met."""
        return self.question.goals

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds with which the pick was simulated: its figures are the worst of them."""
        return self.question.seeds

    @property
    def ok(self) -> bool:
        """Whether the goals can be met."""
        return self.pick is not None and self.whole

    @property
    def settings(self) -> dict[str, Any]:
        """The pick as arguments of `at.simulate`; empty where there is none. A batch size is not among them: it belongs into the workflow."""
        if self.pick is None:
            return {}
        workers = kind_of(self.question.kind, self.pick.setup)
        return {
            "concurrency": self.pick.setup.window,
            "strategies": self.pick.strategy,
            **({} if workers is None else {"workers": workers}),
        }

    # -- frames --------------------------------------------------------------------------------------------------------

    @cached_property
    @readable
    def trials(self) -> pd.DataFrame:
        """All that was tried, one row a setting and strategy, the cheapest first: strategy, concurrency, workers, slots, batch_size, cost (a day), cycle_p99_s,
        memory_bytes, further figures, `misses` (goals that it does not meet), whether it is the `pick`."""
        return self._frame(sorted(self._trials, key=lambda one: one.rank))

    @cached_property
    @readable
    def frontier(self) -> pd.DataFrame:
        """The settings of which no other is better in cost, p99 of a cycle or memory and not worse in another; rows as in `trials`."""
        return self._frame(frontier(self._trials))

    @cached_property
    @readable
    def binds(self) -> pd.DataFrame:
        """One row a goal: figure, value (of the pick, or, without one, the least of all that was tried), limit, slack (what is left of the limit, a share of it), holds,
        up_to_items (the most with which the pick still meets it; missing where that is more than was looked at), `binds`: it is missed first."""
        import pandas as pd

        firsts = [self._holds_up_to[goal.text] for goal in self.goals if self._holds_up_to.get(goal.text)]
        first = min((one for one in firsts if one is not None), default=None)
        rows = [self._bind(goal, first) for goal in self.goals]
        return pd.DataFrame(rows).astype({"up_to_items": "Int64"})

    @readable
    def summary(self) -> pd.DataFrame:
        """One row a strategy: its cheapest setting that meets the goals, else that which misses fewest; what meets them comes first, by cost."""
        best: dict[str, Trial] = {}
        for trial in sorted(self._trials, key=self._order):
            best.setdefault(trial.strategy, trial)
        return self._frame(list(best.values()))

    def _order(self, trial: Trial) -> tuple[Any, ...]:
        return len(trial.misses(self.goals)), trial.rank

    def _bind(self, goal: Goal, first: int | None) -> dict[str, Any]:
        least = min((one.values[goal.figure] for one in self._trials), default=float("nan"))
        value = least if self.pick is None else self.pick.values[goal.figure]
        up_to = self._holds_up_to.get(goal.text)
        return {
            "goal": goal.text,
            "figure": goal.figure,
            "value": value,
            "limit": goal.limit,
            "slack": (goal.limit - value) / goal.limit if goal.limit else 0.0,
            "holds": goal.holds(value),
            "up_to_items": up_to,
            "binds": up_to is not None and up_to == first,
            "source": "estimated",
        }

    def _frame(self, trials: Sequence[Trial]) -> pd.DataFrame:
        import pandas as pd

        frame = pd.DataFrame([self._row(trial) for trial in trials])
        return frame.astype({"workers": "Int64", "slots": "Int64", "batch_size": "Int64"})

    def _row(self, trial: Trial) -> dict[str, Any]:
        setup, values = trial.setup, trial.values
        served = bool(setup.workers)
        return {
            "strategy": trial.strategy,
            "concurrency": setup.window,
            "workers": setup.workers if served else None,
            "slots": setup.slots if served else None,
            "batch_size": setup.batch or None,
            "cost": trial.cost,
            "cycle_p50_s": values["cycle_p50"],
            "cycle_p99_s": values["cycle_p99"],
            "cycle_max_s": values["cycle_max"],
            "memory_bytes": values["memory"],
            "shipped_bytes": values["shipped_bytes"],
            "late": values["late"],
            "skipped": values["skipped"],
            "failed_items": values["failed_items"],
            "misses": "; ".join(goal.text for goal in trial.misses(self.goals)),
            "seeds": trial.seeds,
            "pick": trial is self.pick,
            "source": "estimated",
        }

    # -- words ---------------------------------------------------------------------------------------------------------

    @property
    def finding(self) -> str:
        """What it came to, in a sentence: the pick, or what stands in the way."""
        if self.pick is None:
            return f"Nothing that was tried meets the goals: {self._obstacle()}."
        figures = dict.fromkeys(("cost", "cycle_p99", "memory", *(goal.figure for goal in self.goals)))
        told = ", ".join(f"{name} {shown(name, self.pick.values[name])}" for name in figures)
        chances = f" (the worst of {self.pick.seeds:,} seeds)" if self.pick.seeds > 1 else ""
        return f"{self.pick.strategy}, {self.question.words_of(self.pick.setup)}: {told}{chances}."

    @property
    def bound(self) -> str:
        """`memory binds above 3,200 items`; empty where nobody looked, or nothing binds within what was looked at."""
        rows = self.binds[self.binds["binds"]]
        if rows.empty:
            return ""
        names = " and ".join(dict.fromkeys(rows["figure"]))
        return f"{names} {'binds' if len(rows) == 1 else 'bind'} above {counted(int(rows['up_to_items'].iloc[0]), 'item')}"

    def _obstacle(self) -> str:
        alone = [goal for goal in self.goals if not any(not one.misses([goal]) for one in self._trials)]
        if not alone:
            return f"each of {', '.join(map(str, self.goals))} can be met, but not all together"
        least = ((goal, min(one.values[goal.figure] for one in self._trials)) for goal in alone)
        return ", ".join(
            f"{goal} is missed by all, the least is {goal.shown(value)}" for goal, value in least
        )

    def findings(self) -> Summary:
        """What the report says, before it has a form."""
        from attune_sim.reports import Picture, plan_summary

        parts = {"goals": ", ".join(map(str, self.goals)), "prices": self.question.rates.text}
        asked = self.question.asked.surroundings
        left_out = ("concurrency", "workers", "memory")
        return plan_summary(
            self.name,
            f"{self.question.words}. {self.finding}",
            self.bound,
            self.summary(),
            self.binds,
            self.frontier,
            tell=shown,
            pictures=(Picture("frontier", _FRONTIER, self.plot_frontier, large=True),),
            warnings=()
            if self.whole
            else ("the search was stopped: cheaper settings may not have been tried",),
            assumed=self.question.assumed,
            surroundings={**{name: asked[name] for name in asked if name not in left_out}, **parts},
        )

    def plot_frontier(self, *, ax: Axes | None = None) -> Axes:
        """Cost against p99 of a cycle and memory, of the settings on the frontier, and the pick."""
        from attune_sim.plot import plot_frontier

        limits = {goal.figure: goal.limit for goal in self.goals}
        return plot_frontier(self.trials, self.frontier, limits, ax=ax)

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
        bound = f"; {self.bound}" if self.bound else ""
        part = "" if self.whole else "; not whole"
        see = ".pick .frontier .binds .summary() .plot_frontier() .report('plan.html')"
        return f"<Plan of {self.name!r}: {self.finding.rstrip('.')}{bound}{part}; see {see}>"
