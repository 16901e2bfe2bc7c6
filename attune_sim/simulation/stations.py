"""Who serves attempts in a simulation: what is described in a setting, and becomes `Stations` on its timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attune_sim.executors.stations import Stations
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.little import Little
from attune_sim.simulation.waits import Interval

Columns = Mapping[str, Sequence[Any]]
"""A table: its columns by name, all of one length."""


class Pool(Stations, Protocol):
    """Stations that tell, once all is over, what they were doing."""

    def queue(self) -> Columns:
        """Who waited and who was served over time."""

    def workers(self) -> Columns:
        """What each worker did."""

    def little(self) -> tuple[Little, ...]:
        """Little's law for what waited and for what was served."""

    def wait(self) -> Interval | None:
        """The mean wait of an attempt, with its interval; None where nobody has waited for anything."""


class StationsModel(Protocol):
    """Describes who serves attempts: frozen and picklable. All draws follow from the seed."""

    def opened(self, timeline: VirtualTimeline, seed: int) -> Pool:
        """The pool of one simulation, on its timeline."""
