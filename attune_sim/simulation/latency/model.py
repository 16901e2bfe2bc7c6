"""What a latency is: how long an attempt takes from the call of its action to its end, in seconds, drawn at random."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from attune_sim.metrics import format_s
from attune_sim.simulation.models import Model

Draws = NDArray[np.float64]

SHORTEST_S: Final = 1e-9
LONGEST_S: Final = 1e9
"""What a draw is held between: nothing ends before it began, and thirty years are as good as for ever."""


@runtime_checkable
class Latency(Protocol):
    """How long attempts take. Frozen, picklable, and with a text that can be typed.

    `mean_s` is the mean of what is drawn, infinite where there is none. The first draws of a generator are the same, however
    many are drawn: what an item meets does not depend on how many items there are.
    """

    @property
    def mean_s(self) -> float:
        """The mean, in seconds."""

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        """`n` latencies in seconds, all above 0."""

    @property
    def text(self) -> str:
        """As it can be typed: `lognormal(80ms, 0.8)`."""


class LatencyModel(Model):
    """The base of the models in this folder."""

    what: ClassVar[str] = "latency"

    if TYPE_CHECKING:  # a property that is there would be taken for the default of a field of this name

        @property
        def mean_s(self) -> float: ...

    @property
    def variation(self) -> float | None:
        """The standard deviation over the mean; infinite where there is none, None of a model of which it is not known."""
        return None

    def draws(self, rng: np.random.Generator, n: int) -> Draws:
        raise NotImplementedError

    def require_positive(self, **times: Any) -> None:
        """Raises InputError for a time that is zero or less, or no number."""
        for name, value in times.items():
            if not _is_number(value) or not SHORTEST_S <= value <= LONGEST_S:
                self.refuse(f"{name} must be a number of seconds above 0, not {value!r}")

    def require_between(self, name: str, value: Any, least: float, most: float) -> None:
        """Raises InputError for a number that is out of bounds, or none."""
        if not _is_number(value) or not least <= value <= most:
            self.refuse(f"{name} must be a number from {least:g} to {most:g}, not {value!r}")

    def require_latency(self, base: Any) -> None:
        """Raises InputError for what is no latency."""
        if not isinstance(base, Latency):
            self.refuse(f"base must be a latency, not {base!r:.60}")

    def __repr__(self) -> str:
        mean = self.mean_s
        return f"<Latency {self.text}: {'no mean' if mean == inf else f'mean {format_s(mean)}'}>"


def held(draws: Draws) -> Draws:
    """Draws between the shortest and the longest time."""
    return np.clip(draws, SHORTEST_S, LONGEST_S)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
