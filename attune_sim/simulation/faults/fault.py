"""What a fault is: it looks at how an attempt would end, and may let it end otherwise."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, ClassVar, Final, NamedTuple, Protocol

from attune_sim.errors import InputError
from attune_sim.executors.fates import Fated
from attune_sim.simulation.models import Model
from attune_sim.simulation.visits import Visit

Meets = Callable[[int, int, float, Fated], Fated]
"""The fate of an attempt (from 0) at a slot that begins at this moment, from the fate that it would have had."""

THEN: Final = ("fail", "hang")


class Foreseen(NamedTuple):
    """What a fault does to the first attempts of a visit, whenever they begin: which slots of a block are hit, and how these end."""

    hits: Callable[[int], list[bool]]
    end: Callable[[Fated], Fated]


class Trouble(Protocol):
    """A fault in one simulation: it knows what has happened so far."""

    def over(self, visit: Visit) -> Meets:
        """What it does to the attempts of a visit."""

    def foreseen(self, visit: Visit) -> Foreseen | None:
        """The same of first attempts, for a fault that does not look at the moment (None: it does)."""
        return None


class Fault(Model):
    """The base of the faults in this folder: frozen, picklable, with a text that can be typed."""

    what: ClassVar[str] = "fault"

    def begun(self, seed: int, number: int) -> Trouble:
        """The fault in one simulation, as number `number` (from 0) of its faults."""
        raise NotImplementedError

    def require_share(self, share: Any) -> None:
        """Raises InputError for what is no part of all, or none of it."""
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            self.refuse(f"share must be above 0 and at most 1 (100%), not {share!r}")

    def require_time(self, **times: Any) -> None:
        """Raises InputError for a time that is zero or less, or no number."""
        for name, value in times.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
                self.refuse(f"{name} must be a number of seconds above 0, not {value!r}")

    def __repr__(self) -> str:
        return f"<Fault {self.text}>"


def ending(then: str, visit: Visit, fault: Fault) -> Callable[[Fated], Fated]:
    """How an attempt ends that a fault hits: it fails after the time that it would have taken, or hangs until its timeout.

    Raises InputError where it would hang for ever.
    """
    reason = f"simulated: {fault.text}"
    if then == "fail":
        return lambda fate: ("failed", None, reason, fate[3])
    if visit.offer.timeout is None:
        raise InputError(
            f"fault {fault.text}: attempts of task {visit.offer.task!r} would hang for ever; give the task a timeout, or "
            "write then=fail"
        )
    hanging: Fated = ("failed", None, reason, inf)
    return lambda fate: hanging
