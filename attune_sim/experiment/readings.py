"""From what the probes saw to the readings of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import fmean
from time import perf_counter
from typing import Any, Final

from attune_sim.contexts.strategy import Forker
from attune_sim.engine.offer import Offer
from attune_sim.errors import AttuneError
from attune_sim.probes.collecting import collecting_of
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.forks import ForkHeap, ForkTime, fork_heap, time_forks
from attune_sim.probes.memory import LIVE_HEAP, MemoryProbe
from attune_sim.probes.parts import Moments, Parts, Spread, Unsplit, parts_of, spread_of, wall_s
from attune_sim.probes.recorder import ItemColumns, Recorder
from attune_sim.record import Reading

_SLOT_BYTES: Final = 8
_RESOLVED: Final = 50e3  # the slope of a heap that grew by less is lost in a run's odds and ends
_ALIVE_RESOLVED: Final = 640e3
"""Up to 13 KB of a run's peak are its odds and ends, what C's allocator keeps at hand among them: 2 % of this."""
_SIZING_S: Final = 0.3
_SIZED: Final = 200  # below 1 KB a single size says little
_COLLECTING: Final = ("young_collections", "followed_objects", "full_collection_us")
_NOBODY: Final = "no item ended"
_SPLIT: Final = tuple(field.name for field in fields(Parts) if field.name.endswith("_us"))


# -- time ------------------------------------------------------------------------------------------------------------------


def time_readings(
    recorder: Recorder, forks: ForkLog, moments: Moments, *, clock_us: float, inline: bool
) -> list[Reading]:
    """What the time of a run was spent on: see `attune_sim.probes.parts`, which also tells why a run has no parts.

    All are means over all items of the largest fan-out, because together they are the whole; what single items took
    stands beside them (`p50`, `p95`, `max`). Where attempts overlap, or the parts cannot be told apart, forking, rendering and
    action are still means over the attempts that ended, collections included. `closure` is the sum of the parts over the
    whole run; `wall_s` is that run without the readings of memory in it.
    """
    largest = max(recorder.items, key=len, default=None)
    split = parts_of(recorder, forks, moments, clock_us) if inline else Unsplit("attempts overlap")
    whole = Reading("wall_s", wall_s(recorder, forks, moments) if inline else moments.wall_s)
    if isinstance(split, Unsplit):
        simple = _simple(largest, forks, clock_us)
        missing = [_missing(name, split.reason) for name in (*_SPLIT, "closure") if name not in simple]
        return [whole, *simple.values(), *missing]
    spreads = {} if largest is None else _spreads(largest, clock_us)
    each = [
        _reading(name, getattr(split, name), 1 if name == "setup_us" else split.n, spreads.get(name))
        for name in _SPLIT
    ]
    return [whole, *each, Reading("closure", split.sum_s / (whole.value or 1.0), n=split.n)]


def pace_readings(paces: Sequence[float], attempt_paces: Sequence[float]) -> list[Reading]:
    """How fast the machine was beside the forks of the run and between its attempts, as far as anybody looked."""
    known = {"pace_us": paces, "attempt_pace_us": attempt_paces}
    return [Reading(name, fmean(read), n=len(read)) for name, read in known.items() if read]


def _simple(largest: ItemColumns | None, forks: ForkLog, clock_us: float) -> dict[str, Reading]:
    """Means over what was forked and what ended, where the parts of the whole cannot be told."""
    calls = 0 if largest is None else largest.calls
    sums = {"render_us": 0.0, "action_us": 0.0}
    spreads: dict[str, Spread] = {}
    if largest is not None and calls:
        sums = {name: sum(getattr(largest, name)) for name in sums}
        spreads = _spreads(largest, clock_us)
    means = {
        "paid_fork_us": (forks.total_us, forks.forks),
        **{name: (us, calls) for name, us in sums.items()},
    }
    return {
        name: _reading(name, max(0.0, us / n - clock_us), n, spreads.get(name))
        if n
        else _missing(name, _NOBODY)
        for name, (us, n) in means.items()
    }


def _spreads(columns: ItemColumns, clock_us: float) -> dict[str, Spread]:
    """Of what a clock can resolve item by item."""
    times = {
        "paid_fork_us": columns.fork_us,
        "render_us": columns.render_us,
        "action_us": columns.action_us,
    }
    found = {name: spread_of(each, columns.outcome) for name, each in times.items()}
    return {name: spread.less(clock_us) for name, spread in found.items() if spread is not None}


def _reading(metric: str, value: float, n: int, spread: Spread | None = None) -> Reading:
    if spread is None:
        return Reading(metric, value, n=n)
    return Reading(metric, value, n=n, p50=spread.p50, p95=spread.p95, max=spread.max)


# -- memory ----------------------------------------------------------------------------------------------------------------


def memory_readings(peaks: Mapping[str, float], labels: Mapping[str, str]) -> list[Reading]:
    """The largest growth that was seen of each counter, and a row without value for those that are missing here."""
    metrics = dict.fromkeys([*peaks, *labels])
    return [Reading(metric, peaks.get(metric), label=labels.get(metric, "")) for metric in metrics]


def base_readings(resident: int, space: int | None) -> list[Reading]:
    """What the process takes before its run, which grows on top of that: resident, and of its address space."""
    spaces = _missing("base_space_bytes", "this system does not tell it") if space is None else None
    return [
        Reading("base_rss_bytes", float(resident)),
        spaces or Reading("base_space_bytes", float(space or 0)),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the live heap of a run held over its largest fan-out, in bytes (None: unknown).

    `record_bytes` is what an item that ended leaves behind: its result, and what is noted of it. `beside_first` is the most
    by which it was larger than at the first fork, without records. `fork_slope` is the growth with each fork that was kept,
    without its slot in a list; None where forks are not kept.
    """

    items: int
    forks: int
    record_bytes: float | None
    beside_first: float | None
    fork_slope: float | None
    unknown: str = "the fan-out did not come to its end"
    """Why, of what is unknown."""

    def alive_bytes(self, fork_bytes: float) -> float | None:
        """All that was alive: the first fork too, and the list that holds those that are kept."""
        if self.beside_first is None:
            return None
        slots = _SLOT_BYTES * (self.items - 1) if self.fork_slope is not None else 0
        return self.beside_first + fork_bytes + slots


