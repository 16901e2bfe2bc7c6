"""The process of a helper that simulates: `python -m attune_sim.simulation.worker`, jobs on stdin, what came of each on stdout.

A job is a line (`attune_sim.experiment.carry`), an answer its length in eight bytes and then a pickle of (good, value).
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import BinaryIO

from attune_sim.errors import AttuneError, ExperimentError


def main() -> None:
    """Do one job after the other, until there is none. What a job prints goes nowhere."""
    from attune_sim.experiment.carry import unpacked
    from attune_sim.experiment.limits import tie_to_parent

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    tie_to_parent(int(sys.argv[1]))
    for line in sys.stdin.buffer:
        try:
            simulate, setting = unpacked(line.decode())
            _answer(answers, True, simulate(setting))
        except Exception as error:
            _answer(answers, False, _travelling(error))


def _answer(answers: BinaryIO, good: bool, value: object) -> None:
    told = pickle.dumps((good, value), pickle.HIGHEST_PROTOCOL)
    answers.write(len(told).to_bytes(8, "little") + told)
    answers.flush()


def _travelling(error: Exception) -> Exception:
    """An error as it can be sent: one of ours as it is where it survives, any other as its words."""
    try:
        if isinstance(error, AttuneError) and str(pickle.loads(pickle.dumps(error))) == str(error):
            return error
    except Exception:
        pass  # it is told by its words
    return ExperimentError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
