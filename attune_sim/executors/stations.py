"""Where simulated attempts are served: the seam between the performer and a pool of workers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from attune_sim.engine.events import StartAction


class Request(Protocol):
    """An attempt that asks to be served. The station calls `begun`, then `ended` or `lost`, at moments of the timeline."""

    command: StartAction
    cycle: int
    queued_s: float
    """When it asked."""

    @property
    def context(self) -> Hashable:
        """Names the fan-out that it belongs to, of this cycle: what a worker was sent for it can be kept until it is closed."""

    def begun(self, now: float, worker: int) -> float:
        """It is served from now on, by the worker of this number (from 0): for how many seconds is answered."""

    def ended(self, now: float) -> None:
        """Its service is over."""

    def lost(self, now: float) -> None:
        """Its worker died before that: the attempt is made again, and this request is over."""


class Stations(Protocol):
    """Serves requests, as many at once as it has slots for."""

    def request(self, request: Request) -> None:
        """Take it on. Its service may begin before this returns; its end comes later."""

    def withdraw(self, request: Request) -> None:
        """Give it up, waiting or served; nothing more is told of it."""

    def close(self, context: Hashable) -> None:
        """No more requests come from this fan-out."""