def held_readings(held: Held, fork_bytes: float, label: str) -> list[Reading]:
    """Bytes of records, of what was alive, and of what was copied: an estimate, bytes of a fork times how many there were.

    `heap_closure` sets forks as they were measured by themselves, with their records, beside those of an eager run.
    """
    record, alive = held.record_bytes, held.alive_bytes(fork_bytes)
    known = [
        _missing("record_bytes", held.unknown)
        if record is None
        else Reading("record_bytes", record, n=held.items, label=label),
        _missing("alive_bytes", held.unknown)
        if alive is None
        else Reading("alive_bytes", alive, label=label or _alive_label(alive, fork_bytes)),
    ]
    copied = Reading("copied_bytes", fork_bytes * held.forks, source="estimated", n=held.forks, label=label)
    return [*known, copied, _heap_closure(held, fork_bytes)]


def _alive_label(alive: float, fork_bytes: float) -> str:
    is_resolved = alive > _ALIVE_RESOLVED or alive < 2 * fork_bytes
    return "" if is_resolved else "up to 13 KB of it are odds and ends of the run"


def _heap_closure(held: Held, fork_bytes: float) -> Reading:
    if held.fork_slope is None:
        return _missing("heap_closure", "forks are not alive together")
    if held.record_bytes is None:
        return _missing("heap_closure", "the fan-out did not come to its end")
    whole = held.fork_slope + _SLOT_BYTES + held.record_bytes
    if whole * held.items < _RESOLVED:
        return _missing("heap_closure", "the heap grew too little to tell")
    return Reading("heap_closure", (fork_bytes + held.record_bytes) / whole, n=held.forks)


