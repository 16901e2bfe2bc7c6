"""Every metric, declared once: name, unit, direction, format. Frames, plots, reports and thresholds iterate over this.

To add a metric, add a line to `METRICS` and let a probe read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from attune_sim.display import Displayed
from attune_sim.errors import UnknownNameError

Unit = Literal["us", "s", "bytes", "count", "ratio"]
TIMES: Final = ("us", "s")
"""Units of what is read off a clock, and so moves with what else the machine does."""

FACTORS: Final[Mapping[Unit, Mapping[str, float]]] = {
    "us": {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6},
    "s": {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "bytes": {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30},
    "count": {},
    "ratio": {},
}
"""Unit -> the units in which an amount of it may be written, as factors."""


def ascii_unit(text: str) -> str:
    """The unit as rules, options and names of metrics write it: for people `us` is written with a mu, of which there are two.

    >>> ascii_unit("µs"), ascii_unit("μs"), ascii_unit("ms")
    ('us', 'us', 'ms')
    """
    return text.replace("µ", "u").replace("μ", "u")


@dataclass(frozen=True, slots=True)
class Metric(Displayed):
    """One thing that can be read.

    `per_item` metrics are already divided by the items done. `better` is the direction that is good: `lower`,
    `higher`, or None where neither is. `by_system`: the system reads it, so it moves with what else the machine does, as
    times do; other bytes and counts are exact, and differ by what was done. `probe` is the one that has to be asked for to
    read it; None: every cell has it. `paces` are metrics that tell how fast the machine was in the same moments, by the same
    piece of work: values are compared at one pace, by the first of them that was read.
    """

    name: str
    unit: Unit
    title: str
    per_item: bool = False
    better: Literal["lower", "higher"] | None = "lower"
    by_system: bool = False
    probe: str | None = None
    paces: tuple[str, ...] = ()

    @property
    def noisy(self) -> bool:
        """Whether repeats of the same thing differ by what else the machine does."""
        return self.by_system or self.unit in TIMES

    @property
    def total(self) -> bool:
        """Whether it grows with the work of a whole cell, so that of one that was cut short it is a lower bound."""
        return not self.per_item and self.unit != "ratio"

    def format(self, value: float) -> str:
        """The value as a person reads it.

        >>> METRICS["fork_bytes"].format(2_915_000.0), METRICS["fork_us"].format(0.1234)
        ('2.92 MB', '0.123 µs')
        """
        return FORMATS[self.unit](value)


def _scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    factor, unit = next((step for step in steps if abs(value) >= step[0]), steps[-1])
    return f"{_three(value / factor)} {unit}"


def _three(value: float) -> str:
    """Three significant digits for small numbers, thousands separated for large ones."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}".removesuffix("0") if abs(value) >= 1 else f"{value:.3g}"


