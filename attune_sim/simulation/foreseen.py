"""Fates of first attempts that neither the moment nor the input nor the worker has a say in: made by the block, since a
million items have one each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attune_sim.engine.events import StartAction
from attune_sim.executors.fates import Fated, FateOf
from attune_sim.scenarios.planned import Planned
from attune_sim.simulation.blocks import BITS, SIZE, kept_blocks
from attune_sim.simulation.faults.fault import Foreseen


def in_blocks(
    answer: Planned,
    seconds: Callable[[int, int], list[float]],
    faults: Sequence[Foreseen],
    fate_of: FateOf,
) -> FateOf:
    """What `fate_of` says, quicker where it is asked of a first attempt: those all come to `answer`, take the `seconds` of
    their block, and meet the `faults`."""
    outcome, result, error, known_s, _ = answer

    def make(attempt: int, block: int) -> list[float | Fated]:
        # Numbers, but of those that are hit: thousands of tuples would keep the garbage collector busy.
        known: list[float | Fated] = [known_s + drawn for drawn in seconds(attempt, block)]
        for hits, end in faults:
            for place, is_hit in enumerate(hits(block)):
                if is_hit:
                    was = known[place]
                    known[place] = end((outcome, result, error, was) if isinstance(was, float) else was)
        return known

    block_of = kept_blocks(make)
    here, block = -1, list[float | Fated]()

    def fate(command: StartAction, now: float, input: Mapping[str, Any], worker: int) -> Fated:
        nonlocal here, block
        if command.attempt:
            return fate_of(command, now, input, worker)
        slot = command.slot
        if slot >> BITS != here:
            here = slot >> BITS
            block = block_of(0, here)
        known = block[slot & (SIZE - 1)]
        return (outcome, result, error, known) if isinstance(known, float) else known

    return fate
