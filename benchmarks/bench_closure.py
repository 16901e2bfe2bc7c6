"""Every row closes: the parts of a run add up to it, and forks with their records to the growth of its heap.

Cells of `baseline` over a context of 60 KB (of 5 KB for 100,000 items), every strategy, eager and windowed, at 20, 1,000 and
100,000 items (those of 20 as often as it takes to sum to 50 ms). The figure of a size is the row that is furthest off.

    python benchmarks/bench_closure.py [--items 20 1000 100000] [--strategies shared deepcopy] [--dispatches eager]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from verdict import Verdict

from attune_sim.contexts.registry import strategies
from attune_sim.experiment.cell import run_cell
from attune_sim.experiment.spec import CellSpec
from attune_sim.record import CellRecord
from attune_sim.runspec import History
from attune_sim.scenarios.catalogue.baseline import baseline
from attune_sim.scenarios.workload import Workload

MOST_BYTES: Final = 60_000  # of JSON, in a context
COPIED_BYTES: Final = 500_000_000
"""That all copies of a context hold together, at the most: in memory they are up to five times as large."""
LEAST_S: Final = 0.05
MOST_REPEATS: Final = 12
OFF: Final = 0.03
MEMORY_LIMIT: Final = 8 * 2**30
TIME_LIMIT_S: Final = 300.0
HEAP_OFF: Final = 0.03
"""Forks of a small run take some 10 KB out of Python's free lists, which its heap does not grow by: 2.7 % of a thousand chain maps."""


def workload(items: int) -> Workload:
    """`baseline` over results, variables and parameters of which so many copies can be made."""
    fifth = min(MOST_BYTES, COPIED_BYTES // items) // 5
    history = History(tasks=2, bytes_each=fifth)
    return baseline(items, history=history, variables_bytes=2 * fifth, parameters_bytes=fifth)


def rows(items: int, strategy: str, dispatch: str) -> Iterator[CellRecord]:
    """Cells until their walls sum to 50 ms."""
    measured = workload(items)
    spent, repeat = 0.0, 0
    while repeat == 0 or (spent < LEAST_S and repeat < MOST_REPEATS):
        spec = CellSpec(
            workload=measured,
            strategy=strategies[strategy],
            dispatch=dispatch,
            repeat=repeat,
            memory_limit_bytes=MEMORY_LIMIT,
            time_limit_s=TIME_LIMIT_S,
        )
        record = run_cell(spec)
        if record.outcome != "ok":
            raise SystemExit(f"{spec.title}, {dispatch}: {record.outcome}, {record.error}")
        spent, repeat = spent + (record.wall_s or 0.0), repeat + 1
        yield record


def closure(records: list[CellRecord], metric: str) -> float | None:
    """The metric over several rows: by their walls, as if they were one row."""
    known = [
        (reading.value, record.wall_s or 0.0)
        for record in records
        for reading in record.readings
        if reading.metric == metric and reading.value is not None
    ]
    whole = sum(wall_s for _, wall_s in known)
    return sum(value * wall_s for value, wall_s in known) / whole if whole else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="*", default=[20, 1_000, 100_000])
    parser.add_argument("--strategies", nargs="*", default=list(strategies))
    parser.add_argument("--dispatches", nargs="*", default=["windowed", "eager"])
    asked = parser.parse_args()
    verdict = Verdict(f"rows that close, {len(asked.strategies)} strategies")
    for items in asked.items:
        for dispatch in asked.dispatches:
            off: dict[str, list[tuple[float, str]]] = {"closure": [], "heap_closure": []}
            for strategy in asked.strategies:
                records = list(rows(items, strategy, dispatch))
                for metric, found in off.items():
                    if (value := closure(records, metric)) is not None:
                        found.append((abs(value - 1), strategy))
            for metric, limit in (("closure", OFF), ("heap_closure", HEAP_OFF)):
                if off[metric]:
                    worst, strategy = max(off[metric])
                    name = f"{metric}, {items:,} items, {dispatch}: furthest, {strategy}"
                    verdict.require(name, worst, "<=", limit)
    verdict.exit()


if __name__ == "__main__":
    main()
