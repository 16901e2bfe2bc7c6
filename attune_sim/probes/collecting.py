"""What forks mean to Python's garbage collector: how soon they bring it about, and how long it is at them.

A collection of the youngest generation comes after so many objects were made more than let go; one of all generations goes
through everything that is alive and may hold something else. A run that keeps its forks pays for that again and again
(`attune_sim.analysis.laws.collector`), and most of it only in runs larger than the one that was looked at.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from time import thread_time_ns
from typing import Any, Final

from attune_sim.collector import all_frozen, collector_at_rest
from attune_sim.contexts.strategy import Forker
from attune_sim.probes.forks import FIRST_INDEX

MOST_BYTES: Final = 128e6
MOST_US: Final = 0.3e6
MOST: Final = 5_000
FEWEST: Final = 4


@dataclass(frozen=True, slots=True)
class Collecting:
    """Of one fork: how many collections of the youngest generation it brings about (mostly a part of one), the objects that a
    collection goes through, and the microseconds by which one of all generations takes longer. Means over so many `forks`."""

    young: float
    followed: float
    full_us: float
    forks: int


def collecting_of(forker: Forker, items: Sequence[Any], *, fork_us: float, fork_bytes: float) -> Collecting:
    """Make forks of these items in turn, as many as a little time and room allow, and look at them.

    Everything else is frozen meanwhile, so that collections go through these forks alone.
    """
    by_cost = min(MOST_US / max(fork_us, 0.01), MOST_BYTES / max(fork_bytes, 1.0), MOST)
    wanted = list(islice(cycle(items), max(FEWEST, int(by_cost))))
    gc.collect()
    with collector_at_rest(), all_frozen():
        before = gc.get_count()[0]
        kept = [forker.fork(item, FIRST_INDEX + place) for place, item in enumerate(wanted)]
        made = gc.get_count()[0] - before
        gc.collect(0)
        followed = len(gc.get_objects(generation=1)) - 1  # without the list that holds them
        gc.collect()  # lets go of what need not be followed any more, and warms up
        full_us = _full_collection_us()
        young = made / (gc.get_threshold()[0] + 1)
        return Collecting(young / len(kept), max(followed, 0) / len(kept), full_us / len(kept), len(kept))


def _full_collection_us() -> float:
    began = thread_time_ns()
    gc.collect()
    return (thread_time_ns() - began) / 1e3
