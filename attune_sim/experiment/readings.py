"""From what the probes saw to the readings of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Any, Final

from attune_sim.contexts.strategy import Fork, Forker
from attune_sim.engine.offer import Offer
from attune_sim.errors import AttuneError
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.forks import ForkHeap, bare_floor_us, fork_heap, time_forks
from attune_sim.probes.memory import LIVE_HEAP, MemoryProbe
from attune_sim.probes.recorder import Totals
from attune_sim.probes.typical import Typical
from attune_sim.record import Reading

BATCHES_BELOW_US: Final = 1.0
_MAYBE_FAST_US: Final = 5.0  # a fork that is timed alone has the clock's own cost and cold caches in it
_LONG_US: Final = 1e6
_TRIED: Final = 9
_TRYING_S: Final = 0.05
_SLOT_BYTES: Final = 8
_SIZING_S: Final = 0.3
_SIZED: Final = 200  # below 1 KB a single size says little
_NOBODY: Final = "no item ended"


def time_readings(
    totals: Totals,
    typical: Typical,
    forks: ForkLog,
    wall_s: float,
    *,
    clock_us: float,
    inline: bool,
    eager: bool,
) -> list[Reading]:
    """Time an item that ended, split into render, action and bookkeeping (its fork is read by `fork_readings`).

    Rendering and bookkeeping are medians over the items of the largest fan-out, so that one preemption in the run
    does not count as theirs; `clock_us`, what one reading of the clock costs, is taken off a rendering. Bookkeeping
    is what passes from the start of one action to that of the next beside action, rendering and (unless all forks
    were made before, `eager`) fork: recording is part of it, sampling and what happens once a run are not. The action is
    a mean, because items do differ there: one server that hangs belongs to its time. `wall_s` is the whole run,
    undivided; the parts need not add up to it.
    """
    done, fork_us = totals.done, 0.0 if eager else forks.typical_us or 0.0
    return [
        Reading("wall_s", wall_s),
        _render(typical, done, clock_us),
        Reading("action_us", totals.action_us / done, n=done) if done else _missing("action_us", _NOBODY),
        _bookkeeping(typical, done, fork_us) if inline else _missing("bookkeeping_us", "actions overlap"),
    ]


def _render(typical: Typical, done: int, clock_us: float) -> Reading:
    if typical.render_us is None or not done:
        return _missing("render_us", "no item of the largest fan-out ended" if done else _NOBODY)
    return Reading("render_us", max(0.0, typical.render_us - clock_us), n=done)


def _bookkeeping(typical: Typical, done: int, fork_us: float) -> Reading:
    if typical.between_us is None or typical.render_us is None:
        return _missing("bookkeeping_us", "fewer than two items were called" if done else _NOBODY)
    return Reading("bookkeeping_us", max(0.0, typical.between_us - typical.render_us - fork_us), n=done)


def memory_readings(peaks: Mapping[str, float], labels: Mapping[str, str]) -> list[Reading]:
    """The largest growth that was seen of each counter, and a row without value for those that are missing here."""
    metrics = dict.fromkeys([*peaks, *labels])
    return [Reading(metric, peaks.get(metric), label=labels.get(metric, "")) for metric in metrics]


def fork_readings(
    offer: Offer | None, forks: ForkLog, memory: MemoryProbe, room_bytes: float, *, clock_us: float
) -> Iterator[list[Reading]]:
    """Time, then memory, then pympler's view of further forks of an offer (None: nothing fanned out), each as soon as it
    is known.

    Forks below 1 us are timed in batches of further forks. Slower ones are those of the run, less `clock_us`: their
    mean if together they took a second or more, so that one preemption moves it by about a hundredth, else their
    median. The mean is wanted where it can be had because a garbage collector that walks over the copies kept so far
    is part of their price, and comes in few long pauses. Nothing here is decided by a mean.
    pympler is imported by the last step only.
    """
    if offer is None:
        names = ("fork_us", "fork_bytes", "fork_object_bytes")
        yield [_missing(name, "nothing fanned out") for name in names]
        return
    forker, item = offer.forker, offer.items[0]  # as the forker was given it: a fork may answer with a copy
    yield _fork_times(forker, item, forks, clock_us)
    heap = fork_heap(forker, item, memory, perf_counter, room_bytes=room_bytes)
    yield _fork_bytes(heap, forks, memory.labels.get(LIVE_HEAP, ""))
    yield _asizeof((offer.context, forker, item), heap)


def _fork_times(forker: Forker, item: Any, forks: ForkLog, clock_us: float) -> list[Reading]:
    if time_forks(forker, item, batch=1, rounds=_TRIED, seconds=_TRYING_S).fork_us < _MAYBE_FAST_US:
        batches = time_forks(forker, item)
        floor = Reading("floor_us", batches.floor_us, n=batches.forks)
        if batches.fork_us < BATCHES_BELOW_US:
            return [Reading("fork_us", batches.fork_us, n=batches.forks), floor]
    else:
        floor = Reading("floor_us", bare_floor_us(item))
    usual = forks.typical_us
    if usual is None:
        return [_missing("fork_us", "no fork was finished"), floor]
    long = usual * forks.forks >= _LONG_US
    each = forks.total_us / forks.forks if long else usual
    return [Reading("fork_us", max(0.0, each - clock_us), n=forks.forks), floor]


def _fork_bytes(heap: ForkHeap, forks: ForkLog, label: str) -> list[Reading]:
    kept, each = len(heap.kept), heap.bytes_each
    return [
        Reading("fork_bytes", each, n=kept, label=label),
        Reading("fork_object_bytes", float(heap.object_bytes), n=1),
        Reading("copied_bytes", each * forks.forks, n=kept, label=label),
        Reading("alive_bytes", each * forks.most_alive, n=kept, label=label),
    ]


def _asizeof(base: tuple[Any, ...], heap: ForkHeap) -> list[Reading]:
    from attune_sim.probes.sizer import OPAQUE_BELOW, Sizer, coverage

    try:
        each, count = _marginal(Sizer(base), heap.kept)
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
