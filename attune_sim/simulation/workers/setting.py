"""What workers a simulation has: `4x2(lifo, memory=512MiB, mtbf=1h, repair=5min)`."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final, Literal

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.simulation.workers.disciplines import DISCIPLINES

Ship = Literal["item", "worker"]
MOST_PLACES: Final = 100_000
"""More slots than that, each of which is kept, are taken for a slip of the pen."""

SHIPS: Final[tuple[Ship, ...]] = ("item", "worker")


@dataclass(frozen=True, slots=True)
class Workers:
    """`count` workers with `slots` each: so many attempts are served at once.

    discipline: which of the attempts that wait is served next: fifo, lifo, shortest, random, fair.
    memory_bytes: what each may hold; the moment at which one passes it is noted, and the simulation goes on.
    start_up_s: how long a worker takes to come up, at the beginning and after a repair.
    idle_s: one that rested for longer has gone, and starts up anew with its next attempt (a cold start); all begin so.
        None: they stay.
    mtbf_s: mean time between failures, of being up, with exponential draws of each worker's own. What it serves is lost, and
        begun again; its contexts are lost too. None: never. repair_s: how long it is down before it starts up.
    ship: the context goes with every `item`, or once to each `worker`, which keeps it until its fan-out is closed.
    bandwidth_bytes_s: of the link over which all workers are sent theirs, one after the other. None: without bounds.
    delay_s: how long what was sent is on its way.

    Raises `InputError` where they could never serve anything.

    >>> Workers(4, slots=2, discipline="lifo").places
    8
    >>> Workers(0)
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: workers: count is 0; give a whole number of 1 or more
    """

    count: int
    slots: int = 1
    discipline: str = "fifo"
    memory_bytes: int | None = None
    start_up_s: float = 0.0
    idle_s: float | None = None
    mtbf_s: float | None = None
    repair_s: float = 0.0
    ship: Ship = "item"
    bandwidth_bytes_s: float | None = None
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("count", "slots"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InputError(f"workers: {name} is {value!r}; give a whole number of 1 or more")
        if self.places > MOST_PLACES:
            raise InputError(
                f"workers: {self.places:,} slots in all; at most {MOST_PLACES:,} can be simulated"
            )
        if self.discipline not in DISCIPLINES:
            raise UnknownNameError("discipline of workers", self.discipline, DISCIPLINES)
        if self.ship not in SHIPS:
            raise InputError(f"workers: ship is {self.ship!r}; choose from: {', '.join(SHIPS)}")
        for name in ("start_up_s", "repair_s", "delay_s", "idle_s"):
            self._check(name, least_counts=True)
        for name in ("memory_bytes", "mtbf_s", "bandwidth_bytes_s"):
            self._check(name, least_counts=False)

    def _check(self, name: str, *, least_counts: bool) -> None:
        value = getattr(self, name)
        if value is None and name not in ("start_up_s", "repair_s", "delay_s"):
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (0 <= value < inf) or (value == 0 and not least_counts):
            wanted = "0 or more" if least_counts else "more than 0"
            raise InputError(f"workers: {name} is {value!r}; give a number, {wanted}")

    @property
    def places(self) -> int:
        """How many attempts are served at once."""
        return self.count * self.slots
