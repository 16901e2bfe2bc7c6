"""A visit of a task in one cycle, as the draws that belong to it are named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from attune_sim.simulation.blocks import by_block, slots_of
from attune_sim.simulation.hashing import generator, hashes, uniform
from attune_sim.simulation.targets import targets_of

if TYPE_CHECKING:
    from attune_sim.engine.offer import Offer


Draw = Callable[[np.random.Generator, range], NDArray[Any]]
"""Makes the draws of some slots."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A fan-out, or a plain task, of cycle number `cycle` in a simulation with this seed."""

    offer: Offer
    cycle: int
    seed: int

    @property
    def task(self) -> str:
        """The task, with the calls of sub-workflows around it: the same in every run of a definition."""
        return self.offer.within + self.offer.task

    def drawn(self, purpose: str, draw: Draw) -> Callable[[int, int], Any]:
        """What gives the draw of an attempt (from 0) at a slot; `draw` makes those of some slots."""
        return by_block(self.drawn_blocks(purpose, draw))

    def drawn_blocks(self, purpose: str, draw: Draw) -> Callable[[int, int], list[Any]]:
        """What makes the draws of an attempt at the slots of a block."""
        names = (self.seed, purpose, self.task, self.cycle, self.offer.visit)
        slots = len(self.offer.items)

        def make(attempt: int, block: int) -> list[Any]:
            drawn: list[Any] = draw(generator(*names, attempt, block), slots_of(block, slots)).tolist()
            return drawn

        return make

    def hit(self, purpose: str, share: float, key: str, whose: str) -> Callable[[int, int], bool]:
        """Whether the target of a slot is among a share of all targets, at a turn: the same in every cycle."""
        return by_block(self.hit_blocks(purpose, share, key, whose))

    def hit_blocks(
        self, purpose: str, share: float, key: str, whose: str
    ) -> Callable[[int, int], list[bool]]:
        """The same for the slots of a block."""
        slots = len(self.offer.items)

        def make(turn: int, block: int) -> list[bool]:
            targets = self.targets(key, slots_of(block, slots), whose)
            chosen: list[bool] = (uniform(hashes(targets, self.seed, purpose, turn)) < share).tolist()
            return chosen

        return make

    def targets(self, key: str, slots: range, whose: str) -> Sequence[Any]:
        """What the attempts at these slots are aimed at."""
        return targets_of(self.offer, key, slots, whose)
