"""What a setting costs, by simple prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf
from typing import Final

from attune_sim.errors import InputError, UnknownNameError

GB: Final = 1e9
DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Prices, in whatever currency: of an hour of a worker, of an hour of each of its slots, of an hour of a GB of memory of the engine's process, of a GB
    that is shipped to workers. The defaults are of the order of what clouds ask, in dollars; a slot costs nothing beside its worker.

    >>> Rates().a_day(workers=2, slots=4, memory_bytes=0.5e9, shipped_bytes=10e9)
    2.08
    """

    worker_hour: float = 0.04
    slot_hour: float = 0.0
    gb_hour: float = 0.005
    gb_shipped: float = 0.01

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < inf:
                raise InputError(f"rates: {one.name} is {value!r}; give a price, 0 or more")

    def a_day(self, *, workers: int, slots: int, memory_bytes: float, shipped_bytes: float) -> float:
        """Of workers and memory that are there all day, with so many bytes shipped in it."""
        an_hour = workers * (self.worker_hour + slots * self.slot_hour) + memory_bytes / GB * self.gb_hour
        return 24 * an_hour + shipped_bytes / GB * self.gb_shipped

    @property
    def text(self) -> str:
        """As they can be told: `worker_hour 0.04, gb_hour 0.005, gb_shipped 0.01`."""
        known = ((one.name, getattr(self, one.name)) for one in fields(self))
        return ", ".join(f"{name} {value:g}" for name, value in known if value) or "all is free"


def rates_of(given: Rates | Mapping[str, float] | None) -> Rates:
    """Prices as they are, or of a mapping; what it does not name is as by default.

    Raises:
        InputError: a price is none.
        UnknownNameError: there is no such price.

    >>> rates_of({"worker_hour": 1}).worker_hour
    1
    """
    if given is None or isinstance(given, Rates):
        return given or Rates()
    if not isinstance(given, Mapping):
        raise InputError(f"rates are a mapping of prices, as {{'worker_hour': 0.04}}, not {given!r:.40}")
    known = [one.name for one in fields(Rates)]
    for name in given:
        if name not in known:
            raise UnknownNameError("price", name, known)
    return Rates(**given)
