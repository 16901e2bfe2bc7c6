"""The conductor's cost of an item is the same at 1,000 and at 1,000,000 items, and a million of them fit.

Cost: one conductor over all items is driven 1,000 items at a time, turn by turn with a fresh conductor over 1,000
items, both recorded, each item forked and rendered from its offer. What else the machine does only ever adds, so the figures are the lowest tenth of the slices.
Items, their results and everything that was there before are frozen, as in a cell.

Memory and time of the whole: a fresh process whose items exist before. Its results are None, so what grows is the
engine's and the recorder's own; the slots of the result list (8 bytes an item) are in it.

    python benchmarks/bench_conductor_scale.py [--items 1000000]
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from statistics import quantiles
from time import perf_counter
from typing import Any, Final

from bench_engine_cost import TEMPLATE, ready
from verdict import Verdict

from attune_sim.contexts.registry import strategies
from attune_sim.engine.conductor import Conductor
from attune_sim.engine.events import ActionEnded, EndRun
from attune_sim.engine.observe import Watch
from attune_sim.executors import executor_named
from attune_sim.probes.memory import Memory
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import Dispatch
from attune_sim.workflow import Task, Workflow

FEW: Final = 1_000
MOST_BYTES: Final[Mapping[Dispatch, int]] = {"windowed": 60, "eager": 200}
"""What an item may add; eager dispatch holds a fork of every item at the peak."""

WORKFLOW: Final = Workflow(
    (Task("each", action="noop", with_items="{{ parameters.items }}", input=TEMPLATE),), ref="bench"
)


def made_items(count: int) -> list[Any]:
    return [{"id": n, "health_endpoint": f"http://host-{n}/health"} for n in range(count)]


class Driven:
    """A recorded conductor, and the attempts that it waits for."""

    def __init__(self, items: list[Any]) -> None:
        strategy = strategies["shared"]()
        context = strategy.begin({"parameters": {"items": items}, "workflow": {}, "task": {}})
        self._conductor = Conductor(WORKFLOW, context, strategy, watch=Watch([Recorder(perf_counter)]))
        self.commands: list[Any] = self._conductor.start()[1:]  # behind the opening of the fan-out

    def go_on(self, items: int) -> float:
        """Prepare and answer so many attempts; microseconds an item."""
        commands, handle = self.commands, self._conductor.handle
        began = perf_counter()
        for _ in range(items):
            [one] = commands
            one.offer.prepare(one.slot)
            commands = handle(ActionEnded(one.task, one.visit, one.index, one.attempt, "succeeded"))
        took = perf_counter() - began
        self.commands = commands
        return took / items * 1e6


def slices(items: list[Any]) -> Iterator[tuple[float, float]]:
    """The cost of an item: in the next slice of all items, and in a run of its own over as few."""
    gc.collect()
    gc.freeze()
    whole = Driven(items)
    for _ in range(len(items) // FEW):
        yield whole.go_on(FEW), Driven(items[:FEW]).go_on(FEW)
    assert type(whole.commands[-1]) is EndRun, whole.commands
    gc.unfreeze()


def whole_run(count: int, dispatch: Dispatch) -> dict[str, float]:
    """Run to the end in this process: seconds, and bytes an item that the run added."""
    items, memory = made_items(count), Memory()
    session, timeline, recorder = ready(items, dispatch=dispatch)
    executor = executor_named("inline")
    gc.collect()
    gc.freeze()
    memory.process.reset_peak()
    heap, resident, peak = memory.heap(), memory.process.rss_anon(), memory.process.peak()
    began = perf_counter()
    ending = executor.run(session.job, timeline)
    took = perf_counter() - began
    after = memory.heap(), memory.process.rss_anon(), memory.process.peak()
    assert (ending.status, recorder.done) == ("succeeded", count), ending.error
    names = ("live heap", "RssAnon", "peak of resident memory")
    grown = {
        name: (now - then) / count
        for name, now, then in zip(names, after, (heap, resident, peak), strict=True)
    }
    return {"seconds": took, **grown}


def in_fresh_process(count: int, dispatch: Dispatch) -> dict[str, float]:
    command = [sys.executable, __file__, "--items", str(count), "--whole", dispatch]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--whole", choices=("windowed", "eager"), help="only run once, and print JSON")
    options = parser.parse_args()
    if options.whole:
        print(json.dumps(whole_run(options.items, options.whole)))
        return
    verdict = Verdict(
        f"the conductor over {options.items:,} items and over {FEW:,}, lowest tenth of interleaved slices"
    )
    many, few = (quantiles(times, n=10)[0] for times in zip(*slices(made_items(options.items)), strict=True))
    verdict.figure(f"conductor and recorder, {FEW:,} items", few, "us an item")
    verdict.figure(f"conductor and recorder, {options.items:,} items", many, "us an item")
    verdict.require("many over few", many / few, "<=", 1.20, "times")
    for dispatch, most in MOST_BYTES.items():
        seen = in_fresh_process(options.items, dispatch)
        verdict.require(f"{dispatch}: the whole run, inline", seen.pop("seconds"), "<", 4, "s")
        for name, value in seen.items():
            verdict.require(f"{dispatch}: growth of the {name}", value, "<=", most, "bytes an item")
    verdict.exit()


if __name__ == "__main__":
    main()