def format_bytes(value: float) -> str:
    """Bytes in decimal units: `56 B`, `10.1 KB`, `2.92 MB`; less than half a byte is none, on either side.

    >>> format_bytes(56.0), format_bytes(2_920_000), format_bytes(-0.2)
    ('56 B', '2.92 MB', '0 B')
    """
    if abs(value) < 1000:
        return f"{value:z.0f} B"
    return _scaled(value, ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")))


def format_limit(value: float) -> str:
    """A limit on memory in the unit in which people give it: `512 MiB`, `1.5 GiB`, `2.0 GB`."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20)):
        if value >= factor and value % 2**20 == 0:
            return f"{value / factor:.4g} {unit}"
    return format_bytes(value)


def format_us(value: float) -> str:
    """Microseconds: `0.123 µs`, `26.1 ms`, `1.5 s`."""
    return _scaled(value, ((1e6, "s"), (1e3, "ms"), (1.0, "µs")))


def format_s(value: float) -> str:
    """Seconds, in the unit that fits: `0.123 µs`, `26.1 ms`, `1.5 s`."""
    return format_us(value * 1e6)


_SPANS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def elapsed(seconds: float) -> str:
    """A moment or a span of simulated time, which may be days, in two units at most.

    >>> elapsed(0.25), elapsed(90), elapsed(3331), elapsed(25_920), elapsed(273_600), elapsed(86_400)
    ('250 ms', '90.0 s', '55 min 31 s', '7 h 12 min', '3 d 4 h', '1 d')
    """
    if abs(seconds) < 2 * 60:
        return format_s(seconds)
    place = next(place for place, (_, factor) in enumerate(_SPANS) if abs(seconds) >= factor)
    (unit, factor), (below, part) = _SPANS[place : place + 2]
    whole, rest = divmod(round(seconds / part), factor // part)
    return f"{whole:,} {unit} {rest} {below}" if rest else f"{whole:,} {unit}"


def format_count(value: float) -> str:
    """A number of things: `1,000`."""
    return f"{value:,.0f}"


class Metrics(Displayed, Mapping[str, Metric]):
    """Metrics by name, in the order of declaration."""

    def __init__(self, *metrics: Metric) -> None:
        self._by_name = {metric.name: metric for metric in metrics}

    def __getitem__(self, name: str) -> Metric:
        if name not in self._by_name:
            raise UnknownNameError("metric", name, self._by_name)
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"<METRICS: {len(self)} metrics by name, {', '.join([*self._by_name][:4])} ...; METRICS['fork_us']>"


def _paced(name: str, title: str, *paces: str) -> Metric:
    """A time of one item that was read in the run itself."""
    return Metric(name, "us", title, per_item=True, paces=(*paces, "pace_us"))


METRICS: Final = Metrics(
    Metric(
        "fork_us",
        "us",
        "price of one fork: made alone, warm, collector at rest",
        per_item=True,
        paces=("floor_us",),
    ),
    _paced("paid_fork_us", "what the run paid for one fork, collections in it included"),
    _paced("render_us", "time to render one item's input", "attempt_pace_us"),
    Metric("action_us", "us", "time inside the action of one item", per_item=True),
    _paced("bookkeeping_us", "from one attempt to the next: the engine, and recording", "attempt_pace_us"),
    _paced("drop_us", "time to let go of one item's fork and input", "attempt_pace_us"),
    Metric("collector_us", "us", "collections outside of forks, an item", per_item=True),
    Metric("clock_us", "us", "what reading the clock for one item costs", per_item=True, better=None),
    Metric("setup_us", "us", "what a run takes before its first item and after its last"),
    Metric("closure", "ratio", "sum of the parts over the whole run", better=None),
    Metric("wall_s", "s", "time of the whole run"),
    Metric("fork_bytes", "bytes", "live heap of one more fork, item and list slot included", per_item=True),
    Metric("record_bytes", "bytes", "live heap of what an item that ended leaves behind", per_item=True),
    Metric(
        "heap_closure", "ratio", "forks and records over the growth of an eager run's live heap", better=None
    ),
    Metric("live_heap_bytes", "bytes", "growth of the live heap while all that the run holds is alive"),
    Metric("allocated_blocks", "count", "growth of the blocks in use by Python's allocator"),
    Metric("rss_anon_bytes", "bytes", "growth of the anonymous memory that the system sees", by_system=True),
    Metric(
        "peak_rss_bytes",
        "bytes",
        "growth of the peak of resident memory (VmHWM) over the run",
        by_system=True,
    ),
    Metric(
        "base_rss_bytes",
        "bytes",
        "resident memory before the run: interpreter, libraries, parameters, history",
        by_system=True,
    ),
    Metric("base_space_bytes", "bytes", "address space before the run, what limits count", by_system=True),
    Metric(
        "asizeof_bytes",
        "bytes",
        "pympler's size of one more fork, all earlier forks counted once",
        per_item=True,
    ),
    Metric(
        "asizeof_coverage",
        "ratio",
        "pympler's bytes over the live heap's; below 0.95 it is blind here",
        better=None,
    ),
    Metric("copied_bytes", "bytes", "all bytes that forking copied over the run, by the bytes of one fork"),
    Metric("alive_bytes", "bytes", "live heap at the peak, without records and what was there before"),
    Metric(
        "fork_object_bytes", "bytes", "sys.getsizeof of one fork, without what it points to", per_item=True
    ),
    Metric(
        "young_collections",
        "ratio",
        "collections of the youngest objects that one fork brings about",
        per_item=True,
    ),
    Metric("followed_objects", "count", "objects of one fork that a collection goes through", per_item=True),
    Metric(
        "full_collection_us",
        "us",
        "by how much one fork more prolongs a collection of all generations",
        per_item=True,
    ),
    Metric(
        "floor_us",
        "us",
        "time to create a bare slotted object, read in the same rounds",
        per_item=True,
        better=None,
    ),
    Metric(
        "pace_us",
        "us",
        "a fixed piece of work, done now and then while forks are made: how fast the machine was",
        better=None,
    ),
    Metric(
        "attempt_pace_us",
        "us",
        "the same between attempts: how fast the machine was while items were worked on",
        better=None,
    ),
    Metric(
        "fork_instructions",
        "count",
        "machine instructions of one fork, made and given back",
        per_item=True,
        probe="instructions",
    ),
    Metric(
        "render_instructions",
        "count",
        "machine instructions to render one item's input",
        per_item=True,
        probe="instructions",
    ),
    Metric(
        "wire_bytes", "bytes", "sent to workers and home by them over the run, as pickled", by_system=True
    ),
    Metric(
        "wire_once_bytes",
        "bytes",
        "sent to one worker whatever it does: actions, context or what is read of it, templates",
    ),
    Metric(
        "wire_item_bytes",
        "bytes",
        "sent with one item and home from it, its fork included where that is sent",
        per_item=True,
        by_system=True,  # a batch has an envelope, and how many items it holds follows from what they took
    ),
    Metric(
        "dask_wire_bytes",
        "bytes",
        "Dask's own counters of the workers: its stream to them, data received and sent; no offers",
        by_system=True,
    ),
    Metric(
        "worker_grown_bytes",
        "bytes",
        "growth of a worker's memory over the run, as Dask reads it; of the worker that grew most",
        by_system=True,
    ),
    Metric("wire_workers", "count", "workers of a cluster that had a part in the run", better=None),
)

HEADLINES: Final = ("fork_us", "paid_fork_us", "fork_bytes", "live_heap_bytes", "peak_rss_bytes", "wall_s")
"""The metrics that stand for a cell where there is room for a few only."""

FORMATS: Final[Mapping[Unit, Callable[[float], str]]] = {
    "us": format_us,
    "s": format_s,
    "bytes": format_bytes,
    "count": format_count,
    "ratio": _three,
}
"""Unit -> how a person reads a value in it."""

UNITS: Final[Mapping[str, Unit]] = {
    **{name: metric.unit for name, metric in METRICS.items()},
    **dict.fromkeys(
        ("context_bytes", "fan_out_context_bytes", "memory_limit_bytes", "travel_bytes"), "bytes"
    ),
    **dict.fromkeys(
        ("low_bytes", "high_bytes", "peak_bytes", "heap_bytes", "limit_bytes", "shipped_bytes"), "bytes"
    ),
    **dict.fromkeys(("memory_bytes", "grown_bytes", "bytes", "bytes_an_item", "bytes_a_second"), "bytes"),
    **dict.fromkeys(("time_limit_s", "elapsed_s", "started_s", "ended_s", "duration_s"), "s"),
    **dict.fromkeys(("due_s", "queued_s", "time_s", "busy_s", "down_s", "over_s", "peak_s"), "s"),
}
"""Metric, or column of a frame, -> its unit; a column that is not here is text, a flag or a count."""
