"""A run with a million ended items is taken up again: how long it takes, and that nothing of what has ended is forked or
rendered.

One process runs and dies a little before the end; a fresh one resumes from its journal. The seconds are those of
`at.resume`, which reads and checks every line, tells the events anew and performs what is left. The floor is reading
and decoding the same lines.

    python benchmarks/bench_resume.py [--items 1000000] [--folder results]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from verdict import Verdict

import attune_sim as at
from attune_sim.contexts.plain import PlainContext
from attune_sim.contexts.shared import Shared
from attune_sim.contexts.strategy import Fork, Forker
from attune_sim.jsonl import read
from attune_sim.scope import ContextPath

LEFT: Final = 10
"""Items without an end, of which the first had begun."""

WORKFLOW: Final = """\
version: 1.0.0
ref: bench.resume
parameters: {items: {type: integer}}
tasks:
  - {name: list, action: bench.list, input: {items: "{{ parameters.items }}"}, next: [{do: [each]}]}
  - {name: each, action: bench.each, with_items: "{{ task.list }}", input: {n: "{{ item }}"}}
"""


class CountingForker:
    """Forks as another one does, and counts."""

    def __init__(self, inner: Forker, seen: Counter[str]) -> None:
        self._inner, self._seen = inner, seen

    def fork(self, item: Any, index: int) -> Fork:
        self._seen["forks"] += 1
        return self._inner.fork(item, index)


def counting(seen: Counter[str]) -> type[Shared]:
    """`shared`, whose forks are counted."""

    class Counting(Shared):
        name = "counting"

        def fan_out(self, context: PlainContext, reads: frozenset[ContextPath] | None) -> Forker:
            return CountingForker(super().fan_out(context, reads), seen)

    return Counting


class Renderings:
    """An observer that counts inputs."""

    def __init__(self, seen: Counter[str]) -> None:
        self._seen = seen

    def prepared(self, task: str, index: int | None, fork: Any, input: Any) -> None:
        self._seen["renderings"] += 1


class Died(MemoryError):
    """Ends a run as the death of its process would: nothing more is told or written."""


def actions(dies_at: int | None = None) -> Mapping[str, Any]:
    def each(n: int) -> dict[str, Any]:
        if n == dies_at:
            raise Died
        return {"status": 200}

    return {"bench.list": lambda items: list(range(items)), "bench.each": each}


def begun(path: Path, items: int) -> None:
    """The journal of a run that died when so many items had ended."""
    at.register_strategy(counting(Counter()))
    given = {"items": items + LEFT}
    try:
        at.run(WORKFLOW, given, actions=actions(dies_at=items), strategy="counting", journal=path)
    except Died:
        return
    raise AssertionError("the run did not die")


def resumed(path: Path) -> dict[str, Any]:
    """Take it up in this process."""
    seen: Counter[str] = Counter(forks=0, renderings=0)
    at.register_strategy(counting(seen))
    began = perf_counter()
    lines = sum(1 for _ in read(path))
    floor = perf_counter() - began
    began = perf_counter()
    run = at.resume(path, actions=actions(), observers=[Renderings(seen)])
    took = perf_counter() - began
    return {
        "status": run.status,
        "done": run.counts["done"],
        "lines": lines,
        "floor": floor,
        "took": took,
        **seen,
    }


def in_fresh_process(*arguments: str) -> Any:
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1] / "results")
    parser.add_argument("--begin", type=Path, help="only run, and die")
    parser.add_argument("--resume", type=Path, help="only resume, and print JSON")
    options = parser.parse_args()
    if options.begin:
        begun(options.begin, options.items)
        return
    if options.resume:
        print(json.dumps(resumed(options.resume)))
        return
    verdict = Verdict(f"a run of which {options.items:,} items have ended is taken up, in a fresh process")
    options.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder, "run.jsonl")
        in_fresh_process("--items", str(options.items), "--begin", str(path))
        seen = in_fresh_process("--resume", str(path))
    assert (seen["status"], seen["done"]) == ("succeeded", options.items + LEFT), seen
    verdict.figure(f"floor: {seen['lines']:,} lines read and decoded", seen["floor"], "s")
    verdict.require("resume", seen["took"], "<", 6, "s")
    verdict.figure("resume over the floor", seen["took"] / seen["floor"], "times")
    verdict.require(f"forks, of which {LEFT} for what is left", seen["forks"], "<=", LEFT)
    verdict.require(f"renderings, of which {LEFT} for what is left", seen["renderings"], "<=", LEFT)
    verdict.exit()


if __name__ == "__main__":
    main()
