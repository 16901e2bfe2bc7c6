"""Fates of first attempts that neither the moment nor the input nor the worker has a say in: made by the block, since a million items
have one each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attune_sim.engine.events import StartAction
from attune_sim.executors.fates import Fated, FateOf
from attune_sim.scenarios.planned import Planned
from attune_sim.simulation.blocks import by_block
from attune_sim.simulation.faults.fault import Foreseen


def in_blocks(
    answer: Planned,
    seconds: Callable[[int, int], list[float]],
    faults: Sequence[Foreseen],
    fate_of: FateOf,
) -> FateOf:
    """What `fate_of` says, quicker where it is asked of a first attempt: those all come to `answer`, take the `seconds` of their block, and
    meet the `faults`."""
    outcome, result, error, known_s, _ = answer

    def make(attempt: int, block: int) -> list[Fated]:
        fates: list[Fated] = [(outcome, result, error, known_s + drawn) for drawn in seconds(attempt, block)]
        for hits, end in faults:
            fates = [end(fate) if hit else fate for fate, hit in zip(fates, hits(block), strict=True)]
        return fates

    first = by_block(make)

    def fate(command: StartAction, now: float, input: Mapping[str, Any], worker: int) -> Fated:
        if command.attempt:
            return fate_of(command, now, input, worker)
        return first(0, command.slot)

    return fate
