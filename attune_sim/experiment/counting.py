"""The program that counts for a cell: `python -m attune_sim.experiment.counting`, under valgrind, a spec on stdin.

It runs the cell's workload, unwatched, until the largest fan-out opens, and counts there. Nothing of that fan-out's own run
is waited for: under valgrind everything takes some fifty times as long.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from attune_sim.actions.registry import actions_of
from attune_sim.engine.offer import Offer
from attune_sim.errors import AttuneError
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.instructions import INSTRUCTIONS, instruction_readings, unavailable
from attune_sim.experiment.ready import LargestFanOut, session_of_cell
from attune_sim.experiment.spec import CellSpec
from attune_sim.experiment.worker import begun
from attune_sim.probes.cachegrind import Cachegrind
from attune_sim.record import Reading

MOVES: Final[Mapping[str, str]] = {
    "rpds": "moves by some 1 %: its map hashes by a seed of its own, drawn anew in every process"
}
"""Strategies whose counts are not the same every time -> the label of their readings."""


class Opened(BaseException):
    """The fan-out that was waited for has opened; no error, and nobody on the way may take it for one."""


class UntilOpened(LargestFanOut):
    """Ends the run as soon as a fan-out of so many items opens."""

    def __init__(self, items: int) -> None:
        super().__init__()
        self._items = items

    def fan_out_opened(self, offer: Offer) -> None:
        super().fan_out_opened(offer)
        if self.offer is offer and len(offer.items) >= self._items:
            raise Opened


def offer_of_cell(spec: CellSpec, items: int) -> Offer | None:
    """What the fan-out of so many items offers, as a cell's run makes it, before anything of it is forked.

    Where none has so many, the largest of the whole run; None if nothing fans out. Raises what escapes the run.
    """
    seen, actions = UntilOpened(items), actions_of(spec.all_actions)
    session = session_of_cell(spec, {}, actions, [seen])
    with contextlib.suppress(Opened), actions.closed():
        executor_named(spec.executor_here).run(session.job, RealTimeline())
    return seen.offer


def main() -> None:
    """Read the order, count, tell the readings."""
    tell, order, spec = begun()
    for reading in _readings(spec, order):
        tell({"row": "reading", **asdict(reading)})
    tell({"row": "end"})


def _readings(spec: CellSpec, order: Mapping[str, Any]) -> list[Reading]:
    offer = offer_of_cell(spec, order["items"])
    gc.collect()
    gc.freeze()
    try:
        found = instruction_readings(offer, Cachegrind(order["log"]))
    except AttuneError as error:
        return [unavailable(metric, str(error)) for metric in INSTRUCTIONS]
    label = MOVES.get(spec.strategy.name, "")
    return [replace(reading, label=reading.label or label) for reading in found]


if __name__ == "__main__":
    main()