# -- one more fork ---------------------------------------------------------------------------------------------------------


def price_readings(
    offer: Offer | None,
    held: Held,
    memory: MemoryProbe,
    room_bytes: float,
    *,
    timed: bool = True,
    by_pympler: bool = True,
) -> Iterator[list[Reading]]:
    """Time, then memory, then what the collector makes of them, then pympler's view of further forks of an offer (None:
    nothing fanned out), each as soon as it is known; no time where the cell is not `timed`, nothing of pympler's unless
    `by_pympler`. pympler is imported by the last step only.
    """
    label = memory.labels.get(LIVE_HEAP, "")
    if offer is None:
        times = ("fork_us", "floor_us", *_COLLECTING) if timed else ()
        yield [_missing(name, "nothing fanned out") for name in (*times, "fork_bytes", "fork_object_bytes")]
        return
    price = time_forks(offer.forker, offer.items) if timed else None
    if price is not None:
        yield _times(price)
    heap = fork_heap(offer.forker, offer.items, memory, room_bytes=room_bytes)
    basis = _basis(len(heap.items), len(offer.items))
    yield [
        Reading("fork_bytes", heap.bytes_each, n=heap.forks, label=_heap_label(heap, label), basis=basis),
        Reading("fork_object_bytes", float(heap.object_bytes), n=1),
        *held_readings(held, heap.bytes_each, label),
    ]
    if price is not None:
        yield _collecting(offer, heap, price.fork_us)
    if by_pympler:
        yield _asizeof(offer, heap)


def _basis(items: int, of: int) -> str:
    return "" if items >= of else f"{items:,} of {of:,} items, chosen by size"


def _times(timed: ForkTime) -> list[Reading]:
    basis = _basis(timed.items, timed.of)
    return [
        Reading("fork_us", timed.fork_us, n=timed.forks, basis=basis),
        Reading("floor_us", timed.floor_us, n=timed.forks),
    ]


def _heap_label(heap: ForkHeap, label: str) -> str:
    return label or ("" if heap.is_settled else f"still moving after {heap.forks:,} forks")


def _collecting(offer: Offer, heap: ForkHeap, fork_us: float) -> list[Reading]:
    found = collecting_of(offer.forker, heap.items, fork_us=fork_us, fork_bytes=heap.bytes_each)
    values = (found.young, found.followed, found.full_us)
    return [Reading(name, value, n=found.forks) for name, value in zip(_COLLECTING, values, strict=True)]


def _asizeof(offer: Offer, heap: ForkHeap) -> list[Reading]:
    from attune_sim.probes.sizer import OPAQUE_BELOW, Sizer, coverage

    try:
        each, count = _marginal(Sizer((offer.context, offer.forker, heap.items)), offer.forker, heap)
    except (AttuneError, RecursionError, MemoryError) as error:
        return [_missing("asizeof_bytes", str(error)), _missing("asizeof_coverage", str(error))]
    seen = coverage(each, heap.bytes_each - _SLOT_BYTES)
    label = "opaque" if seen is not None and seen < OPAQUE_BELOW else ""
    return [
        Reading("asizeof_bytes", each, n=count, label=label),
        Reading("asizeof_coverage", seen, n=count, label=label),
    ]


def _marginal(sizer: Any, forker: Forker, heap: ForkHeap) -> tuple[float, int]:
    """The mean of as many forks as there is time for, and of the large ones."""
    began = perf_counter()
    sizes: list[int] = []
    for fork in heap.kept[:_SIZED]:
        sizes.append(sizer.marginal(fork))
        if perf_counter() - began > _SIZING_S:
            break
    large = [sizer.marginal(forker.fork(item, place)) for place, item in enumerate(heap.large)]
    return heap.strata.mean(large, sum(sizes) / len(sizes)), len(sizes) + len(large)


def _missing(metric: str, why: str) -> Reading:
    return Reading(metric, None, n=0, label=f"unavailable: {why}")
