"""Measuring the noise of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

from attune_sim.amounts import second_count
from attune_sim.api.choices import Dispatch
from attune_sim.api.noise.kept import noise_file
from attune_sim.api.noise.noise import Noise
from attune_sim.api.runs.chosen import chosen_strategies, sized_workload
from attune_sim.api.runs.given import Source, given_workload
from attune_sim.api.runs.running import DISPATCHES, Strategy, one_of, positive
from attune_sim.api.showing.telling import Telling
from attune_sim.api.stopped import stopped
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import Interrupted
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.experiment.recordings import Recordings
from attune_sim.probes.surroundings import surroundings
from attune_sim.record import CellRecord
from attune_sim.store import Store

if TYPE_CHECKING:
    pass

NAMES: Final = 3
"""Names of the one strategy: three pairs in each round, for half as many cells more as one pair takes."""

LEAST_ROUNDS: Final = 10
"""Rounds that are measured however long they take: of fewer, comparisons of five pairs would be the same again and again."""


def noise(
    workload: Source = "baseline",
    strategy: Strategy = "shared",
    *,
    items: int | None = None,
    dispatch: Dispatch | None = None,
    rounds: int = 20,
    budget: float | str = "60s",
    n: int = 5,
    again: bool = False,
    place: str | PathLike[str] | None = None,
    progress: bool = True,
) -> Noise:
    """How far the same strategy, measured twice, comes out apart on this machine, and how often that is called a change (A/A).

    One strategy runs under three names, in `rounds` as `at.compare` has them (a hash seed a round, the order rotated), as many as the
    `budget` of time allows, but ten. What is found between two names is noise. `n` are the pairs of the comparisons in `.frame`.

    Cells are kept in a file for this machine and Python, below `place`, else the folder in the environment variable
    `ATTUNE_SIM_STATE`, else the user's own for what programs keep; comparisons find them there. The same call takes what is kept
    and measures only what is missing; with `again` all is measured anew.

    Raises:
        InputError: something that was given cannot be used; or the file holds something else.
        Interrupted: Ctrl-C; the cells so far are kept.

    >>> noise("baseline", "depcopy")
    Traceback (most recent call last):
        ...
    attune_sim.errors.UnknownNameError: unknown strategy 'depcopy' (did you mean 'deepcopy'?); choose from: ...
    """
    own = sized_workload(given_workload(workload), items=items)
    [only], pairs = chosen_strategies(strategy), positive("n", n)
    ends = _Budget(second_count(budget, "budget"))
    grid = Experiment(
        workloads=[own],
        strategies=list(aliases(only)),
        dispatches=[one_of("dispatch", dispatch or "eager", DISPATCHES)],
        repeats=positive("rounds", rounds),
        check_answers=False,
        enough=lambda records: len(records) >= NAMES * LEAST_ROUNDS and ends.is_over,
    )
    path = noise_file(_here(), place)
    fresh = path.with_suffix(".new") if again else path
    path.parent.mkdir(parents=True, exist_ok=True)
    if again:
        fresh.unlink(missing_ok=True)
    _measure(grid, Store(fresh), progress)
    fresh.replace(path)
    return Noise(Store(path).records(), path, pairs)


def aliases(strategy: type[ContextStrategy]) -> Iterable[type[ContextStrategy]]:
    """The same strategy under each of its names: `shared`, `shared~2`, `shared~3`."""
    from attune_sim.analysis.noise import AGAIN

    for number in range(1, NAMES + 1):
        name = strategy.name if number == 1 else f"{strategy.name}{AGAIN}{number}"
        yield type(strategy.__name__, (strategy,), {"name": name})


def _measure(grid: Experiment, store: Store, progress: bool) -> Sequence[CellRecord]:
    telling = Telling(progress)
    recordings = Recordings(telling.note)
    with telling.watching() as watcher:
        try:
            return run_experiment(grid, store=store, progress=watcher, recordings=recordings)
        except Interrupted as halt:
            raise stopped(f"{halt}; the same call goes on", None) from None


def _here() -> dict[str, Any]:
    return surroundings(heap_source="", clock_floor_us=0.0, gc_policy="", commit=None)


class _Budget:
    """Seconds from now on."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._ends = clock, clock() + seconds

    @property
    def is_over(self) -> bool:
        return self._clock() >= self._ends
