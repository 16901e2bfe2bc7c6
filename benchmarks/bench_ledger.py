"""What the ledger adds to a simulated item: memory charged to twelve strategies at once, peaks and deaths kept exactly.

The same simulations with and without a ledger take turns; its cost is the difference of the best rounds, because what else the machine does only ever
adds. The floor is what adding twelve numbers in plain Python, twice an item, takes in the same rounds.

    python benchmarks/bench_ledger.py [--items 200000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from time import process_time
from typing import Final

from bench_simulation import setting
from verdict import Verdict

from attune_sim.simulation.ledger import Ledger
from attune_sim.simulation.prices import Line, Prices, Process, StrategyPrices, TaskPrice
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

STRATEGIES: Final = 12
MEMORY: Final = 2.0**31


def prices() -> Prices:
    """Twelve strategies whose forks take from 56 bytes to some megabytes; half of them die."""
    found = {}
    for place in range(STRATEGIES):
        check = TaskPrice(
            fork=Line(56.0 * 2.7**place),
            opening=Line(1e3, 17.0),
            record=Line(200.0 + place),
            kept=Line(0.0, 220.0),
            workspace=Line(1e3 * place),
        )
        tasks = {"check": check, "report": TaskPrice(fork=Line(128.0), kept=Line(300.0))}
        found[f"s{place}"] = StrategyPrices(begin=4e6, tasks=tasks, process=Process(resident=6e7, space=8e7))
    return Prices(found, "made up")


def used(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    gc.collect()
    began = process_time()
    work()
    return process_time() - began


def charged(asked: Setting, known: Prices) -> Ledger:
    ledger = Ledger(known, memory_bytes=MEMORY)
    simulate(asked, [ledger])
    ledger.deaths()
    return ledger


def plain_sums(number: int) -> None:
    """What a ledger would do that added move by move."""
    held, amounts = [0.0] * STRATEGIES, [56.0 * 2.7**place for place in range(STRATEGIES)]
    places = range(STRATEGIES)
    for _ in range(number):
        for place in places:
            held[place] += amounts[place]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    verdict = Verdict("what the ledger adds to a simulation")
    known = prices()
    days = max(1, options.items // 1_000)
    for name, asked in (
        ("one fan-out", setting(1, options.items, 1_000)),
        (f"{days} cycles of 1,000 items", setting(days, 1_000, 50)),
    ):
        without, with_it, floor = [], [], []
        for _ in range(options.rounds):
            without.append(used(lambda asked=asked: simulate(asked)))  # type: ignore[misc]
            with_it.append(used(lambda asked=asked: charged(asked, known)))  # type: ignore[misc]
            floor.append(used(lambda: plain_sums(2 * options.items)))
        ledger = charged(asked, known)
        dead = sum(time is not None for time in ledger.deaths()["time_s"])
        verdict.note(name, f"{options.items:,} items, {dead} of {STRATEGIES} strategies die")
        verdict.figure("  without a ledger", min(without) / options.items * 1e6, "us an item")
        verdict.figure(
            "  floor: as many sums in plain Python", min(floor) / options.items * 1e6, "us an item"
        )
        verdict.require(
            "  the ledger adds", (min(with_it) - min(without)) / options.items * 1e6, "<=", 1.0, "us an item"
        )
    verdict.exit()


if __name__ == "__main__":
    main()
