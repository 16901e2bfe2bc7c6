"""Planning: the cheapest window, workers, strategy and batch size that meet what you ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from os import PathLike
from typing import Any, Final

from attune_sim.api.pricing import prices_of
from attune_sim.api.runs.chosen import chosen_strategies
from attune_sim.api.runs.given import ActionSource, ScriptSource, Source
from attune_sim.api.runs.performed import performed_workload
from attune_sim.api.runs.running import Strategy
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.showing.telling import Telling
from attune_sim.api.simulation.asked import MAX_EVENTS, MAX_ITEMS, Arrivals, Asked, When, asked
from attune_sim.api.simulation.plan import Plan, Question
from attune_sim.api.simulation.trials import MOST_AT_ONCE, Trials, bounds, kind_of, with_batch
from attune_sim.api.stopped import stopped
from attune_sim.errors import InputError
from attune_sim.runspec import Dispatch
from attune_sim.scenarios.counts import positive
from attune_sim.simulation.faults.reading import FaultsSource
from attune_sim.simulation.goals import Goal, read_goals
from attune_sim.simulation.latency.reading import LatenciesSource
from attune_sim.simulation.planning import Setup, Space, Trial, most, search
from attune_sim.simulation.prices import Prices
from attune_sim.simulation.rates import Rates, rates_of
from attune_sim.simulation.setting import Overlap
from attune_sim.simulation.workers.reading import workers_of
from attune_sim.simulation.workers.setting import Workers

GOALS: Final = ("late <= 0",)
"""A cycle ends before the next begins."""

SEEDS: Final = 5
"""Chances that the pick has to stand."""

LARGER: Final = 16
"""At most so many times the items are looked at to find what binds."""

LARGEST: Final = 1_000_000
"""Nor are there more items than that in such a simulation, if it is not less than twice what was asked for: it takes seconds."""


def plan(
    workload: Source,
    goals: str | Goal | Iterable[str | Goal] = GOALS,
    *,
    parameters: Mapping[str, Any] | None = None,
    actions: ActionSource | None = None,
    script: ScriptSource | None = None,
    workflows: SubWorkflows = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    items: int | None = None,
    context_bytes: int | str | None = None,
    latency: LatenciesSource = None,
    faults: FaultsSource = None,
    every: float | str | None = None,
    cron: str | None = None,
    arrivals: Arrivals | None = None,
    duration: float | str | None = None,
    overlap: Overlap = "allow",
    concurrency: int | str | tuple[int, int] | None = None,
    workers: Workers | int | str | None = None,
    slots: int | Iterable[int] | None = None,
    batch_sizes: int | Iterable[int] | None = None,
    strategies: Strategy | Iterable[Strategy] | None = None,
    prices: Prices | None = None,
    rates: Rates | Mapping[str, float] | None = None,
    dispatch: Dispatch = "windowed",
    seed: int = 0,
    seeds: int = SEEDS,
    store: str | PathLike[str] | None = None,
    max_events: int = MAX_EVENTS,
    binds: bool = True,
    progress: bool = True,
) -> Plan:
    """Search the cheapest setting that meets the goals, by simulating settings that all meet the same chances (one seed), and confirm what is picked with
    several `seeds`: it is to meet the goals with each of them.

    `goals` are texts: `"late <= 0"` (a cycle ends before the next begins; alone by default), `"cycle_p99 < 60s"`, `"memory < 2GiB"` (the least
    limit under which the process lives), `"cost < 3/day"`, and so for cycle_p50, cycle_max, wait_p99, skipped, failed_items.

    Searched are: the window, in `concurrency` (`"5..500"`; a number fixes it; None: up to as many as there are items); how many workers, up to those of
    `workers` (`"16x4(mtbf=1h)"`: sixteen at most; None: none, whatever begins is served at once); their `slots`, if several are given; the
    `strategies` (None: all); `batch_sizes`, if several are given, for workflows of your own. Everything else is as in `at.simulate`.

    `rates` are prices: `{"worker_hour": 0.04, "slot_hour": 0, "gb_hour": 0.005, "gb_shipped": 0.01}`, which are the defaults: workers and memory
    (of the engine's process, at its peak) are paid all day, and so is the process itself, as one worker, where there are no `workers`; the context is shipped with every
    item, or once to each worker (`ship=worker`). A simulation without a schedule counts as a day.

    `seeds` (from `seed` on) are those that confirm the pick; its figures are the worst of them.
    With `binds` the pick is simulated with more items too, up to 16 times as many, to find which goal it misses first.

    Raises:
        InputError: a goal cannot be read, something cannot be used, never fires, or needs more events than `max_events`.
        ExperimentError: prices could not be measured.
        Interrupted: Ctrl-C. What there is by then is its `result`, and `at.last()`; its `.resume()` goes on.

    >>> import attune_sim as at
    >>> found = at.plan("baseline", "cycle_p99 < 5s", items=40, latency="1s", strategies="shared", progress=False)
    >>> found.pick.setup.window, found.pick.values["cycle_p99"]
    (40, 1.0)
    """
    wanted, paid = read_goals(goals), rates_of(rates)
    kind = None if workers is None else workers_of(workers)
    own = performed_workload(
        workload, parameters=parameters, actions=actions, script=script, workflows=workflows, config=config,
        keystore=keystore, seed=seed,
    )  # fmt: skip
    names = [one.name for one in chosen_strategies(strategies)]
    batches = _choices(batch_sizes, "batch_sizes (--batch-size)", (0,))
    sized = {batch: with_batch(own, batch) for batch in batches}
    keeps_items = any(goal.figure == "wait_p99" for goal in wanted)

    def asked_of(setup: Setup, other: int | None) -> Asked:
        return asked(
            sized[setup.batch], items=other or items, concurrency=setup.window, context_bytes=context_bytes,
            latency=latency, faults=faults, workers=kind_of(kind, setup), memory=None, strategies=names,
            when=When(every=every, cron=cron, arrivals=arrivals, duration=duration, overlap=overlap),
            dispatch=dispatch, seed=seed, seeds=None, max_events=max_events, max_items=MAX_ITEMS if keeps_items else 0,
        )  # fmt: skip

    first_slots = _choices(slots, "slots (--slots)", (kind.slots if kind else 1,))
    if slots is not None and kind is None:
        raise InputError(
            "slots (--slots) are those of workers; say how many there may be: workers= (--workers)"
        )
    counts = (1, kind.count) if kind else (0, 0)
    # A window of 1 is always possible: what else is wrong shows here, before anything is measured.
    first = asked_of(Setup(counts[0], 1, first_slots[0], batches[0]), None)
    room = max(1, min(first.workload.items or MOST_AT_ONCE, MOST_AT_ONCE))
    space = Space(bounds(concurrency, "concurrency", (1, room)), counts, first_slots, batches)

    def prices_for(one: Asked, telling: Telling) -> Prices:
        return prices or prices_of(one.workload, names, dispatch=dispatch, store=store, telling=telling)

    chances = tuple(range(seed, seed + positive("seeds", seeds, least=1)))
    question = Question(first, wanted, paid, kind, _assumed(first, batches), chances)
    trials = Trials(asked_of, prices_for, paid, chances)
    return _planned(question, space, trials, Telling(progress), binds=binds, max_events=max_events)


def _planned(
    question: Question, space: Space, trials: Trials, telling: Telling, *, binds: bool, max_events: int
) -> Plan:
    pick: Trial | None = None
    holds_up_to: dict[str, int | None] = {}
    try:
        with telling.counting(f"planning {question.name}, settings simulated", None) as told:
            trials.tell(telling, told)
            pick = search(space, question.goals, trials, trials.confirm)
            if binds and pick is not None:
                holds_up_to = _holds_up_to(question, pick, trials, max_events)
    except KeyboardInterrupt:
        early = (
            Plan(question, trials.made, pick, {}, _prices(trials, pick), whole=False) if trials.made else None
        )
        rest = partial(_planned, question, space, trials, telling.fresh(), binds=binds, max_events=max_events)
        raise stopped(f"the plan of {question.name} was stopped", early, rest) from None
    return Plan(question, trials.made, pick, holds_up_to, _prices(trials, pick))


def _prices(trials: Trials, pick: Trial | None) -> Prices:
    """Those of the pick's batches, or of some."""
    return trials.prices[trials.made[0].setup.batch if pick is None else pick.setup.batch]


def _holds_up_to(question: Question, pick: Trial, trials: Trials, max_events: int) -> dict[str, int | None]:
    """Text of a goal -> the most items for which the pick meets it; None where it still does at the most that was looked at. Nothing of a workload whose
    number of items cannot be chosen."""
    items = question.asked.workload.items
    cycles = max(1.0, question.asked.expected)
    end = int(min(LARGER * items, max(2 * items, LARGEST / cycles), max_events / (2 * cycles)))
    found: dict[str, int | None] = {}
    if not items or end <= items:
        return found

    def holds(goal: Goal, number: int) -> bool:
        (one,) = (trial for trial in trials(pick.setup, number) if trial.strategy == pick.strategy)
        return goal.holds(one.values[goal.figure])

    with suppress(InputError):
        for goal in question.goals:
            found[goal.text] = most(lambda number, goal=goal: holds(goal, number), items, end)  # type: ignore[misc]
    return found


def _choices(given: int | Iterable[int] | None, what: str, default: tuple[int, ...]) -> tuple[int, ...]:
    if given is None:
        return default
    listed = [given] if isinstance(given, int) else list(given)
    if not listed:
        raise InputError(f"{what}: name at least one")
    return tuple(sorted({positive(what, one, least=1) for one in listed}))


def _assumed(first: Asked, batches: tuple[int, ...]) -> tuple[str, ...]:
    told = "an attempt takes as long as latency says, however many items its batch has"
    return (*first.assumed, *([told] if batches != (0,) else []))
