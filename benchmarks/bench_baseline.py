"""The headline: `baseline`, 1,000 items over 1 MB of JSON records, `shared` against `deepcopy`, eager, in cells.

python benchmarks/bench_baseline.py [--repeats 3]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from statistics import correlation, median

from verdict import Verdict

from attune_sim.contexts.registry import strategies
from attune_sim.experiment import Experiment, run_experiment
from attune_sim.frame import readings_of
from attune_sim.metrics import METRICS
from attune_sim.record import CellRecord
from attune_sim.scenarios.catalogue.baseline import baseline


def figure(records: Sequence[CellRecord], strategy: str, metric: str) -> float:
    values = [
        reading.value
        for record in records
        if record.key.strategy == strategy
        for reading in readings_of(record)
        if reading.metric == metric and reading.value is not None
    ]
    return median(values)


def straightness(record: CellRecord) -> float:
    """R squared of live heap over forks, up to the last fork."""
    points = [(one.item_index, one.value) for one in record.samples if one.metric == "live_heap_bytes"]
    grown = points[: next(n for n, (index, _) in enumerate(points, 1) if index == record.forks)]
    xs, ys = zip(*grown, strict=True)
    return correlation(xs, ys) ** 2


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--items", type=int, default=1_000)
    options = parser.parse_args()
    grid = Experiment(
        workloads=(baseline(options.items),),
        strategies=(strategies["deepcopy"], strategies["shared"]),
        dispatches=("eager",),
        repeats=options.repeats,
    )
    records = run_experiment(grid)
    verdict = Verdict(
        f"baseline, {options.items:,} items, {records[0].key.context_bytes:,} bytes of context, eager"
    )
    for strategy in ("deepcopy", "shared"):
        cells = [record for record in records if record.key.strategy == strategy]
        verdict.note(strategy, ", ".join(f"{one.outcome} ({one.forks} forks)" for one in cells))
        for metric in ("fork_us", "floor_us", "fork_bytes", "live_heap_bytes", "asizeof_coverage"):
            verdict.figure(f"{strategy} {metric}", figure(records, strategy, metric), METRICS[metric].unit)
    for metric in ("fork_us", "fork_bytes"):
        ratio = figure(records, "deepcopy", metric) / figure(records, "shared", metric)
        verdict.require(f"deepcopy over shared, {metric}", ratio, ">=", 20_000, "times")
    floors = figure(records, "shared", "fork_us") / figure(records, "shared", "floor_us")
    verdict.figure("shared fork over its floor", floors, "times")
    verdict.require("shared fork object", figure(records, "shared", "fork_object_bytes"), "<=", 56, "bytes")
    verdict.require(
        "shared fork with index and list slot", figure(records, "shared", "fork_bytes"), "<=", 112, "bytes"
    )
    heaps = [figure(records, name, "live_heap_bytes") for name in ("shared", "deepcopy")]
    verdict.require("shared live heap, of deepcopy's", heaps[0] / heaps[1], "<", 0.01)
    first = next(record for record in records if record.key.strategy == "deepcopy")
    verdict.require("deepcopy: memory over items is a line (R squared)", straightness(first), ">=", 0.999)
    verdict.exit()


if __name__ == "__main__":
    main()
