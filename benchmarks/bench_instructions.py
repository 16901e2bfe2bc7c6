"""Counted instructions: the same in every process, and a planted percent more is a percent more.

Three processes under valgrind count every strategy in `baseline`. Floor: an empty work, which counts as 0. Planted are
turns of an empty loop behind each fork, some 1 % of it; what is found is set beside what the same turns count alone.
`rpds` comes last: its maps lie elsewhere every time, and what is made after them does too.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, Final

from verdict import Verdict

from attune_sim.api.runs.chosen import sized_workload
from attune_sim.contexts.registry import strategies
from attune_sim.experiment import CellSpec
from attune_sim.experiment.counting import offer_of_cell
from attune_sim.experiment.instructions import INSTRUCTIONS, instruction_readings
from attune_sim.probes.cachegrind import Cachegrind, is_installed, under_cachegrind

ITEMS, HISTORY, PROCESSES = 30, 10, 3
LEAST_FOUND: Final = 50
"""Of what was planted, in percent: a forker that lies elsewhere moves tables that hash by address by some 0.3 % of a fork."""
EXACT: Final = ("shared", "deepcopy", "projected", "hamt", "persistent")
"""Strategies whose counts have to be the same in every process; the spread of the others is told."""
ALIKE: Final = 0.001
"""Percent: less than one instruction of all but `deepcopy`, whose 42 million were once seen to differ by 108."""


class Planted:
    """A forker that does a little more than another one."""

    def __init__(self, forker: Any, turns: int) -> None:
        self._forker, self._turns = forker, turns

    def fork(self, item: Any, index: int) -> Any:
        made = self._forker.fork(item, index)
        turn(self._turns)
        return made


def turn(times: int) -> None:
    for _ in repeat(None, times):
        pass


def count(log: str) -> None:
    """Under valgrind: every strategy's figures, as JSON on stdout."""
    counter = Cachegrind(log)
    workload = sized_workload("baseline", items=ITEMS, history=HISTORY)
    turn(100)
    none, many = counter.counts([partial(turn, 0), partial(turn, 1_000)])
    found = {}
    for name in sorted(strategies, key=lambda name: name == "rpds"):
        offer = offer_of_cell(CellSpec(workload=workload, strategy=strategies[name]), ITEMS)
        gc.collect()
        plain = {reading.metric: reading.value for reading in instruction_readings(offer, counter)}
        turns = max(1, round(plain["fork_instructions"] / 100 / (many - none) * 1_000))
        beside = []
        forker = offer.forker
        for times in (0, turns):
            offer.forker = Planted(forker, times)
            beside.append(instruction_readings(offer, counter)[0].value)
        found[name] = {**plain, "found": beside[1] - beside[0], "planted": (many - none) * turns / 1_000}
    print(json.dumps(found))


def in_a_process() -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "valgrind.log")
        command = (*under_cachegrind(log), sys.executable, __file__, log)
        done = subprocess.run(
            command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "0"}
        )
    return json.loads(done.stdout)


def main() -> None:
    verdict = Verdict(f"instructions of a fork and a rendering, {PROCESSES} processes under valgrind")
    if not is_installed():
        verdict.note("skipped", "valgrind is not installed")
        verdict.exit()
    runs = [in_a_process() for _ in range(PROCESSES)]
    for name, figures in runs[0].items():
        for metric in INSTRUCTIONS:
            values = [run[name][metric] for run in runs]
            verdict.figure(f"{name}: {metric}", figures[metric], "instructions")
            spread = (max(values) - min(values)) / min(values) * 100
            if name in EXACT:
                verdict.require(f"{name}: spread over the processes", spread, "<=", ALIKE, "%")
            else:
                verdict.figure(f"{name}: spread over the processes", spread, "%")
        share = figures["planted"] / figures["fork_instructions"] * 100
        verdict.figure(f"{name}: planted", share, "%")
        verdict.require(
            f"{name}: found of it", figures["found"] / figures["planted"] * 100, ">=", LEAST_FOUND, "%"
        )
    verdict.exit()


if __name__ == "__main__":
    count(sys.argv[1]) if len(sys.argv) > 1 else main()
