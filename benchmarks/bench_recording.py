"""What writing things down costs: the recorder an item, a JSON line an event. Floors: an empty loop, bare write(2) that are synced alike.

The best of interleaved rounds: what else the machine and its disk do only ever adds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from time import monotonic, perf_counter

from bench_engine_cost import RECORDING_US
from verdict import Verdict

from attune_sim.engine.events import ActionEnded
from attune_sim.engine.observe import Watch
from attune_sim.jsonl import Writer
from attune_sim.probes.recorder import Recorder

ITEMS, ROUNDS, SYNC_EVERY = 20_000, 9, 1_000
EVENT = {
    "event": "ended",
    "task": "check",
    "visit": 0,
    "index": 123,
    "attempt": 0,
    "outcome": "succeeded",
    "result": {"status": 200},
    "started": 1.234,
    "ended": 1.235,
}


def each_us(work: Callable[[], None]) -> float:
    began = perf_counter()
    work()
    return (perf_counter() - began) / ITEMS * 1e6


def drive(watch: Watch) -> None:
    event = ActionEnded(
        "t", 0, 0, 0, "succeeded", started=1.0, ended=2.0, fork_us=0.1, render_us=0.5, action_us=0.1
    )
    for hook in watch.task_started:
        hook("t", 0, ITEMS)
    for index in range(ITEMS):
        for hook in watch.preparing:
            hook("t", index)
        for hook in watch.forked:
            hook("t", index, None, 0.1)
        for hook in watch.prepared:
            hook("t", index, None, None)
        event.index = index
        for hook in watch.action_ended:
            hook(event)
        for hook in watch.item_ended:
            hook("t", 0, index, "succeeded", 1, None)


def write_lines(folder: str) -> None:
    with Writer(f"{folder}/a.jsonl", sync_every=SYNC_EVERY, sync_seconds=0.1, clock=monotonic) as writer:
        for _ in range(ITEMS):
            writer.write(EVENT)


def bare_writes(folder: str) -> None:
    line = b"x" * 150 + b"\n"
    fd = os.open(f"{folder}/b", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(1, ITEMS + 1):
        os.write(fd, line)
        if number % SYNC_EVERY == 0:
            os.fdatasync(fd)
    os.close(fd)


def main() -> None:
    figures: dict[str, list[float]] = {"unwatched": [], "watched": [], "bare": [], "lines": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            figures["unwatched"].append(each_us(lambda: drive(Watch())))
            figures["watched"].append(each_us(lambda: drive(Watch([Recorder(perf_counter)]))))
            figures["bare"].append(each_us(lambda: bare_writes(folder)))
            figures["lines"].append(each_us(lambda: write_lines(folder)))
    unwatched, watched, bare, lines = (min(values) for values in figures.values())
    recorder = Recorder(perf_counter)
    recorder.task_started("t", 0, ITEMS)
    verdict = Verdict(f"writing things down, best of {ROUNDS} interleaved rounds of {ITEMS:,}")
    verdict.figure("floor: the moments without an observer", unwatched, "us an item")
    verdict.figure("recorder over the floor", watched / unwatched, "times")
    verdict.require("recorder", watched - unwatched, "<=", RECORDING_US, "us an item")
    verdict.require("recorder", recorder.nbytes / ITEMS, "<=", 27, "bytes an item")
    verdict.figure("floor: a bare write(2), synced alike", bare, "us an event")
    verdict.figure("JSON lines, synced every 1,000 or 100 ms", lines, "us an event")
    verdict.require("JSON lines beyond the floor", lines - bare, "<=", 1.5, "us an event")
    verdict.exit()


if __name__ == "__main__":
    main()
