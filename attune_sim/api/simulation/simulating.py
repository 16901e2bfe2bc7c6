"""Simulating a workflow: a month of cycles, a million items, too few workers, too little memory, in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from os import PathLike
from typing import Any

from attune_sim.api.pricing import prices_of
from attune_sim.api.runs.given import ActionSource, ScriptSource, Source
from attune_sim.api.runs.performed import performed_workload
from attune_sim.api.runs.run import Run
from attune_sim.api.runs.running import Strategy
from attune_sim.api.runs.workflows import SubWorkflows
from attune_sim.api.showing.telling import Telling
from attune_sim.api.simulation.asked import MAX_EVENTS, MAX_ITEMS, Arrivals, Asked, When, asked
from attune_sim.api.simulation.ensembles import Ensemble
from attune_sim.api.simulation.freight import with_freight
from attune_sim.api.simulation.simulation import Simulation
from attune_sim.api.stopped import stopped
from attune_sim.runspec import Dispatch
from attune_sim.scenarios.counts import positive
from attune_sim.simulation.faults.reading import FaultsSource
from attune_sim.simulation.latency.reading import LatenciesSource
from attune_sim.simulation.prices import Prices
from attune_sim.simulation.setting import Overlap
from attune_sim.simulation.workers.setting import Workers


def simulate(
    workload: Source,
    *,
    parameters: Mapping[str, Any] | None = None,
    actions: ActionSource | None = None,
    script: ScriptSource | None = None,
    workflows: SubWorkflows = (),
    config: Mapping[str, Any] | None = None,
    keystore: Mapping[str, Any] | None = None,
    items: int | None = None,
    concurrency: int | None = None,
    context_bytes: int | str | None = None,
    latency: LatenciesSource = None,
    faults: FaultsSource = None,
    every: float | str | None = None,
    cron: str | None = None,
    arrivals: Arrivals | None = None,
    duration: float | str | None = None,
    overlap: Overlap = "allow",
    workers: Workers | int | str | None = None,
    bandwidth: Run | float | str | None = None,
    memory: int | str | None = None,
    strategies: Strategy | Iterable[Strategy] | None = None,
    prices: Prices | None = None,
    dispatch: Dispatch = "windowed",
    seed: int = 0,
    seeds: int | Iterable[int] | None = None,
    processes: int | None = None,
    store: str | PathLike[str] | None = None,
    max_events: int = MAX_EVENTS,
    max_items: int = MAX_ITEMS,
    progress: bool = True,
) -> Simulation:
    """Run a workload in virtual time, as often and for as long as you say, and charge its memory to every strategy.

    It is the same engine as in `at.run`, but attempts take what `latency` draws, end as `faults` have it, and nothing waits: equal
    seeds give equal simulations. Results are those of a scenario's replay, of a `script`, or of `actions`, which are called; with
    none of them they are assumed. What is given with the workload means what it means in `at.advise`.

    `latency` is how long attempts take: `"lognormal(80ms, 0.8)"`, seconds, what `at.fit_latency` gives, or a mapping of task to one of
    these. `faults` are `"failing(2%)"`, `"outages(2h, 5min, share=20%)"`, `"rate_limit(50/s)"`, alone or in a list.
    Cycles come `every` so often, as `cron` says, or by `arrivals` (`"poisson(12/h)"`, moments in seconds), for `duration` ("24h"); with
    none of these there is one cycle. `overlap` is what is done with a cycle that is due while another is under way: `allow`, `skip`, `queue`.
    `workers` (4, `"4x2(lifo, mtbf=1h)"`) serve attempts; without them, so many as `concurrency` lets begin are served at once. `bandwidth`
    is that of the link over which they are sent contexts: bytes a second, "10MB/s", or a `Run` on a cluster, of which it was measured.

    `memory` is what the process may take, in bytes or as "2GiB"; `strategies` (None: all; none of them: memory is not charged) are those it
    is charged to, by `prices` (those of another `Simulation`; None: from the `store`, or measured in some seconds). `dispatch` says whether
    forks exist all at once (`eager`).

    `seeds=100` simulates a hundred seeds from `seed` on, in as many `processes` as there are processors, for `distributions()`; with
    `store=` the same call goes on with what the file has. `max_events` is the budget of one seed: one that uses it up is cut short.
    `max_items` rows of items are kept.

    Raises:
        InputError: something cannot be used, never fires, or needs more events than the budget; nothing was simulated then.
        ExperimentError: prices could not be measured, or a process of a seed has died.
        Interrupted: Ctrl-C. What there is by then is its `result`, and `at.last()`; its `.resume()` goes on.

    >>> import attune_sim as at
    >>> day = at.simulate("baseline", items=10, latency="2s", concurrency=5, every="1h", duration="24h", strategies=[])
    >>> len(day.cycles), float(day.cycles["duration_s"].max())
    (24, 4.0)
    """
    if processes is not None:
        positive("processes", processes, least=1)
    own = performed_workload(
        workload, parameters=parameters, actions=actions, script=script, workflows=workflows, config=config,
        keystore=keystore, seed=seed,
    )  # fmt: skip
    wanted = asked(
        own, items=items, concurrency=concurrency, context_bytes=context_bytes, latency=latency, faults=faults,
        when=When(every=every, cron=cron, arrivals=arrivals, duration=duration, overlap=overlap), workers=workers,
        bandwidth=bandwidth, memory=memory, strategies=strategies, dispatch=dispatch, seed=seed, seeds=seeds, max_events=max_events,
        max_items=max_items,
    )  # fmt: skip
    return _simulated(wanted, prices, processes=processes, store=store, progress=progress)


def _simulated(
    wanted: Asked,
    prices: Prices | None,
    *,
    processes: int | None,
    store: str | PathLike[str] | None,
    progress: bool,
) -> Simulation:
    telling = Telling(progress)
    if wanted.strategies and prices is None:
        names, dispatch = wanted.strategies, wanted.setting.spec.dispatch
        try:
            prices = prices_of(wanted.workload, names, dispatch=dispatch, store=store, telling=telling)
        except KeyboardInterrupt:
            told = f"the simulation of {wanted.name} was stopped while it was weighed what strategies hold"
            raise stopped(told, None) from None
    wanted = with_freight(wanted, prices)
    return _of(Ensemble(wanted, prices, processes=processes, store=store), wanted, prices, telling)


def _of(ensemble: Ensemble, wanted: Asked, prices: Prices | None, telling: Telling) -> Simulation:
    """Simulate what an ensemble lacks."""
    halt = _run(ensemble, wanted, telling)
    found = ensemble.found
    whole = Simulation(wanted, found, prices) if found else None
    if halt or any(one.ended == "interrupted" for one in found.values()):
        rest = partial(_of, ensemble, wanted, prices, telling.fresh())
        raise stopped(f"the simulation of {wanted.name} was stopped", whole, rest) from None
    assert whole is not None, "without a stop every seed has an outcome"
    return whole


def _run(ensemble: Ensemble, wanted: Asked, telling: Telling) -> bool:
    """Whether it was stopped. Progress is told by seeds, or, where there is one only, by its items."""
    several = len(wanted.seeds) > 1
    per_cycle = wanted.workload.items or 1  # without items its cycles are told
    total = len(wanted.seeds) if several else round(wanted.expected * per_cycle)

    def passing(cycles: int, items: int) -> None:
        # Retries of tasks and sub-workflows have items of their own, of which nobody knows the number.
        told(min(items if wanted.workload.items else cycles, total))

    with telling.counting(f"simulating {wanted.name}", total) as told:
        try:
            if several:
                ensemble.run(lambda seeded: told(len(ensemble.found)))
            else:
                ensemble.run(lambda seeded: None, passing)
        except KeyboardInterrupt:
            return True
    return False
