"""What an attempt takes along to the worker that serves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Cargo(NamedTuple):
    """What an attempt takes along, in bytes. They come from the price of a context strategy.

    Attempts of one fan-out share its context where it is shipped once a worker.
    """

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
