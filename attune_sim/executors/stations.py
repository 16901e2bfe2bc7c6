"""Where simulated attempts are served: the seam between the performer and a pool of workers."""

from __future__ import annotations

from typing import Protocol

from attune_sim.engine.events import StartAction


class Request(Protocol):
    """An attempt that asks to be served. The station calls `begun`, then either `ended` or `lost`, each at a moment of the timeline, and
    none of them while it is in `request` or `withdraw`."""

    command: StartAction
    cycle: int
    queued_s: float
    """When it asked."""

    def begun(self, now: float, worker: int) -> float:
        """It is served from now on, by the worker of this number (from 0): for how many seconds is answered."""

    def ended(self, now: float) -> None:
        """Its service is over."""

    def lost(self, now: float) -> None:
        """Its worker died before that: the attempt is made again, and this request is over."""


class Stations(Protocol):
    """Serves requests, as many at once as it has slots for."""

    def request(self, request: Request) -> None:
        """Take it on. Tells nothing before it returns: what can be served at once is begun by a call at this moment of the timeline."""

    def withdraw(self, request: Request) -> None:
        """Give it up, waiting or served; nothing more is told of it."""
