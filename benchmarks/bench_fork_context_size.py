"""The time of a `shared` fork does not depend on the size of the context: 0 to 5 MB of JSON, within 10 %.

Sizes take turns round by round, each round in another order, because a noisy machine makes two runs of the same code
differ by more than what is looked for. The floor is a bare slotted object, made in the same rounds.
"""

from __future__ import annotations

import gc
import random
from statistics import median
from time import perf_counter_ns
from typing import Any

from verdict import Verdict

from attune_sim.contexts.registry import strategies
from attune_sim.probes.forks import FIRST_INDEX, Bare
from attune_sim.runspec import History
from attune_sim.scenarios.payload import make_history

MEGABYTES = (0.0, 0.1, 1.0, 2.5, 5.0)
ROUNDS, BATCH = 400, 2_000
ITEM = {"id": 7, "host": "a.example"}


def forker_over(megabytes: float) -> Any:
    strategy = strategies["shared"]()
    history = History(tasks=round(megabytes * 100), bytes_each=10_000)
    context = strategy.begin({"parameters": {}, "workflow": {}, "task": make_history(history)})
    return strategy.fan_out(context, None)


def timed(fork: Any, indexes: list[int]) -> float:
    began = perf_counter_ns()
    for index in indexes:
        fork(ITEM, index)
    return (perf_counter_ns() - began) / len(indexes)


def timed_bare(indexes: list[int]) -> float:
    context = object()
    began = perf_counter_ns()
    for index in indexes:
        Bare(context, ITEM, index)
    return (perf_counter_ns() - began) / len(indexes)


def main() -> None:
    forks = {size: forker_over(size).fork for size in MEGABYTES}
    indexes = list(range(FIRST_INDEX, FIRST_INDEX + BATCH))
    times: dict[float, list[float]] = {size: [] for size in MEGABYTES}
    floors: list[float] = []
    gc.collect()
    gc.freeze()
    order = list(MEGABYTES)
    chance = random.Random(0)
    for _ in range(ROUNDS):
        chance.shuffle(order)
        floors.append(timed_bare(indexes))
        for size in order:
            times[size].append(timed(forks[size], indexes))
    verdict = Verdict(f"shared: one fork, {ROUNDS} interleaved rounds of {BATCH}")
    floor = median(floors)
    verdict.figure("floor: a bare slotted object", floor, "ns")
    medians = {size: median(values) for size, values in times.items()}
    for size, value in medians.items():
        verdict.figure(f"context of {size:g} MB", value, "ns")
        verdict.figure(f"context of {size:g} MB over the floor", value / floor, "times")
    verdict.require("slowest over fastest", max(medians.values()) / min(medians.values()), "<=", 1.10)
    verdict.exit()


if __name__ == "__main__":
    main()
