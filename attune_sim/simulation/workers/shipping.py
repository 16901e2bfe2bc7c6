"""What travels to a worker before it can serve an attempt, and the link over which it does."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple


class Cargo(NamedTuple):
    """What an attempt takes along. The bytes come from the price of a context strategy.

    `context` tells which context it is: attempts with the same one share it where it is shipped once a worker.
    """

    context: Hashable
    context_bytes: float
    """How long the context is on its way to a worker."""
    item_bytes: float = 0.0
    """... and what belongs to the attempt alone."""
    kept_bytes: float = 0.0
    """What the context takes in a worker's memory."""
    held_bytes: float = 0.0
    """What the worker holds for the attempt alone while it serves it."""


Freight = Callable[[Any], Cargo]
"""What the attempt of a request takes along."""


class Link:
    """The way from whoever sends contexts to the workers. What is sent over it goes one after the other, at its bandwidth
    (bytes a second; None: at once), and arrives `delay_s` later.

    >>> link = Link(100.0, 0.5)
    >>> link.send(0.0, 200.0), link.send(1.0, 100.0), link.send(9.0, 0.0)
    (2.5, 3.5, 9.5)
    """

    __slots__ = ("_bandwidth", "_delay_s", "_free_s")

    def __init__(self, bandwidth: float | None = None, delay_s: float = 0.0) -> None:
        self._bandwidth, self._delay_s = bandwidth, delay_s
        self._free_s = 0.0

    def send(self, now: float, size: float) -> float:
        """When it has arrived."""
        if self._bandwidth is None:
            return now + self._delay_s
        self._free_s = max(self._free_s, now) + size / self._bandwidth
        return self._free_s + self._delay_s
