"""Engine and recording: microseconds an item, for 10,000 items with one template and a no-op action, by executor.

The floor is a bare loop that calls the action. The ways take turns round by round. The target is held by the best
round: what else the machine does only ever adds to a round, and the median beside it tells how much it did.

    python benchmarks/bench_engine_cost.py [--items 10000] [--rounds 9]
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple

from verdict import Verdict

from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.journal.file import Journal
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import Dispatch, RunSpec
from attune_sim.session import Session, session_of
from attune_sim.workflow import Task, Workflow

TEMPLATE: Final = {"url": "{{ item.health_endpoint }}"}
RECORDING_US: Final = 0.5


def noop(**input: Any) -> None:
    """Nothing."""


async def async_noop(**input: Any) -> None:
    """Nothing, awaited."""


class Ready(NamedTuple):
    """A run that is about to begin. Making it belongs to no item, and is not timed."""

    session: Session
    timeline: RealTimeline
    recorder: Recorder


def ready(
    items: list[Any],
    *,
    action: Callable[..., Any] = noop,
    dispatch: Dispatch = "windowed",
    window: int | None = None,
    observed: bool = True,
    journal: Journal | None = None,
) -> Ready:
    task = Task(
        "each", action="noop", with_items="{{ parameters.items }}", input=TEMPLATE, concurrency=window
    )
    spec = RunSpec(workflow=Workflow((task,), ref="bench"), parameters={"items": items}, dispatch=dispatch)
    timeline = RealTimeline()
    recorder = Recorder(timeline.now)
    observers = [recorder] if observed else []
    return Ready(session_of(spec, {"noop": action}, observers=observers, journal=journal), timeline, recorder)


def run_once(items: list[Any], executor: str, **options: Any) -> float:
    session, timeline, _ = ready(items, **options)
    driver = executor_named(executor)
    gc.collect()
    gc.freeze()
    began = perf_counter()
    ending = driver.run(session.job, timeline)
    took = perf_counter() - began
    gc.unfreeze()
    assert ending.status == "succeeded", ending.error
    return took / len(items) * 1e6


def bare_loop(items: list[Any]) -> float:
    began = perf_counter()
    for item in items:
        noop(url=item["health_endpoint"])
    return (perf_counter() - began) / len(items) * 1e6


WAYS: Final[Mapping[str, tuple[float | None, Callable[[list[Any]], float]]]] = {
    "inline, not recorded": (None, lambda items: run_once(items, "inline", observed=False)),
    "inline": (3.0, lambda items: run_once(items, "inline")),
    "inline, eager": (3.0, lambda items: run_once(items, "inline", dispatch="eager")),
    "asyncio, async no-op": (4.0, lambda items: run_once(items, "asyncio", action=async_noop)),
    "asyncio, async no-op, window 10": (
        4.0,
        lambda items: run_once(items, "asyncio", action=async_noop, window=10),
    ),
    "threads": (8.0, lambda items: run_once(items, "threads")),
    "threads, window 10": (8.0, lambda items: run_once(items, "threads", window=10)),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    items = [{"id": n, "health_endpoint": f"http://host-{n}/health"} for n in range(options.items)]
    floors: list[float] = []
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(options.rounds):
        floors.append(bare_loop(items))
        for name, (_, way) in WAYS.items():
            times[name].append(way(items))
    verdict = Verdict(
        f"engine and recording, {options.items:,} items, best of {options.rounds} interleaved rounds"
    )
    floor = min(floors)
    verdict.figure("floor: a bare loop", floor, "us an item")
    recording = min(times["inline"]) - min(times["inline, not recorded"])
    verdict.require("recording, inline", recording, "<=", RECORDING_US, "us an item")
    for name, (target, _) in WAYS.items():
        best, usual = min(times[name]), median(times[name])
        verdict.note(f"{name}: median, best over the floor", f"{usual:.2f} us, {best / floor:.0f} times")
        if target is not None:
            verdict.require(name, best, "<=", target, "us an item")
    verdict.exit()


if __name__ == "__main__":
    main()
