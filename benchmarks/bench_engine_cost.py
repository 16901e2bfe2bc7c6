"""Engine and recording: microseconds an item, for 10,000 items with one template and a no-op action.

The floor is a bare loop that calls the action. Runs with and without the recorder and bare loops take turns.

    python benchmarks/bench_engine_cost.py [--items 10000] [--target 10]
"""

from __future__ import annotations

import argparse
import gc
from statistics import median
from time import perf_counter
from typing import Any

from verdict import Verdict

from attune_sim.contexts.registry import strategies
from attune_sim.engine.runner import Runner
from attune_sim.executors import executor_named
from attune_sim.probes.recorder import Recorder
from attune_sim.workflow import Task, Workflow

ROUNDS = 9
EACH = Task("each", action="noop", with_items="{{ parameters.items }}", input={"id": "{{ item.id }}"})


def noop(**input: Any) -> None:
    """Nothing."""


def run_once(items: list[Any], observers: list[object], dispatch: str) -> float:
    runner = Runner(
        Workflow((EACH,), ref="bench"),
        {"items": items},
        strategy=strategies["shared"](),
        dispatch=dispatch,  # type: ignore[arg-type]
        actions={"noop": noop},
        observers=observers,
    )
    executor = executor_named("inline")
    gc.collect()
    gc.freeze()
    began = perf_counter()
    ending = executor.run(runner)
    took = perf_counter() - began
    gc.unfreeze()
    assert ending.status == "succeeded", ending.error
    return took / len(items) * 1e6


def bare_loop(items: list[Any]) -> float:
    began = perf_counter()
    for item in items:
        noop(id=item["id"])
    return (perf_counter() - began) / len(items) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--target", type=float, default=10.0, help="microseconds an item")
    options = parser.parse_args()
    items = [{"id": number} for number in range(options.items)]
    figures: dict[str, list[float]] = {"floor": [], "engine": [], "windowed": [], "eager": []}
    for _ in range(ROUNDS):
        figures["floor"].append(bare_loop(items))
        figures["engine"].append(run_once(items, [], "windowed"))
        for dispatch in ("windowed", "eager"):
            figures[dispatch].append(run_once(items, [Recorder(perf_counter)], dispatch))
    floor, engine, windowed, eager = (median(values) for values in figures.values())
    verdict = Verdict(
        f"engine and recording, inline, {options.items:,} items, median of {ROUNDS} interleaved rounds"
    )
    verdict.note("floor: a bare loop", f"{floor:.3f} us an item")
    verdict.note("engine alone, windowed", f"{engine:.2f} us an item, {engine / floor:.0f} floors")
    verdict.note("recording", f"{windowed - engine:.2f} us an item")
    for name, value in (("windowed", windowed), ("eager", eager)):
        verdict.note(f"{name} over the floor", f"{value / floor:.0f} times")
        verdict.require(f"engine and recording, {name}", value, "<=", options.target, "us an item")
    verdict.exit()


if __name__ == "__main__":
    main()
