"""The process of one cell: `python -m attune_sim.experiment.worker`, a spec on stdin, JSON lines out.

The lines leave by what was stdout, which is moved to a descriptor of its own first: what actions print goes nowhere,
and what they write to stderr is kept for the reason of a crash.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from attune_sim.experiment.lastword import LastWord, is_available
from attune_sim.experiment.limits import tie_to_parent
from attune_sim.probes.malloc import teach_malloc

if TYPE_CHECKING:
    from attune_sim.experiment.spec import CellSpec


class Rows:
    """Writes rows to the parent, one write(2) each, on a descriptor that no program of the worker inherits.

    What an action forks off has it too; nothing is taken from there.
    """

    def __init__(self) -> None:
        self.descriptor, self._process = os.dup(1), os.getpid()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)

    def __call__(self, row: Mapping[str, Any]) -> None:
        if os.getpid() != self._process:
            return
        line = memoryview(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        while line:
            line = line[os.write(self.descriptor, line) :]


def begun() -> tuple[Rows, Mapping[str, Any], CellSpec]:
    """How a program about a cell begins: it takes the order of its parent, lives no longer than that, and says that it runs."""
    from attune_sim.experiment.carry import unpacked

    tell = Rows()
    order = json.load(sys.stdin)
    tie_to_parent(order["parent"])
    spec, _ = unpacked(order["cell"])
    tell({"row": "running"})
    return tell, order, spec


def main() -> None:
    """Read the spec, run the cell, tell its rows. Whatever goes wrong before the run becomes a `crashed` row."""
    teach_malloc()
    tell = Rows()
    last_word = LastWord(tell.descriptor) if is_available() else None
    if last_word is not None:
        last_word.arm()
    order = json.load(sys.stdin)
    tie_to_parent(order["parent"])
    try:
        _run(order, tell, last_word)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        tell({"row": "ran", "outcome": "crashed", "error": reason[:500]})
        raise
    tell({"row": "end"})


def _run(order: Mapping[str, Any], tell: Rows, last_word: LastWord | None) -> None:
    # Imported here, so that a package that cannot be imported is told to the parent too.
    from attune_sim.experiment.carry import unpacked
    from attune_sim.experiment.measure import CellRun

    spec, extra = unpacked(order["cell"])
    cell = CellRun(spec, extra, tell, order["commit"])
    if last_word is not None:
        last_word.count(cell.reached)
    return cell.answer() if spec.answer_only else cell.run()


if __name__ == "__main__":
    main()
