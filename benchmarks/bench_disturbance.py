"""Measuring does not disturb: a run with all the instruments of a cell beside the same run with none.

100,000 items of `baseline` under `shared`, in one process, in turns; medians of pairs. What looks at memory is part of it, the time that
a cell takes off for it is not taken off here. Another strategy, with fewer items, tells of slower forks.

    python benchmarks/bench_disturbance.py [--items 100000] [--rounds 21] [--strategy shared]
"""

from __future__ import annotations

import argparse
import gc
from statistics import median
from time import perf_counter
from typing import Final

from verdict import Verdict

from attune_sim.contexts.registry import strategies
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.instruments import RunInstruments
from attune_sim.probes.pauses import Pauses
from attune_sim.scenarios.registry import workload_of
from attune_sim.session import session_of

TARGET: Final = 1.2


def seconds(items: int, strategy: str, dispatch: str, *, watched: bool) -> float:
    """Of one run."""
    workload, timeline = workload_of("baseline", items=items), RealTimeline()
    instruments, pauses = RunInstruments(timeline, items=items), Pauses(perf_counter)
    observers = instruments.observers if watched else ()
    spec = workload.spec(dispatch=dispatch, strategy=strategies[strategy])
    session = session_of(spec, workload.actions(), observers=observers)
    gc.collect()
    gc.freeze()
    if watched:
        pauses.begin()
    began = perf_counter()
    executor_named("inline").run(session.job, timeline)
    took = perf_counter() - began
    pauses.end()
    instruments.close()
    gc.unfreeze()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--strategy", choices=list(strategies), default="shared")
    asked = parser.parse_args()
    verdict = Verdict(
        f"{asked.strategy}: a run of {asked.items:,} items with the instruments of a cell, over one without; {asked.rounds} pairs"
    )
    for dispatch in ("windowed", "eager"):
        ratios, bare = [], []
        for _ in range(asked.rounds):
            without = seconds(asked.items, asked.strategy, dispatch, watched=False)
            ratios.append(seconds(asked.items, asked.strategy, dispatch, watched=True) / without)
            bare.append(without)
        verdict.figure(f"{dispatch}: floor, without instruments", min(bare) / asked.items * 1e6, "us an item")
        verdict.require(f"{dispatch}: with instruments", median(ratios), "<=", TARGET, "times")
    verdict.exit()


if __name__ == "__main__":
    main()
