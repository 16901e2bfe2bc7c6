"""How attempts end where nothing is called: the seam between who performs in virtual time and who knows what will happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from attune_sim.engine.events import Outcome, StartAction
from attune_sim.engine.offer import Offer


class Fate(NamedTuple):
    """How an attempt will end, and after how many seconds of service. A bare tuple of these four will do as well.

    `error` is the reason where it does not succeed; `result` None stands for `{"error": reason}` there.
    """

    outcome: Outcome = "succeeded"
    result: Any = None
    error: str | None = None
    duration: float = 1.0


Fated = tuple[Outcome, Any, str | None, float]
"""A `Fate`, or a tuple like one: a NamedTuple takes three times as long to make, and there is one an attempt."""

FateOf = Callable[[StartAction, float, Mapping[str, Any], int], Fated]
"""The fate of an attempt that begins at this moment of run time, with this rendered input, served by the worker of this
number (-1: no workers are simulated)."""


class Fates(Protocol):
    """Who decides how attempts end.

    Draws are keyed by (seed, cycle, task, visit, attempt) and indexed by slot, never by the order of events, so that two
    settings meet the same fates. A duration is 0 or more, and may be infinite only where the offer has a timeout.
    """

    def open(self, offer: Offer, cycle: int) -> FateOf:
        """Called once a fan-out or plain task, before its first attempt; what it gives decides for each of its attempts."""

    def unprepared(self, command: StartAction, cycle: int) -> float:
        """After how many seconds an attempt ends whose context cannot be forked, or whose input cannot be rendered."""
        return 0.0


class Foretold(Fates):
    """What one function of the command says: whatever the moment, the input and the worker.

    `unprepared` says after how many seconds an attempt ends that cannot be prepared (None: at once).
    """

    def __init__(
        self,
        foretell: Callable[[StartAction], Fated],
        unprepared: Callable[[StartAction], float] | None = None,
    ) -> None:
        self._foretell, self._unprepared = foretell, unprepared

    def open(self, offer: Offer, cycle: int) -> FateOf:
        foretell = self._foretell
        return lambda command, now, input, worker: foretell(command)

    def unprepared(self, command: StartAction, cycle: int) -> float:
        return 0.0 if self._unprepared is None else self._unprepared(command)
