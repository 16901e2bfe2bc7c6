"""A report of 100,000 rows: how long it takes from the file on the disk to the page, and how large the page is.

Rows of a store are lines of its file (a cell has some seventy of them), those of a run are its items. Seconds are of processor time, so
that a busy machine spoils less; the floor is what reading the same lines as plain JSON takes.

    python benchmarks/bench_report.py [--rows 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from verdict import Verdict

import attune_sim as at
from attune_sim.metrics import METRICS
from attune_sim.record import CellKey

MOST_SECONDS, MOST_BYTES = 10, 2_000_000
ITEMS: Final = (10, 32, 100, 316, 1_000, 3_162)
CONTEXTS: Final = (10_000, 50_000, 200_000, 1_000_000)
COPIES: Final = ("deepcopy", "pickle", "json", "orjson")
TEXT: Final = """
version: 1.0.0
parameters: {count: {type: integer, required: true}}
tasks:
  - name: check
    action: demo.check
    with_items: "{{ range(parameters.count) }}"
    input: {n: "{{ item }}"}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    verdict = Verdict(f"reports of {rows:,} rows (seconds of processor time, modules loaded)")
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "cells.jsonl"
        written = write_store(store, rows)
        verdict.figure("rows of the store", written)
        floor, _ = timed(lambda: [json.loads(line) for line in store.open()])
        verdict.figure("floor: reading its lines as JSON", floor, "s")
        for end in ("html", "md", "json"):
            seconds, path = timed(lambda end=end: at.report(store, f"{folder}/out.{end}"))
            required(verdict, f"store, {end}", seconds, path, bounded=end != "json")
        run = at.run(TEXT, {"count": rows}, actions={"demo.check": check})
        for end in ("html", "md"):
            seconds, path = timed(lambda end=end: run.report(f"{folder}/run.{end}"))
            required(verdict, f"run of {rows:,} items, {end}", seconds, path)
        seconds, path = timed(lambda: run.trace(f"{folder}/run.json"))
        verdict.figure("trace of that run", seconds, "s")
    verdict.exit()


def warm_up() -> None:
    """Loads what every report needs, pandas and matplotlib above all: `bench_start_up.py` looks at that."""
    with tempfile.TemporaryDirectory() as folder:
        at.report(at.run(TEXT, {"count": 2}, actions={"demo.check": check}), f"{folder}/run.html")


def check(n: int) -> int:
    if n % 1_000 == 7:
        raise ValueError(f"server {n} does not answer")
    return n


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    done = work()
    return time.process_time() - began, done


def required(verdict: Verdict, name: str, seconds: float, path: str, *, bounded: bool = True) -> None:
    verdict.require(f"{name}: time", seconds, "<", MOST_SECONDS, "s")
    if bounded:
        verdict.require(f"{name}: size", os.path.getsize(path), "<", MOST_BYTES, "bytes")
    else:
        verdict.figure(f"{name}: size", os.path.getsize(path), "bytes")


def write_store(path: Path, rows: int) -> int:
    """Cells of every strategy over many sizes, in rounds, until there are so many rows; what would not fit is left out as foretold."""
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for key in keys():
            lines = [*cell_rows(key)]
            file.writelines(f"{json.dumps(line)}\n" for line in lines)
            written += len(lines)
            if written >= rows:
                break
    return written


def keys() -> Iterator[CellKey]:
    repeat = 0
    while True:
        for context in CONTEXTS:
            for items in ITEMS:
                for strategy in at.strategies:
                    yield CellKey(
                        workload="baseline", strategy=strategy, dispatch="eager", executor="inline", items=items, context_bytes=context,
                        payload="records", history_tasks=10, repeat=repeat, seed=0, real=False, memory_limit_bytes=2**29,
                        time_limit_s=120.0, digest="0" * 16,
                    )  # fmt: skip
        repeat += 1


def cell_rows(key: CellKey) -> Iterator[dict[str, Any]]:
    each = 2.1 * key.context_bytes if key.strategy in COPIES else 150.0 + 40.0 * len(key.strategy)
    live, cell = each * key.items * (1 + 0.002 * key.repeat), key.id
    fits = live < 2**29
    yield {
        "row": "started",
        "cell": cell,
        "key": asdict(key),
        "assumed": [],
        "hash_seed": key.repeat,
        "began": None,
        "schema": 2,
    }
    if not fits:
        told = {"metric": "live_heap_bytes", "value": live, "source": "estimated"}
        yield {"row": "reading", "cell": cell, **told}
        yield {
            "row": "ended",
            "cell": cell,
            "outcome": "skipped",
            "error": "not run: it would not fit",
            "wall_s": None,
        }
        return
    yield {
        "row": "running",
        "cell": cell,
        "surroundings": {"python": "3.11.7", "cpu": "made up", "hash_seed": key.repeat},
    }
    steps = [max(1, key.items * n // 30) for n in range(1, 31)]
    facts = {
        "items_done": key.items,
        "items_failed": 0,
        "items_timed_out": 0,
        "forks": key.items,
        "fan_out_items": key.items,
    }
    for n in steps:
        yield {
            "row": "sample", "cell": cell, "elapsed_s": n * 1e-4, "samples": [[n, "live_heap_bytes", each * n + 9_000]],
            "fan_out_context_bytes": key.context_bytes, **facts,
        }  # fmt: skip
    yield {
        "row": "ran",
        "cell": cell,
        "wall_s": 1e-3 + live / 1e9,
        "run_status": "succeeded",
        "answer": "same",
        **facts,
    }
    for name, metric in METRICS.items():
        value = {
            "live_heap_bytes": live,
            "fork_bytes": each,
            "base_space_bytes": 8e7,
            "closure": 1.0,
            "heap_closure": 1.0,
        }.get(
            name,
            {
                "us": each / 1e3 + 0.1,
                "s": 1e-3 + live / 1e9,
                "bytes": each * key.items,
                "count": 40.0,
                "ratio": 1.0,
            }[metric.unit],
        )
        yield {
            "row": "reading",
            "cell": cell,
            "metric": name,
            "value": value * (1 + 0.003 * (key.repeat % 5)),
            "n": 3,
        }
    yield {"row": "ended", "cell": cell, "outcome": "ok", "error": None, "wall_s": 1e-3 + live / 1e9}


if __name__ == "__main__":
    main()
