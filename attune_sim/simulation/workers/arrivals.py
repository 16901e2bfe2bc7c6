"""Requests that come without a workflow: what a station does alone, for theory, peers and benchmarks to be held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.workers.pool import Pool


class Customer:
    """A request that takes `service_s` seconds and goes. Lost with its worker, it asks again."""

    __slots__ = ("_pool", "queued_s", "service_s")
    cycle = 0
    context = None

    def __init__(self, pool: Pool, queued_s: float, service_s: float) -> None:
        self._pool, self.queued_s, self.service_s = pool, queued_s, service_s

    def begun(self, now: float, worker: int) -> float:
        return self.service_s

    def ended(self, now: float) -> None:
        pass

    def lost(self, now: float) -> None:
        self.queued_s = now
        self._pool.request(self)


class Arrivals:
    """Sends a customer to a pool after each gap (s), for as long a service (s) as is its turn, until one of both runs out.

    >>> from attune_sim.simulation.workers.setting import Workers
    >>> timeline = VirtualTimeline()
    >>> pool = Pool(Workers(1), timeline)
    >>> Arrivals(timeline, pool, gaps=[1.0, 1.0], services=[5.0, 5.0]).run()
    >>> pool.waits.mean, timeline.now()
    (2.0, 11.0)
    """

    def __init__(
        self, timeline: VirtualTimeline, pool: Pool, gaps: Iterable[float], services: Iterable[float]
    ) -> None:
        self._ring, self._post = timeline.ring, timeline.post
        self._pool, self._now = pool, timeline.now
        self._coming = zip(gaps, services, strict=False)
        self._await_next(timeline.now())

    def _await_next(self, now: float) -> None:
        for gap, service_s in self._coming:
            self._post(now + gap, self._come, service_s)
            return

    def _come(self, service_s: float) -> None:
        now = self._now()
        self._pool.request(Customer(self._pool, now, service_s))
        self._await_next(now)

    def run(self) -> None:
        """Until nobody comes and all have gone."""
        while self._ring(1_000_000):
            pass


def drawn(draw: Callable[[int], Iterable[float]], number: int, at_once: int = 65_536) -> Iterator[float]:
    """So many draws, made a block at a time: `draw(n)` gives n of them, as numpy's generators do."""
    for start in range(0, number, at_once):
        yield from _floats(draw(min(at_once, number - start)))


def _floats(values: Iterable[float]) -> Iterable[float]:
    to_list = getattr(
        values, "tolist", None
    )  # of a numpy array: plain floats, which are quicker to reckon with
    return values if to_list is None else to_list()
