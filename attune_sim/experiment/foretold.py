"""What smaller cells tell of a larger one, so that it need not be run to find out how it would end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attune_sim.experiment.spec import CellSpec
from attune_sim.record import CellRecord, Reading


@dataclass(frozen=True, slots=True)
class Foretold:
    """Why a cell is left out, and its estimated readings."""

    reason: str
    readings: tuple[Reading, ...]


Foreteller = Callable[[CellSpec, Sequence[CellRecord]], Foretold | None]
"""Asked before a cell begins, with all records so far: None, and it runs."""
