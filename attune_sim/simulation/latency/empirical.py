"""`empirical`: as long as attempts took that were recorded, each as likely as any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from attune_sim.errors import InputError, counted
from attune_sim.metrics import format_s
from attune_sim.simulation.latency.model import Draws, LatencyModel

MOST: Final = 10_000
"""Durations that are kept; of more, as many that stand as far apart in their order."""

_LISTED: Final = 12


@dataclass(frozen=True, repr=False)
class Empirical(LatencyModel):
    """One of `durations_s`, which are in seconds and in order.

    >>> Empirical.of([0.3, 0.1, 0.2])
    <Latency empirical(100ms, 200ms, 300ms): mean 200 ms>
    """

    name = "empirical"
    example = "empirical(70ms, 80ms, 1.2s)"

    durations_s: tuple[float, ...]

    @classmethod
    def of(cls, durations_s: Iterable[float]) -> Empirical:
        """From durations in any order. Raises InputError if there are none, or one is not above 0."""
        try:
            ordered = np.sort(np.asarray(list(durations_s), dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise InputError(f"latency empirical: durations are numbers of seconds: {error}") from None
        if len(ordered) > MOST:
            ordered = ordered[((np.arange(MOST) + 0.5) * len(ordered) / MOST).astype(np.intp)]
        return cls(tuple(ordered.tolist()))

    def check(self) -> None:
        if not self.durations_s:
            self.refuse("there are no durations")
        self.require_positive(**{"the shortest duration": self.durations_s[0]})
        self.require_positive(**{"the longest duration": self.durations_s[-1]})

    @property
    def text(self) -> str:
        """As it can be typed, if there are few; else what they are."""
        if len(self.durations_s) <= _LISTED:
            return super().text
        least, most = format_s(self.durations_s[0]), format_s(self.durations_s[-1])
        return f"empirical({counted(len(self.durations_s), 'duration')} from {least} to {most})"

    @cached_property
    def _values(self) -> Draws:
        return np.asarray(self.durations_s, dtype=np.float64)

    @property
    def mean_s(self) -> float:
        return float(self._values.mean())

    @property
    def variation(self) -> float:
        return float(self._values.std()) / self.mean_s

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        return self._values[rng.integers(0, len(self._values), n)]
