"""A recorded real run beside its simulation: `at.calibrate(run, simulation)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.runs.run import Run
from attune_sim.api.showing.frames import readable
from attune_sim.api.simulation.simulation import Simulation
from attune_sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@readable
def calibrate(run: Run | Comparison, simulation: Simulation) -> pd.DataFrame:
    """Set a real run, or measured cells, beside a simulation of the same workload, and say where they part.

    One row a figure: metric, task (of those that belong to one), unit, measured, estimated (the median over cycles and seeds) with low
    and high (their range), ratio, tolerance (the share by which they may differ), verdict (`agrees`, `parts`, or `unknown` where only one
    side tells) and why, in words. A run tells of times, items, attempts and how many were in flight; a comparison of memory, and of forks and
    inputs of an item, a row a strategy.

    Raises:
        InputError: they are of different workloads, or something else was given.

    >>> import attune_sim as at
    >>> run = at.run("baseline", items=20)
    >>> simulation = at.simulate("baseline", items=20, latency="5ms", strategies=[])
    >>> at.calibrate(run, simulation).set_index("metric").loc["succeeded", "verdict"]
    'agrees'
    """
    from attune_sim.analysis.simulations import calibrated

    given: tuple[object, object] = (run, simulation)
    if not isinstance(given[0], Run | Comparison) or not isinstance(given[1], Simulation):
        wrong = given[0] if isinstance(given[1], Simulation) else given[1]
        raise InputError(
            f"calibrate takes a run (or a comparison) and a simulation, not a {type(wrong).__name__}"
        )
    measured = _of_run(run) if isinstance(run, Run) else _of_comparison(run)
    _require_same(run, simulation)
    return calibrated(measured, _of_simulation(simulation, memory=isinstance(run, Comparison)))


def _require_same(run: Run | Comparison, simulation: Simulation) -> None:
    names = {run.name} if isinstance(run, Run) else {one.key.workload for one in run.records}
    if names != {simulation.name}:
        raise InputError(
            f"the run is of {', '.join(sorted(names))}, the simulation of {simulation.name}: simulate what was run"
        )


def _of_run(run: Run) -> pd.DataFrame:
    from attune_sim.analysis.simulations import run_figures

    return run_figures(run.tasks, run.items, run.attempts)


def _of_comparison(comparison: Comparison) -> pd.DataFrame:
    import pandas as pd

    medians = comparison.frame.groupby(["metric", "strategy"], sort=False)["value"].median()
    return pd.DataFrame(
        [
            (metric, name, unit, value)
            for told, (metric, unit) in _OF_CELLS.items()
            for name, value in (medians[told].items() if told in medians.index else ())
        ],
        columns=["metric", "task", "unit", "value"],
    )


_OF_CELLS: Final = {
    "live_heap_bytes": ("heap_bytes", "bytes"), "fork_us": ("fork_us", "us"), "render_us": ("render_us", "us"),
}  # fmt: skip
"""Metric of a cell -> the figure of a simulation, and its unit."""


def _of_simulation(simulation: Simulation, *, memory: bool) -> pd.DataFrame:
    import pandas as pd

    from attune_sim.analysis.simulations import cycle_figures

    if not memory:
        return cycle_figures(simulation.cycles, simulation.items)
    return pd.DataFrame(
        [*_heaps(simulation), *_times(simulation)], columns=["metric", "task", "unit", "value"]
    )


def _heaps(simulation: Simulation) -> Iterator[tuple[Any, ...]]:
    for row in simulation.deaths.to_dict("records"):
        yield "heap_bytes", row["strategy"], "bytes", row["heap_bytes"]


def _times(simulation: Simulation) -> Iterator[tuple[Any, ...]]:
    """Of the main fan-out, as prices have them."""
    for strategy, prices in ({} if simulation.prices is None else simulation.prices).items():
        if (price := prices.tasks.get(simulation.asked.workload.fan_out or "")) is not None:
            yield from (
                (name, strategy, "us", value)
                for name, value in (("fork_us", price.fork_us), ("render_us", price.render_us))
                if value is not None
            )
