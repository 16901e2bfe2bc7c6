"""Everything that a simulation needs, in one description that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from attune_sim.errors import InputError, counted
from attune_sim.runspec import RunSpec
from attune_sim.simulation.fates import FatesModel
from attune_sim.simulation.schedule import Schedule
from attune_sim.simulation.stations import StationsModel

Overlap = Literal["allow", "skip", "queue"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is simulated, all but who watches; frozen and picklable.

    spec: one cycle.
    fates: how its attempts end.
    schedule: when cycles are due (None: once, at 0), from 0 on and before `duration_s` seconds. Those that are due are
        followed to their end, unless a `horizon_s` cuts them off.
    overlap: while a cycle is under way, the next one begins beside it ("allow"), is left out ("skip"), or waits for its end
        ("queue").
    stations: who serves attempts (None: as many as are started, at once).
    seed: what all draws follow from.
    max_events: how many things may happen, before it ends with what there is.
    max_items: how many rows of items are kept.

    Raises `InputError` for values that cannot be.
    """

    spec: RunSpec
    fates: FatesModel
    schedule: Schedule | None = None
    duration_s: float | None = None
    overlap: Overlap = "allow"
    stations: StationsModel | None = None
    seed: int = 0
    horizon_s: float | None = None
    max_events: int = 50_000_000
    max_items: int = 100_000

    def __post_init__(self) -> None:
        if self.schedule is not None and not (self.duration_s or 0) > 0:
            raise InputError(f"a schedule needs a duration of more than 0 s, not {self.duration_s!r}")
        if self.overlap not in ("allow", "skip", "queue"):
            raise InputError(f"overlap: {self.overlap!r} is not one of allow, skip, queue")
        if self.max_events < 1:
            raise InputError(f"max_events: at least 1 thing has to happen, not {self.max_events!r}")
        if self.max_items < 0:
            raise InputError(f"max_items: 0 rows of items or more can be kept, not {self.max_items!r}")
        if self.horizon_s is not None and not self.horizon_s > 0:
            raise InputError(f"horizon_s: a simulation ends after its begin, not at {self.horizon_s!r} s")

    def __repr__(self) -> str:
        return f"<Setting of {self.spec!r}, seed {self.seed}, at most {counted(self.max_events, 'event')}>"
