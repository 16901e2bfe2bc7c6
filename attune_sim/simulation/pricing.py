"""Prices, measured: `python -m attune_sim.simulation.pricing`, cells on stdin, one row a strategy out.

Every strategy is weighed in a fork of the one process that has imported everything: each begins with the same memory, and none pays for what another one
left behind.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.errors import InputError, counted
from attune_sim.experiment.carry import packed, unpacked
from attune_sim.experiment.cell import run_beside
from attune_sim.experiment.limits import MemoryLimit
from attune_sim.experiment.spec import CellSpec
from attune_sim.experiment.warmup import warm_up
from attune_sim.experiment.worker import begun
from attune_sim.probes.memory import Memory
from attune_sim.simulation.prices import Line, Prices, Process, StrategyPrices, TaskPrice
from attune_sim.simulation.weighing import Weighed, Weights, made_once, weighed

_MODULE: Final = (sys.executable, "-P", "-m", "attune_sim.simulation.pricing")

SPACE_EACH: Final = 1.01
"""Address space for a byte of live heap where nothing large showed it: pools and arenas of Python's allocator are never quite full."""


def priced(cells: Sequence[CellSpec], strategies: Sequence[type[ContextStrategy]]) -> Prices:
    """The prices of some strategies, weighed in cells of one workload, the smallest first; between and beyond their sizes they follow a line.

    A strategy that cannot carry the workload, so that tasks do not open that do under others, or that runs out of the cells' memory, is among
    those that are `missing`. Raises `InputError` if all are, and
    `ExperimentError` if the cells cannot be sent to another process.
    """
    if not cells:
        raise InputError("prices: there is no cell to weigh")
    rows: list[Mapping[str, Any]] = []
    order = {"cells": packed(list(cells)), "strategies": packed(list(strategies))}
    why = run_beside(cells[-1], _MODULE, order, rows.append)
    told = {str(row["strategy"]): row for row in rows if row["row"] == "priced"}
    base = next((row for row in rows if row["row"] == "base"), {"resident": 0.0, "space": 0.0})
    runs = {name: [_read(one) for one in row.get("weighed", ())] for name, row in told.items()}
    opened = {task for some in runs.values() for run in some for task in run.tasks}
    found, missing = {}, {}
    for name in (kind.name for kind in strategies):
        row, some = told.get(name, {"why": why or "nothing was told of it"}), runs.get(name)
        if some and (left := opened - some[-1].tasks.keys()):
            missing[name] = f"{some[-1].error or 'its run is another one'} ({', '.join(sorted(left))})"
        elif some:
            found[name] = _prices_of(base, some)
        if row.get("why"):
            missing[name] = str(row["why"])
    sizes = " and ".join(f"{cell.workload.items:,}" for cell in cells)
    return Prices(found, f"weighed with {sizes} items", missing)


def _read(row: Mapping[str, Any]) -> Weighed:
    tasks = {name: Weights(**weights) for name, weights in row["tasks"].items()}
    return Weighed(**{**row, "tasks": tasks})


def _prices_of(base: Mapping[str, float], runs: Sequence[Weighed]) -> StrategyPrices:
    names = dict.fromkeys(name for run in runs for name in run.tasks)
    known = [run for run in runs if run.space_each is not None]
    process = Process(
        resident=base["resident"],
        space=base["space"],
        resident_each=(known[-1].resident_each or 1.0) if known else 1.0,
        space_each=(known[-1].space_each or SPACE_EACH) if known else SPACE_EACH,
    )
    tasks = {name: _task_price([run.tasks[name] for run in runs if name in run.tasks]) for name in names}
    return StrategyPrices(begin=runs[-1].begin, tasks=tasks, begins=runs[-1].begins, process=process)


def _task_price(weights: Sequence[Weights]) -> TaskPrice:
    def points(of: Callable[[Weights], float]) -> list[tuple[int, float]]:
        return [(one.items, of(one)) for one in weights]

    last = weights[-1]
    return TaskPrice(
        fork=Line.level(points(lambda one: one.fork)),
        opening=Line.through(points(lambda one: one.opening)),
        record=Line(0.0 if last.plain or not last.items else last.records / last.items),
        storing=Line.through(points(lambda one: one.storing + (one.records if one.plain else 0.0))),
        kept=Line.through(points(lambda one: one.opening + one.records + one.storing + one.closing)),
        workspace=Line.level(points(lambda one: one.workspace)),
        fork_us=last.fork_us,
        render_us=last.render_us,
    )


# -- the program -----------------------------------------------------------------------------------------------------------


def main() -> None:
    """Read the order, weigh, tell the rows."""
    tell, order, _ = begun()
    cells: list[CellSpec] = unpacked(order["cells"])
    strategies: list[type[ContextStrategy]] = unpacked(order["strategies"])
    memory = Memory()
    warm_up(memory)
    made_once(cells[0])
    gc.collect()
    gc.freeze()
    process = memory.process
    tell({"row": "base", "resident": float(process.resident()), "space": float(process.address_space() or 0)})
    under_way: deque[tuple[str, Found]] = deque()
    for kind in [*strategies, *[None] * AT_ONCE]:
        if under_way and (kind is None or len(under_way) == AT_ONCE):
            name, found = under_way.popleft()
            tell({"row": "priced", "strategy": name, **found()})
        if kind is not None:
            under_way.append((kind.name, _apart(cells, kind)))
    tell({"row": "end"})


Found = Callable[[], Mapping[str, Any]]
"""Waits for what is found of a strategy, and gives it."""

AT_ONCE: Final = min(os.cpu_count() or 1, 4)
"""Strategies that are weighed at once: each reads the memory of its own process only, and times are not weighed."""


def _apart(cells: Sequence[CellSpec], kind: type[ContextStrategy]) -> Found:
    """What is found in a fork of this process."""
    if not hasattr(os, "fork"):
        return lambda: _weigh_all(cells, kind)
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        with os.fdopen(theirs, "w") as out:
            json.dump(_weigh_all(cells, kind), out)
        os._exit(0)
    os.close(theirs)

    def found() -> Mapping[str, Any]:
        with os.fdopen(ours) as answer:
            text = answer.read()
        _, status = os.waitpid(child, 0)
        if not text:
            return {"why": f"its process ended with {os.waitstatus_to_exitcode(status)}"}
        row: dict[str, Any] = json.loads(text)
        return row

    return found


def _weigh_all(cells: Sequence[CellSpec], kind: type[ContextStrategy]) -> dict[str, Any]:
    """Size by size, as far as they can be weighed: one that is too large leaves what the others said."""
    memory = Memory()  # of this process: what was opened before the fork tells of the other one
    found: list[dict[str, Any]] = []
    for cell in cells:
        limit = MemoryLimit(cell.memory_limit_bytes)
        try:
            limit.set(memory.process.address_space())
            run = weighed(replace(cell, strategy=kind), memory)
        except Exception as error:  # whatever a strategy, or an action, raises
            limit.lift()
            size, reason = counted(cell.workload.items, "item"), " ".join(str(error).split())[:300]
            return {"weighed": found, "why": f"{size}: {type(error).__name__}: {reason}"}
        limit.lift()
        found.append(asdict(run))
    return {"weighed": found, "why": ""}


if __name__ == "__main__":
    main()
