"""How attempts end in a simulation: what is described in a setting, and becomes `Fates` with its seed."""

from __future__ import annotations

from typing import Protocol

from attune_sim.executors.fates import Fates


class FatesModel(Protocol):
    """Describes how attempts end: frozen and picklable. All draws follow from the seed."""

    def seeded(self, seed: int) -> Fates:
        """The fates of one simulation."""
