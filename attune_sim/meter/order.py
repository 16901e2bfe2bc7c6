"""What the meter is to take, as it travels to a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.executors.timeline import RealTimeline
from attune_sim.recording.file import Recording
from attune_sim.runspec import Dispatch, RunSpec
from attune_sim.scenarios.workload import Workload

Kind = Literal["timed", "held", "crossed", "beside"]
"""Times are taken in one process, memory in another: a watch costs memory, and pages that are new cost time. What is read in runs
that instruments read too has processes of its own: item by item in turns (`crossed`), or the same forks (`beside`)."""

NO_INSTRUMENTS: Final = "nothing to read beside: give the order instruments"


class Instruments(Protocol):
    """What reads a run that the meter drives and reads too. Whose they are, and how they read, it does not know."""

    @property
    def observers(self) -> Sequence[object]:
        """What observes the run."""

    def paid_fork_us(self) -> float | None:
        """What a fork of the run took that has just ended, in microseconds; None where that cannot be told."""

    def item_times(self) -> Mapping[str, Sequence[float]]:
        """By figure what each item of its largest fan-out took, in microseconds, by index; NaN of one that did not end with its first
        attempt."""

    def close(self) -> None:
        """Read nothing more."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One cell to meter. `extra` are parameters that real parts gave; what can only be called for real answers from a `recording`; `instruments` are made for the timeline of
    a run that they read beside the meter; `seconds` is about how long each figure may take,
    beside the runs themselves; nothing takes more than `memory_limit_bytes`."""

    workload: Workload
    strategy: type[ContextStrategy]
    dispatch: Dispatch = "eager"
    executor: str = "inline"
    real: bool = False
    actions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    recording: Recording | None = None
    instruments: Callable[[RealTimeline], Instruments] | None = None
    memory_limit_bytes: int = 2**31
    seconds: float = 1.5

    @property
    def spec(self) -> RunSpec:
        """The description of the run."""
        return self.workload.spec(self.extra, strategy=self.strategy, dispatch=self.dispatch)

    @property
    def all_actions(self) -> dict[str, Callable[..., Any]]:
        """The workload's actions (replayed or real), each as if never called before, then those that were given."""
        return {**self.workload.actions(self.real, self.recording), **self.actions}
