"""From what the probes saw to the readings of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Any, Final, Protocol

from attune_sim.contexts.strategy import Fork, Forker
from attune_sim.errors import AttuneError
from attune_sim.probes.clock import clock_floor_us
from attune_sim.probes.forks import ForkHeap, bare_floor_us, fork_heap, time_forks
from attune_sim.probes.memory import LIVE_HEAP, MemoryProbe
from attune_sim.probes.recorder import Totals
from attune_sim.record import Reading

BATCHES_BELOW_US: Final = 1.0
_MAYBE_FAST_US: Final = 5.0  # in the run a fork is timed alone, with cold caches and the clock's own cost
_SLOT_BYTES: Final = 8
_SIZING_S: Final = 0.3
_SIZED: Final = 200  # below 1 KB a single size says little


class Forkable(Protocol):
    """What the largest fan-out forked from; `forker` is None if nothing fanned out."""

    context: Any
    forker: Forker | None
    item: Any


def time_readings(totals: Totals, wall_s: float, *, inline: bool) -> list[Reading]:
    """Time an item that ended, split: what is left of the run after fork, render and action is bookkeeping.

    Recording is part of bookkeeping, sampling is not; tasks without items count for themselves.
    """
    done = totals.done
    wall = Reading("wall_s", wall_s)
    if not done:
        return [
            wall,
            *(_missing(name, "no item ended") for name in ("render_us", "action_us", "bookkeeping_us")),
        ]
    rest = wall_s * 1e6 - totals.plain_us - totals.fork_us - totals.render_us - totals.action_us
    return [
        wall,
        Reading("render_us", totals.render_us / done, n=done),
        Reading("action_us", totals.action_us / done, n=done),
        Reading("bookkeeping_us", max(0.0, rest / done), n=done)
        if inline
        else _missing("bookkeeping_us", "actions overlap"),
    ]


def memory_readings(peaks: Mapping[str, float], labels: Mapping[str, str]) -> list[Reading]:
    """The largest growth that was seen of each counter, and a row without value for those that are missing here."""
    seen = [Reading(metric, value, label=labels.get(metric, "")) for metric, value in peaks.items()]
    return seen + [
        Reading(metric, None, label=label) for metric, label in labels.items() if metric not in peaks
    ]


def fork_readings(
    source: Forkable, totals: Totals, memory: MemoryProbe, room_bytes: float
) -> Iterator[list[Reading]]:
    """Time, then memory, then pympler's view of further forks; each as soon as it is known.

    pympler is imported by the last step only.
    """
    forker = source.forker
    if forker is None:
        yield [
            _missing(name, "nothing fanned out") for name in ("fork_us", "fork_bytes", "fork_object_bytes")
        ]
        return
    yield _fork_times(forker, source.item, totals)
    heap = fork_heap(forker, source.item, memory, perf_counter, room_bytes=room_bytes)
    yield _fork_bytes(heap, totals, memory.labels.get(LIVE_HEAP, ""))
    yield _asizeof(source, heap)


def _fork_times(forker: Forker, item: Any, totals: Totals) -> list[Reading]:
    in_run = totals.fork_us / max(totals.forks, 1) - clock_floor_us()
    if in_run < _MAYBE_FAST_US:
        batches = time_forks(forker, item)
        floor = Reading("floor_us", batches.floor_us, n=batches.forks)
        if batches.fork_us < BATCHES_BELOW_US:
            return [Reading("fork_us", batches.fork_us, n=batches.forks), floor]
    else:
        floor = Reading("floor_us", bare_floor_us(item))
    return [Reading("fork_us", max(0.0, in_run), n=totals.forks), floor]


def _fork_bytes(heap: ForkHeap, totals: Totals, label: str) -> list[Reading]:
    kept = len(heap.kept)
    each = heap.bytes_each
    return [
        Reading("fork_bytes", each, n=kept, label=label),
        Reading("fork_object_bytes", float(heap.object_bytes), n=1),
        Reading("copied_bytes", each * totals.forks, n=kept, label=label),
        Reading("alive_bytes", each * totals.most_alive, n=kept, label=label),
    ]


def _asizeof(source: Forkable, heap: ForkHeap) -> list[Reading]:
    from attune_sim.probes.sizer import OPAQUE_BELOW, Sizer, coverage

    try:
        sizer = Sizer((source.context, source.forker, source.item))
        each, count = _marginal(sizer, heap.kept)
    except (AttuneError, RecursionError, MemoryError) as error:
        return [_missing("asizeof_bytes", str(error)), _missing("asizeof_coverage", str(error))]
    seen = coverage(each, heap.bytes_each - _SLOT_BYTES)
    label = "opaque" if seen is not None and seen < OPAQUE_BELOW else ""
    return [
        Reading("asizeof_bytes", each, n=count, label=label),
        Reading("asizeof_coverage", seen, n=count, label=label),
    ]


def _marginal(sizer: Any, forks: list[Fork]) -> tuple[float, int]:
    """The mean of as many forks as there is time for."""
    began = perf_counter()
    sizes: list[int] = []
    for fork in forks[:_SIZED]:
        sizes.append(sizer.marginal(fork))
        if perf_counter() - began > _SIZING_S:
            break
    return sum(sizes) / len(sizes), len(sizes)


def _missing(metric: str, why: str) -> Reading:
    return Reading(metric, None, n=0, label=f"unavailable: {why}")
