"""What a journal costs an item: two lines (start and end), synced every 1,000 lines or 100 ms.

Runs with and without a journal take turns; the cost is the difference of the best rounds, because what else the
machine and the disk do only ever adds. The disk is that of the folder `results`, or `--folder`. Floors, from the same
rounds: two bare write(2) of as many bytes, and one fdatasync.

    python benchmarks/bench_journal.py [--items 10000] [--rounds 15] [--folder results]
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter
from typing import Any

from bench_engine_cost import ready
from verdict import Verdict

from attune_sim.executors import executor_named
from attune_sim.journal.file import SYNC_EVERY, Journal


def run_once(items: list[Any], path: Path | None) -> float:
    journal = Journal(path, clock=monotonic) if path else None
    session, timeline, _ = ready(items, journal=journal)  # writes the header, which belongs to no item
    executor = executor_named("inline")
    gc.collect()
    gc.freeze()
    began = perf_counter()
    ending = executor.run(session.job, timeline)
    session.close()
    took = perf_counter() - began
    gc.unfreeze()
    assert ending.status == "succeeded", ending.error
    if journal:
        journal.close()
    return took / len(items) * 1e6


def line_length(path: Path) -> int:
    """Bytes of a line of an item, in the mean."""
    header, *lines = path.read_bytes().splitlines(keepends=True)
    assert header.startswith(b'{"journal":')
    return sum(map(len, lines)) // len(lines)


def bare_writes(path: Path, lines: int, length: int) -> tuple[float, float]:
    """Microseconds of one write(2) and of one fdatasync behind a batch of them."""
    line = b"x" * length
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    began = perf_counter()
    for _ in range(lines):
        os.write(descriptor, line)
    written = perf_counter()
    os.fdatasync(descriptor)
    synced = perf_counter()
    os.close(descriptor)
    return (written - began) / lines * 1e6, (synced - written) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1] / "results")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    items = [{"id": n, "health_endpoint": f"http://host-{n}/health"} for n in range(options.items)]
    without, with_it, writes, syncs = [], [], [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            without.append(run_once(items, None))
            path = Path(folder, "run.jsonl")
            with_it.append(run_once(items, path))
            write_us, sync_us = bare_writes(Path(folder, "bare"), SYNC_EVERY, line_length(path))
            writes.append(write_us)
            syncs.append(sync_us)
    verdict = Verdict(
        f"the journal, {options.items:,} items inline, best of {options.rounds} interleaved rounds"
    )
    verdict.figure("floor: two bare write(2) of as many bytes", 2 * min(writes), "us an item")
    verdict.figure(f"floor: fdatasync behind {SYNC_EVERY:,} lines", min(syncs), "us a batch")
    verdict.figure("without a journal", min(without), "us an item")
    verdict.figure("with a journal", min(with_it), "us an item")
    differences = [more - less for less, more in zip(without, with_it, strict=True)]
    verdict.figure("difference, median of the rounds", median(differences), "us an item")
    verdict.require("the journal", min(with_it) - min(without), "<=", 5, "us an item")
    verdict.exit()


if __name__ == "__main__":
    main()
