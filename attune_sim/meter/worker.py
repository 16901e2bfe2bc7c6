"""The process of the meter: `python -m attune_sim.meter.worker`, an order on stdin, its figures as JSON on stdout.

What actions print goes nowhere. The process ends by itself when its time is up, so that it never outlives its parent
for long.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.meter.order import Kind, Order
from attune_sim.meter.timed import Figures

_SPARE: Final = 512 * 1024 * 1024
"""Address space for what fills holes, and for what the meter itself keeps, beyond the memory limit of the cell."""


def main() -> None:
    """Take what was ordered, and tell it. An error leaves with exit code 1, its text on stderr."""
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    asked: Mapping[str, Any] = json.load(sys.stdin)
    signal.alarm(asked["seconds"])
    # Imported by what it holds: the order names the strategy and the actions of whoever gave it.
    order: Order = pickle.loads(base64.b64decode(asked["order"]))
    _limit(order.memory_limit_bytes + _SPARE)
    os.write(out, json.dumps(meters()[asked["kind"]](order)).encode())


def meters() -> Mapping[Kind, Callable[[Order], Figures]]:
    """What takes the figures of each kind."""
    from attune_sim.meter.beside import beside
    from attune_sim.meter.crossover import crossed
    from attune_sim.meter.held import held
    from attune_sim.meter.timed import timed

    return {"timed": timed, "held": held, "crossed": crossed, "beside": beside}


def _limit(size: int) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size, hard))


if __name__ == "__main__":
    main()
