"""Opening an explorer over whatever a user has."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Unpack

from attune_sim.amounts import byte_count
from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.comparisons.measuring import Asked, Options
from attune_sim.api.exploring.explorer import Explorer
from attune_sim.api.exploring.extra import require_widgets
from attune_sim.api.runs.chosen import chosen_strategies
from attune_sim.api.runs.given import Source
from attune_sim.api.runs.running import Strategy
from attune_sim.errors import InputError
from attune_sim.record import CellRecord
from attune_sim.scenarios.registry import scenarios
from attune_sim.store import Store

SHOWN = ("deepcopy", "orjson", "hamt", "shared")
"""Of a workload of which nothing was measured yet, where no strategies are named: one of each way of handing on."""


def explore(
    source: Comparison | Source,
    strategies: Strategy | Iterable[Strategy] | None = None,
    *,
    limit: int | str = "1GiB",
    workload: Source | None = None,
    store: str | PathLike[str] | None = None,
    **options: Unpack[Options],
) -> Explorer:
    """Sliders over what was measured and what that foretells: items, context, payload, window, and the memory of the process.

    `source` is a sweep (or comparison), the store of one (`FILE.jsonl`), or a workload of which nothing was measured yet. The curves of
    memory and time are the laws that were fitted, broken where they reach beyond what was measured; dots are cells. The `limit` is
    a line, and where each strategy meets it is marked. The button measures the shown point for real, each strategy in a process of its own
    with that limit, and keeps the cells in `store` (a store that was given, else a file that goes with the explorer).

    `workload` is what is measured then; a scenario is found by its name. `strategies` None: those that were measured. What goes with a
    workload (`actions`, `parameters`, `script` ...) means what it means in `at.compare`.

    In a notebook the widget is shown where the explorer ends a cell; elsewhere it is a text, and all that the sliders do is done by its
    methods.

    >>> import attune_sim as at
    >>> explorer = at.explore("baseline", "shared", limit="512MiB").at(items=100_000)  # nothing was measured yet
    >>> explorer.setting.items, explorer.outlook.missing
    (100000, ('shared',))

    Raises:
        InputError: ipywidgets is not installed (`pip install 'attune-sim[explore]'`), or something that was given cannot be used.
    """
    require_widgets()
    asked = Asked(**options)
    records, workload, store = _opened(source, workload, store)
    size = (1_000, 10_000)
    if workload is not None:
        own = asked.workload(workload)
        size = (own.items or size[0], size[1])
    names = _names(records, strategies)
    return Explorer(
        records,
        strategies=names,
        limit=byte_count(limit, "limit"),
        workload=workload,
        store=store,
        asked=asked,
        start=size,
    )


def _opened(
    source: Comparison | Source, workload: Source | None, store: str | PathLike[str] | None
) -> tuple[tuple[CellRecord, ...], Source | None, str | PathLike[str] | None]:
    """The cells, the workload and the store that a source comes to."""
    if isinstance(source, Comparison):
        return tuple(source.records), workload or _scenario_of(source.records), store
    if isinstance(source, str | PathLike) and str(source).endswith(".jsonl"):
        if not Path(source).is_file():
            raise InputError(f"{source}: there is no such store of cells")
        kept = Store(source).records()
        return tuple(kept), workload or _scenario_of(kept), store or source
    if hasattr(source, "columns"):
        raise InputError("at.explore needs cells: give the sweep that this frame is of, or its store")
    kept = [] if store is None else Store(store).records()
    return tuple(kept), workload or source, store


def _scenario_of(records: Iterable[CellRecord]) -> Source | None:
    """The scenario by whose name cells were measured; None where it is of somebody else."""
    names = {record.key.workload for record in records}
    return next((name for name in names if name in scenarios), None) if len(names) == 1 else None


def _names(records: Iterable[CellRecord], strategies: Strategy | Iterable[Strategy] | None) -> list[str]:
    measured = list(dict.fromkeys(record.key.strategy for record in records))
    if strategies is None:
        return measured or list(SHOWN)
    return [one.name for one in chosen_strategies(strategies)]
