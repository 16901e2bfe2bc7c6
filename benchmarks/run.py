"""All benchmarks, one after the other, each in a process of its own: `python benchmarks/run.py [NAME ...]`.

A NAME is part of a file's name (`fork`, `engine`). Writes `results/benchmarks.jsonl` (a row a figure, each with the
machine and the commit: `pandas.read_json(..., lines=True)` makes a tidy frame of it) and `results/benchmarks.md`,
both about the benchmarks of this run only. Leaves with 1 if any of them missed a target.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from verdict import ROWS_VARIABLE

from attune_sim.metrics import format_bytes
from attune_sim.probes.clock import clock_floor_us
from attune_sim.probes.memory import Memory
from attune_sim.probes.surroundings import commit_of_package, surroundings

RESULTS: Final = Path(__file__).parents[1] / "results"
FACTS: Final = ("python", "platform", "machine", "kernel", "libc", "cpu", "cpus", "memory_bytes", "commit")

Row = dict[str, Any]


def main() -> None:
    chosen = named(sys.argv[1:])
    RESULTS.mkdir(exist_ok=True)
    rows_file = RESULTS / "benchmarks.jsonl"
    rows_file.write_text("")
    facts = machine()
    environment = {**os.environ, ROWS_VARIABLE: str(rows_file)}
    failed = [
        file.stem
        for file in chosen
        if subprocess.run([sys.executable, str(file)], env=environment).returncode
    ]
    rows = [{**json.loads(line), **facts} for line in rows_file.read_text(encoding="utf-8").splitlines()]
    rows_file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    page = RESULTS / "benchmarks.md"
    page.write_text("\n".join(markdown(facts, rows)), encoding="utf-8")
    print(f"written: {', '.join(os.path.relpath(file) for file in (rows_file, page))}")
    sys.exit(f"missed a target or broke: {', '.join(failed)}" if failed else 0)


def named(wanted: Sequence[str]) -> list[Path]:
    """The benchmarks whose names hold one of the words; all of them without a word."""
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    chosen = [file for file in files if not wanted or any(word in file.stem for word in wanted)]
    if not chosen:
        sys.exit(f"no benchmark is called like that; there are: {', '.join(file.stem for file in files)}")
    return chosen


def machine() -> Row:
    """What the figures depend on beside the code; `load_1m` tells whether the machine was busy with something else."""
    memory = Memory()
    known = surroundings(
        heap_source=memory.heap_source,
        clock_floor_us=clock_floor_us(),
        gc_policy="each benchmark's own",
        commit=commit_of_package(),
    )
    memory.close()
    began = {"began": datetime.now(UTC).isoformat(timespec="seconds"), "load_1m": os.getloadavg()[0]}
    return {name: known[name] for name in FACTS} | began


def markdown(facts: Row, rows: Sequence[Row]) -> Iterator[str]:
    """One table a benchmark, under the facts of the machine."""
    yield "# Benchmarks\n"
    for name, value in facts.items():
        shown = format_bytes(value) if name.endswith("_bytes") else value
        yield f"- {name.removesuffix('_bytes').replace('_', ' ')}: {shown}"
    for (benchmark, title), figures in groupby(rows, key=lambda row: (row["benchmark"], row["title"])):
        yield f"\n## {benchmark}\n\n{title}\n\n| figure | value | target | |\n|---|---|---|---|"
        for row in figures:
            value, _, _ = row["text"].partition(" (target ")
            target = "" if row["target"] is None else f"{row['relation']} {row['target']:,g}"
            yield f"| {row['figure']} | {value} | {target} | {VERDICTS[row['holds']]} |"
    yield ""


VERDICTS: Final = {None: "", True: "ok", False: "**missed**"}


if __name__ == "__main__":
    main()
