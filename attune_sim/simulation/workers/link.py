"""The link over which workers are sent what they need before they can serve an attempt."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.workers.worker import Slot


class Shipment(NamedTuple):
    """So many bytes for a slot. It is of no use where the worker has died since, or the request has gone."""

    slot: Slot
    size: float
    life: int
    request: Any

    @classmethod
    def to(cls, slot: Slot, size: float) -> Shipment:
        return cls(slot, size, slot.worker.failures, slot.request)

    @property
    def has_receiver(self) -> bool:
        return self.slot.worker.failures == self.life

    @property
    def is_awaited(self) -> bool:
        return self.has_receiver and self.slot.request is self.request


class Link:
    """The way from whoever sends contexts to the workers: one shipment after the other, at its bandwidth (bytes a second; None:
    all at once). What was sent arrives `delay_s` later, and is told to `arrived`.

    What is for a worker that has died meanwhile is not sent; what is under way then is sent to its end.
    """

    def __init__(
        self,
        timeline: VirtualTimeline,
        bandwidth: float | None,
        delay_s: float,
        arrived: Callable[[Slot], None],
    ) -> None:
        self._timeline, self._arrived = timeline, arrived
        self._bandwidth, self._delay_s = bandwidth, delay_s
        self._line: deque[Shipment] = deque()
        self._is_free = True

    def send(self, slot: Slot, size: float) -> None:
        """Send it when it has its turn. May tell that it has arrived before this returns, where that takes no time."""
        shipment = Shipment.to(slot, size)
        if self._bandwidth is None:
            slot.worker.shipped_bytes += size
            self._hand_over(shipment)
        else:
            self._line.append(shipment)
            self._next()

    def _next(self) -> None:
        while self._is_free and self._line:
            shipment = self._line.popleft()
            if shipment.has_receiver:
                self._is_free = False
                assert self._bandwidth is not None
                shipment.slot.worker.shipped_bytes += shipment.size
                sent = self._timeline.now() + shipment.size / self._bandwidth
                self._timeline.post(sent, self._sent, shipment)

    def _sent(self, shipment: Shipment) -> None:
        self._is_free = True
        self._hand_over(shipment)
        self._next()

    def _hand_over(self, shipment: Shipment) -> None:
        slot = shipment.slot
        if not shipment.is_awaited:
            return
        if self._delay_s:
            slot.entry = self._timeline.post(self._timeline.now() + self._delay_s, self._arrived, slot)
        else:
            self._arrived(slot)
