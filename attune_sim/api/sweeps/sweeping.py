"""Measuring strategies at several sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from math import inf
from os import PathLike
from typing import Any, Final, Unpack

import psutil

from attune_sim.amounts import second_count
from attune_sim.api.choices import Dispatch, Shape
from attune_sim.api.comparisons.measuring import Asked, Measurement, Options
from attune_sim.api.comparisons.sweep import Sweep
from attune_sim.api.runs.given import Source
from attune_sim.api.runs.running import Strategy, positive
from attune_sim.api.sweeps.designing import Design
from attune_sim.api.sweeps.foretelling import Foretelling
from attune_sim.api.sweeps.sizes import Sizes, listed
from attune_sim.errors import InputError
from attune_sim.experiment import Experiment, default_memory_limit
from attune_sim.experiment.limits import in_binary
from attune_sim.record import CellRecord

REPEATS: Final = 3
"""Cells of each size and strategy, where sizes are given."""


def sweep(
    workload: Source,
    strategies: Strategy | Iterable[Strategy] | None = None,
    *,
    items: Iterable[int] | int | None = None,
    context_bytes: Iterable[int | str] | int | str | None = None,
    payloads: Iterable[Shape] | Shape | None = None,
    dispatch: Iterable[Dispatch] | Dispatch | None = None,
    concurrency: Iterable[int] | int | None = None,
    repeats: int | None = None,
    workers: int = 1,
    resources: Mapping[str, float] | None = None,
    budget: float | str | None = None,
    store: str | PathLike[str] | None = None,
    progress: bool = True,
    **options: Unpack[Options],
) -> Sweep:
    """Measure a workload at several sizes under several strategies: how does each cost grow, and what would it be elsewhere?

    Each of `items`, `context_bytes` (numbers, or texts such as "1MB"), `payloads`, `dispatch` and `concurrency` is a list; all
    combinations are measured, small sizes first, strategy beside strategy. What is left out stays as the workload has it
    (`dispatch`: eager). All else (`actions`, `script`, `parameters`, `memory_limit`, `time_limit` ...) is what `at.compare` takes.

    Actions of yours are called once, for as many items as the workload has by itself: in every other size what came of that is
    repeated, and the cells say so (`cells["assumed"]`).

    A cell of which smaller ones foretell that it cannot fit its memory or time limit is `skipped`, with what they foretell in
    readings whose source is `estimated`: only if even the lower end of the interval is too much, or a smaller cell met the limit.
    With `workers` above 1 so many cells run beside each other, and read memory only: no time is told of a cell that had company.

    With `cluster` (the address of a Dask scheduler, or a Client) the cells are run by its workers, each in a process of its own there, and
    read memory only. Name `resources` of Dask's, as `{"machine": 1}`, of which a worker has what one cell takes and a machine has one
    worker: then a cell is alone on its machine, and reads times too. With `executor="dask"` the cells stay here, and the
    cluster makes their attempts, as in `at.compare`.

    With a `budget` ("2min", in seconds) sizes are chosen, not given: those that shrink the intervals of the predictions at the
    target most for their time, until these are narrow enough or the budget ends; `design` says which and why. The target is the
    largest of `items` and of `context_bytes`, or ten times the workload's own sizes. `repeats` None: 3, and 1 with a budget.

    >>> import attune_sim as at
    >>> swept = at.sweep("baseline", "shared", items=[8, 16, 32], context_bytes="20KB", repeats=1, progress=False)
    >>> swept.cells["items"].tolist(), set(swept.cells["outcome"])
    ([8, 16, 32], {'ok'})

    Raises:
        InputError: something that was given cannot be used; nothing was measured.
        ExperimentError: the strategies do not give the same answers.
        Interrupted: Ctrl-C, or a notebook's stop button: a `KeyboardInterrupt`. The sweep of the cells so far is its `result`,
            and `at.last()`; its `.resume()` goes on, and so does the same call with a `store`.
    """
    asked = Asked(**options)
    own, sizes = asked.workload(workload), Sizes.asked(items, context_bytes, payloads)
    grid = asked.experiment(
        [own] if budget is not None else sizes.workloads(own),
        strategies,
        repeats=repeats if repeats is not None else REPEATS if budget is None else 1,
        dispatches=listed("dispatch", dispatch, str) or ("eager",),
        concurrencies=listed("concurrency", concurrency, lambda one: positive("concurrency", one)) or (None,),
        workers=workers,
        away=_resources(resources),
    )
    _require_one_place(grid, resources)
    _require_several(grid, budget)
    _require_room(grid)
    measurement = Measurement(grid, store=store, progress=progress, natural=True)
    if budget is None:
        return measurement.of(lambda told: [measurement.run(grid, told, Foretelling())], Sweep)
    design = Design(own, sizes, grid, second_count(budget, "budget"))

    def designed(records: list[CellRecord], warnings: list[str], **known: Any) -> Sweep:
        return Sweep(records, warnings, design=design.lines, **known)

    return measurement.of(partial(design.steps, measurement), designed)


def _resources(given: Mapping[str, float] | None) -> Mapping[str, float]:
    """Amounts by name. Raises InputError for one that is none."""
    for name, amount in (given or {}).items():
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < inf:
            raise InputError(f"resources: {name} must be a number above 0, not {amount!r}")
    return dict(given or {})


def _require_one_place(grid: Experiment, resources: object) -> None:
    """Raises InputError where it is not clear how many cells run where."""
    if grid.away is None and resources:
        raise InputError(
            "resources= are those of workers that run cells: give cluster= too, and no executor='dask'"
        )
    if grid.away is not None and grid.workers > 1:
        raise InputError(
            "workers= are of this machine; a cluster has as many as it has: leave out one of the two"
        )


def _require_several(grid: Experiment, budget: object) -> None:
    """Raises InputError where nobody said what to vary."""
    cases = len(grid.workloads) * len(grid.dispatches) * len(grid.concurrencies)
    if budget is None and cases < 2:
        raise InputError(
            "a sweep needs several sizes: give a list, as items=[100, 1000, 10000] or context_bytes=['100KB', '1MB'], or a "
            "budget='2min' in which sizes are chosen; at.compare measures one"
        )


def _require_room(grid: Experiment) -> None:
    """Raises InputError where cells beside each other may take more memory than there is."""
    limit, free = grid.memory_limit_bytes or default_memory_limit(), psutil.virtual_memory().available
    if grid.workers > 1 and grid.workers * limit > free:
        raise InputError(
            f"{grid.workers} workers, each with a memory limit of {in_binary(limit)}, may take more than the {in_binary(free)} that "
            "are available; give fewer workers, or a smaller memory_limit (--memory-limit)"
        )
