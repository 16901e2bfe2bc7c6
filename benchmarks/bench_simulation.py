"""A day of operations in a second: what an item costs in simulated time, beside SimPy's cost for as many bare timeouts.

A day is 288 cycles over 1,000 servers, 50 checks at once. The others are fan-outs of 1,000,000 items, 1,000 at once: one,
and ten as ten cycles. Latencies are lognormal, one attempt in a hundred fails and is tried again, every input is rendered,
and all items are kept, or a sample of 100,000. Each is simulated in a process of its own; its seconds are those of the
processor, which is what a quiet machine takes. SimPy does nothing but let as many timeouts come up, as many of them
waiting; where it is not installed that is left out.

Memory is the live heap of a process that simulates 1,000,000 items: what was added when half of them had ended, when all
had, and, after that, when the next task of the workflow ended. Items (a list of numbers) and aggregate (a list of one
result that all have) are left out.

    python benchmarks/bench_simulation.py [--quick]
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any, Final

from verdict import Verdict

from attune_sim.loader import load
from attune_sim.probes.memory import Memory
from attune_sim.runspec import RunSpec
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.faults.reading import read_faults
from attune_sim.simulation.latency.reading import read_latencies
from attune_sim.simulation.outcome import Outcome
from attune_sim.simulation.schedules import Every
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

WORKFLOW: Final = """
version: '1'
parameters: {servers: {type: integer}}
tasks:
  - name: check
    action: monitoring.check
    with_items: "{{ range(parameters.servers) }}"
    concurrency: %d
    input: {url: "{{ item }}"}
    retry: {count: 1, delay: 5}
    next: [{do: [report]}]
  - {name: report, action: notify.report, input: {text: done}}
"""
MILLION: Final = 1_000_000
MOST_BYTES: Final = 60
RESULT_BYTES: Final = 8  # a place in the list of results


def setting(cycles: int, servers: int, window: int) -> Setting:
    spec = RunSpec(workflow=load(WORKFLOW % window), parameters={"servers": servers})
    fates = ModelledFates(
        latency=read_latencies("lognormal(80ms, 0.8)"), faults=read_faults("check=failing(1%)")
    )
    period_s = 86_400 / cycles
    return Setting(spec=spec, fates=fates, schedule=Every(period_s), duration_s=86_400.0, seed=1)


class HeapWatch:
    """Reads the live heap at moments of one big fan-out: bytes an item beside items and aggregate."""

    def __init__(self, items: int) -> None:
        self._items, self._memory, self._ended = items, Memory(), 0
        before = self._memory.heap()
        held = list(range(items))
        self._items_bytes = self._memory.heap() - before
        del held
        self.readings: dict[str, float] = {}

    def begin(self, now: Callable[[], float]) -> None:
        gc.collect()

    def cycle(self, number: int) -> HeapWatch:
        self._before = self._memory.heap() + RESULT_BYTES * self._items
        return self

    def _read(self, moment: str, items_bytes: int) -> None:
        gc.collect()  # what is garbage is nobody's
        self.readings[moment] = (self._memory.heap() - self._before - items_bytes) / self._items

    def action_ended(self, event: Any) -> None:
        self._ended += event.index is not None
        if event.index is None:
            self._read("after", 0)
        elif self._ended == self._items // 2:
            self._read("half", self._items_bytes)

    def fan_out_ended(self, offer: Any) -> None:
        if not offer.plain:
            self._read("open", self._items_bytes)


def simulated(cycles: int, servers: int, window: int) -> dict[str, float]:
    """Simulate in this process: seconds, and counts."""
    asked = setting(cycles, servers, window)
    began, used = perf_counter(), process_time()
    outcome = simulate(asked)
    cpu_s, wall_s = process_time() - used, perf_counter() - began
    return {"cpu_s": cpu_s, "wall_s": wall_s, **counts(outcome)}


def counts(outcome: Outcome) -> dict[str, float]:
    assert outcome.ended == "finished", outcome
    return {
        "items": sum(row.items for row in outcome.cycles),
        "retries": sum(row.retries for row in outcome.cycles),
        "kept": len(outcome.items["index"]),
        "events": outcome.events,
    }


def weighed(servers: int, window: int) -> dict[str, float]:
    """Bytes an item of one fan-out, at its moments."""
    simulate(setting(1, 10, window))  # what is imported and compiled once is nobody's
    watch = HeapWatch(servers)
    simulate(setting(1, servers, window), [watch])
    return watch.readings


def bare_timeouts(number: int, waiting: int) -> dict[str, float]:
    """As many timeouts in SimPy, so many of them waiting at a time."""
    import simpy

    environment = simpy.Environment()
    left = number - waiting

    def again(_: Any) -> None:
        nonlocal left
        if left > 0:
            left -= 1
            environment.timeout(1.0).callbacks.append(again)

    used = process_time()
    for n in range(waiting):
        environment.timeout(n / waiting).callbacks.append(again)
    environment.run()
    return {"cpu_s": process_time() - used}


MEASURES: Final[dict[str, Callable[..., dict[str, float]]]] = {
    "simulated": simulated,
    "weighed": weighed,
    "bare_timeouts": bare_timeouts,
}


def in_fresh_process(measure: str, *numbers: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", measure, *map(str, numbers)]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return told


def has_simpy() -> bool:
    try:
        import simpy  # noqa: F401
    except ImportError:
        return False
    return True


def timed(verdict: Verdict, name: str, numbers: tuple[int, int, int], most_s: float) -> None:
    """One simulation, and as many timeouts just behind it."""
    seen = in_fresh_process("simulated", *numbers)
    verdict.note(
        name, f"{seen['items']:,.0f} items, {seen['retries']:,.0f} retries, {seen['kept']:,.0f} kept"
    )
    verdict.require("  processor", seen["cpu_s"], "<", most_s, "s")
    verdict.figure("  an item", seen["cpu_s"] / seen["items"] * 1e6, "us")
    verdict.figure("  by the clock on the wall", seen["wall_s"], "s")
    if has_simpy():
        bare = in_fresh_process("bare_timeouts", int(seen["events"]), numbers[2])
        verdict.figure("  SimPy: as many bare timeouts, processor", bare["cpu_s"], "s")
        verdict.figure("  the simulation over these", seen["cpu_s"] / bare["cpu_s"], "times")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="without the ten fan-outs of a million items")
    parser.add_argument("--measure", nargs="+", help="only measure one thing in this process, and print JSON")
    options = parser.parse_args()
    if options.measure:
        measure, *numbers = options.measure
        print(json.dumps(MEASURES[measure](*map(int, numbers))))
        return
    verdict = Verdict("simulations of days, and of a million items")
    timed(verdict, "a day of 288 cycles over 1,000 servers", (288, 1_000, 50), 2)
    timed(verdict, "one fan-out of 1,000,000 items", (1, MILLION, 1_000), 6)
    if not options.quick:
        timed(verdict, "ten fan-outs of 1,000,000 items", (10, MILLION, 1_000), 70)
    seen = in_fresh_process("weighed", MILLION, 1_000)
    verdict.require("open, half of the items have ended", seen["half"], "<=", MOST_BYTES, "bytes an item")
    verdict.require("open, all items have ended", seen["open"], "<=", MOST_BYTES, "bytes an item")
    verdict.figure("after it, the next task has ended", seen["after"], "bytes an item")
    verdict.require("  in all", seen["after"] * MILLION / 1e6, "<=", 12, "MB: the sample of 100,000 rows")
    verdict.exit()


if __name__ == "__main__":
    main()
