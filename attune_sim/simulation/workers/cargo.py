"""What an attempt takes along to the worker that serves it."""

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
