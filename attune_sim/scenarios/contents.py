"""What lies in a context beside what a workload's own tasks leave there, and how it is made to have a given size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from attune_sim.runspec import History

LEAST: Final = 100
"""Bytes below which no finished result is made up: some shapes have no value of 3 to 12 bytes."""

_SMALL: Final = 500
"""Bytes below which the results of a history are not shrunk: there are fewer of them instead."""

_LEAST_BALLAST: Final = 5 * LEAST  # variables are five values


@dataclass(frozen=True, slots=True)
class Ballast:
    """What else lies in the context: variables and parameters that no item reads, in bytes of JSON, and their shape."""

    variables: int = 0
    parameters: int = 0
    payload: str = "records"

    @property
    def bytes(self) -> int:
        return self.variables + self.parameters

    def scaled(self, factor: float) -> Ballast:
        """So many times as much of each; what would be too small to be made is left out."""
        variables, parameters = (_worth(size * factor) for size in (self.variables, self.parameters))
        return replace(self, variables=variables, parameters=parameters)

    def grown(self, bytes: int) -> Ballast:
        """So many bytes more (or less, below 0) of one of them."""
        if self.variables:
            return replace(self, variables=self.variables + bytes)
        return replace(self, parameters=self.parameters + bytes)


def _worth(bytes: float) -> int:
    return round(bytes) if bytes >= _LEAST_BALLAST else 0


Measure = Callable[[History, Ballast], int]
"""Bytes of the whole context with such contents."""


def natural_bytes(history: History, ballast: Ballast, measure: Measure) -> int:
    """Bytes of what is there without any of them: what a workload cannot do without."""
    return measure(_none(history), replace(ballast, variables=0, parameters=0))


def fitted(history: History, ballast: Ballast, wanted: int, measure: Measure) -> tuple[History, Ballast]:
    """History and ballast, scaled together, with which the whole context has exactly `wanted` bytes.

    These are the natural ones, or at least `LEAST` more. The history takes what the rounding of the ballast leaves; without
    a history the ballast does, and where there is neither, a history is made.
    """
    natural, whole = natural_bytes(history, ballast, measure), measure(history, ballast)
    ballast = ballast.scaled(0.0 if whole == natural else (wanted - natural) / (whole - natural))
    none = _none(history)
    rest = wanted - measure(none, ballast)
    if ballast.bytes and (rest < LEAST or not history.tasks):
        return none, ballast.grown(rest)
    return spread(history, rest), ballast


def spread(history: History, bytes: int) -> History:
    """As many finished results as there are (else the usual hundred), with so many bytes in all; fewer where each would
    have less than 500 bytes, and less than it had.

    >>> spread(History(tasks=100, bytes_each=10_000), 1_000_050)
    History(tasks=100, bytes_each=10000, payload='records', over=50)
    >>> spread(History(tasks=100, bytes_each=10_000), 5_000).tasks
    10
    """
    usual = history.tasks or History().tasks
    least = max(LEAST, min(_SMALL, history.bytes_each))
    tasks = min(usual, max(1, bytes // least)) if bytes else 0
    each, over = divmod(bytes, tasks) if tasks else (history.bytes_each, 0)
    return replace(history, tasks=tasks, bytes_each=each, over=over)


def _none(history: History) -> History:
    return replace(history, tasks=0, over=0)
