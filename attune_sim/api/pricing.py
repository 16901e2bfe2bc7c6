"""Prices of a workload's memory under each strategy: from what a store has of them, or weighed now, in some seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.showing.telling import Telling
from attune_sim.contexts.projected import Projected
from attune_sim.contexts.registry import strategies
from attune_sim.errors import InputError
from attune_sim.experiment.fingerprint import fingerprint
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import CellSpec
from attune_sim.record import CellRecord
from attune_sim.scenarios.workload import Workload
from attune_sim.simulation.prices import Line, Prices, Process, StrategyPrices, TaskPrice
from attune_sim.simulation.pricing import priced
from attune_sim.store import Store

if TYPE_CHECKING:
    from attune_sim.analysis.advice import Outline

LARGEST: Final = 20_000
"""Items of the largest run that is weighed: what a larger one takes is on the line through two that are not."""

WEIGHING: Final = "weighing what each strategy holds takes some seconds; a store (store=, --store) keeps it"

_SMALLER: Final = 8
_FALLBACK: Final = (64, 8)
"""Where memory does not even reach for a few forks: shares of the items that are tried then."""


def prices_of(
    workload: Workload,
    names: Iterable[str] | None = None,
    *,
    dispatch: str = "windowed",
    store: str | PathLike[str] | None = None,
    recordings: Recordings | None = None,
    telling: Telling | None = None,
) -> Prices:
    """What a workload of this size holds under some strategies (None: all), for a ledger.

    What a `store` has counts: prices that were weighed before, else cells of the workload in this size or in two others. The rest is weighed now, in
    a process of its own, which calls the workload's own actions once, if it has any, as recordings do; a store keeps it. That takes
    seconds, and is what `telling` is told.

    Raises:
        InputError: no strategy can carry the workload.
        ExperimentError: actions could not be recorded, or no process can be started.
    """
    asked = list(strategies if names is None else names)
    kept = None if store is None else Store(store)
    known = Prices({}) if kept is None else _kept(kept, workload, asked)
    if kept is not None and (missing := _missing(known, asked)):
        known = known.joined(_from_cells(kept.records(), workload, missing, dispatch))
    if missing := _missing(known, asked):
        telling = telling or Telling(False)
        if kept is None:
            telling.now(WEIGHING)
        with ExitStack() as stack:
            taken = recordings or stack.enter_context(Recordings(telling.note, natural=True))
            found = weighed_now(workload, missing, taken)
        if kept is not None:
            _keep(kept, workload, found)
        known = known.joined(found)
    return known.only(*(name for name in asked if name in known))


def _missing(known: Prices, names: Sequence[str]) -> list[str]:
    return [name for name in names if name not in known]


def weighed_now(workload: Workload, names: Sequence[str], recordings: Recordings) -> Prices:
    """What some strategies hold, weighed at the workload's size, or, where it is too large for that, at two smaller ones.

    Raises:
        ExperimentError: actions could not be recorded, or no process can be started.
    """
    items = workload.items
    sizes = [items] if items <= LARGEST else [LARGEST // _SMALLER, LARGEST]
    found = priced(_cells(workload, sizes, recordings), [strategies[name] for name in names])
    if (failed := _missing(found, names)) and sizes[0] >= _FALLBACK[0]:
        smaller = [sizes[0] // share for share in _FALLBACK]
        again = priced(_cells(workload, smaller, recordings), [strategies[name] for name in failed])
        found = found.joined(again)
    return found


def _cells(workload: Workload, sizes: Sequence[int], recordings: Recordings) -> list[CellSpec]:
    made = (workload if items == workload.items else workload.sized(items=items) for items in sizes)
    return [_replaying(CellSpec(workload=one, strategy=Projected), recordings) for one in made]


def _replaying(cell: CellSpec, recordings: Recordings) -> CellSpec:
    if not cell.is_recorded:
        return cell
    taken = recordings.of(cell)
    return cell.replaying(taken.recording, taken.estimated)


# -- what a store has ------------------------------------------------------------------------------------------------------


def _kept(store: Store, workload: Workload, names: Sequence[str]) -> Prices:
    """What was weighed before, and kept."""
    known = Prices({})
    for name in names:
        for row in store.prices(_id(workload, name))[-1:]:
            try:
                known = known.joined(Prices.of_row(row))
            except (KeyError, TypeError) as error:
                raise InputError(f"{store.path}: not a row of prices ({error!r})") from error
    return known


def _keep(store: Store, workload: Workload, found: Prices) -> None:
    with store:
        for name in found:
            row = replace(found.only(name), missing={}).as_row()
            store.append(_id(workload, name), {"row": "prices", **row})


def _id(workload: Workload, name: str) -> str:
    """Sixteen digits of what decides what is weighed."""
    digest = CellSpec(workload=workload, strategy=strategies[name]).digest
    return fingerprint("prices", digest, workload.items, workload.seed, sys.version, sys.platform)


def _from_cells(
    records: Iterable[CellRecord], workload: Workload, names: Sequence[str], dispatch: str
) -> Prices:
    """What cells of the workload say: all that is held beside forks and records is there from the opening of its largest fan-out on."""
    from attune_sim.analysis.advice import outlines
    from attune_sim.frame import metrics_frame

    digests = {CellSpec(workload=workload, strategy=strategies[name]).digest for name in names}
    own = [
        one
        for one in records
        if one.key.digest in digests and one.key.dispatch == dispatch and one.key.seed == workload.seed
    ]
    if not own or workload.fan_out is None:
        return Prices({})
    metrics = metrics_frame(own)
    found = outlines(metrics, items=workload.items, dispatch=dispatch)
    times = metrics[metrics["metric"].isin(["fork_us", "render_us"])]
    medians = times.groupby(["strategy", "metric"])["value"].median().to_dict()
    task = workload.fan_out
    return Prices(
        {name: _prices_of(one, task, name, medians) for name, one in found.items()},
        f"{len(own)} cells of the store",
    )


def _prices_of(outline: Outline, task: str, name: str, medians: Mapping[Any, float]) -> StrategyPrices:
    (items, _, opening, fork, record), beside = outline
    price = TaskPrice(
        fork=Line(fork),
        opening=Line(opening),
        record=Line(record),
        kept=Line(opening + items * record),
        fork_us=medians.get((name, "fork_us")),
        render_us=medians.get((name, "render_us")),
    )
    process = Process(
        resident=beside.resident, space=beside.space, resident_each=beside.slack, space_each=beside.slack
    )
    return StrategyPrices(tasks={task: price}, process=process)
