"""When cycles are due: what is described in a setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Schedule(Protocol):
    """Describes when cycles are due: frozen and picklable. All draws follow from the seed."""

    def moments(self, duration_s: float, seed: int) -> Iterator[float]:
        """The moments in seconds, from 0 on and before `duration_s`, in order."""
