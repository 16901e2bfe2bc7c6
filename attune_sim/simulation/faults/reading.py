"""Faults from what a person gives: texts or models; for all tasks, or for some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from attune_sim.errors import InputError, UnknownNameError
from attune_sim.simulation.calls import of_task
from attune_sim.simulation.faults.failing import Failing
from attune_sim.simulation.faults.fault import Fault
from attune_sim.simulation.faults.outages import Outages
from attune_sim.simulation.faults.rate_limit import RateLimit
from attune_sim.simulation.models import read_model

FAULTS: Final[tuple[type[Fault], ...]] = (Failing, Outages, RateLimit)
"""The faults that can be typed, in the order in which they are listed."""

FaultSource: TypeAlias = "Fault | str"
FaultsSource: TypeAlias = (
    "FaultSource | Sequence[FaultSource] | Mapping[str, FaultSource | Sequence[FaultSource]] | None"
)


def read_fault(source: FaultSource, what: str = "fault") -> Fault:
    """A fault from its text; a fault as it is.

    Raises:
        InputError: no fault can be made of it; says what to write.

    >>> read_fault("outages(2h, 5min, share=20%)")
    <Fault outages(2h, 5min, share=20%)>
    >>> read_fault("failing")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: fault failing: share is missing; write for example failing(2%, then=fail, per=attempt)
    """
    return source if isinstance(source, Fault) else read_model(source, FAULTS, what)


@dataclass(frozen=True)
class Faults:
    """Faults in the order in which they meet an attempt, each of one task, or of all (empty)."""

    of_tasks: tuple[tuple[str, Fault], ...] = ()

    def require_tasks(self, known: Iterable[str]) -> None:
        """Raises UnknownNameError for a task that is not among those that there are."""
        names = list(known)
        for task, _ in self.of_tasks:
            if task and task not in names:
                raise UnknownNameError("task", task, names)

    @property
    def text(self) -> str:
        """As it can be typed, separated by `; `."""
        return "; ".join(f"{task}={fault.text}" if task else fault.text for task, fault in self.of_tasks)

    def __repr__(self) -> str:
        return f"<Faults {self.text or 'of nothing'}>"


def read_faults(source: FaultsSource) -> Faults:
    """Faults of tasks: one or several for all, a mapping of task to them, or texts of which each may begin with `TASK=`.

    In a mapping `""` is for all tasks. Raises InputError as `read_fault` does.

    >>> read_faults(["rate_limit(50/s)", "check=failing(2%)"])
    <Faults rate_limit(50/s); check=failing(2%)>
    """
    if isinstance(source, Mapping):
        pairs = [(task, one) for task, some in source.items() for one in _listed(some)]
    else:
        pairs = [of_task(one) if isinstance(one, str) else ("", one) for one in _listed(source)]
    return Faults(
        tuple((task, read_fault(one, f"fault of task {task!r}" if task else "fault")) for task, one in pairs)
    )


def _listed(source: FaultSource | Sequence[FaultSource] | None) -> Sequence[FaultSource]:
    if source is None:
        return ()
    if isinstance(source, str | Fault):
        return (source,)
    if not isinstance(source, Sequence):
        raise InputError(f"faults are texts or models, not {type(source).__name__} {source!r:.40}")
    return source
