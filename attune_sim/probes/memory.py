"""All memory counters in one reading, with what each of them comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from attune_sim.probes.heap import HeapUnavailable, LiveHeap, allocated_blocks
from attune_sim.probes.process import ProcessMemory

LIVE_HEAP: Final = "live_heap_bytes"
BLOCKS: Final = "allocated_blocks"
RSS_ANON: Final = "rss_anon_bytes"


class MemoryProbe(Protocol):
    """A source of memory readings: the process itself, or a fake with a script."""

    @property
    def heap_source(self) -> str:
        """Where `live_heap_bytes` comes from."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Remarks on metrics: why one is missing, or what stands in for it."""

    def heap(self) -> int:
        """The live heap alone, in bytes."""

    def read(self) -> dict[str, float]:
        """Metric -> value now, absolute; metrics that the platform lacks are absent."""


class Memory:
    """The counters of this process.

    Where the exact heap is missing (another libc, macOS, free-threading), resident memory stands in for it:
    `heap_source` is then `resident` and every value carries a label that says why.
    """

    def __init__(
        self, open_heap: Callable[[], LiveHeap] = LiveHeap, process: ProcessMemory | None = None
    ) -> None:
        self.process = process or ProcessMemory()
        self._heap: LiveHeap | None = None
        self.labels: dict[str, str] = {}
        try:
            self._heap = open_heap()
        except HeapUnavailable as error:
            self.labels[LIVE_HEAP] = f"resident memory stands in: {error}"
        if allocated_blocks() is None:
            self.labels[BLOCKS] = "unavailable: Python's allocator is bypassed (PYTHONMALLOC)"
        if self.process.source != "proc":
            self.labels[RSS_ANON] = "resident set: this system does not tell anonymous memory apart"

    @property
    def heap_source(self) -> str:
        return "resident" if self._heap is None else self._heap.source

    def heap(self) -> int:
        return self.process.rss_anon() if self._heap is None else self._heap.read()

    def read(self) -> dict[str, float]:
        values: dict[str, float] = {LIVE_HEAP: self.heap(), RSS_ANON: self.process.rss_anon()}
        if BLOCKS not in self.labels:
            values[BLOCKS] = allocated_blocks() or 0
        return values

    def close(self) -> None:
        """Give descriptors back."""
        self.process.close()
        if self._heap is not None:
            self._heap.close()
