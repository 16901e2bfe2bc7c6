"""The workers of a simulation with all that they need to know, in one description that can be sent to another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attune_sim.errors import InputError
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.workers.cargo import Freight
from attune_sim.simulation.workers.disciplines import Expected
from attune_sim.simulation.workers.pool import Pool
from attune_sim.simulation.workers.setting import Workers


@dataclass(frozen=True)
class Crew:
    """Workers, the `freight` that attempts take along (None: nothing travels, and what workers hold is not known), and how many
    seconds one is `expected` to take, which the discipline `shortest` needs. It is what a `Setting` has as its `stations`.

    >>> Crew(Workers(2)).opened(VirtualTimeline(), seed=0)
    <Pool of 2: 0 waiting, 0 in service>
    >>> Crew(Workers(2, discipline="shortest"))
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: workers: for the discipline shortest it must be known how long attempts are expected to take; choose another, or give a latency
    """

    workers: Workers
    freight: Freight | None = None
    expected: Expected | None = None

    def __post_init__(self) -> None:
        if self.workers.discipline == "shortest" and self.expected is None:
            raise InputError(
                "workers: for the discipline shortest it must be known how long attempts are expected to take; "
                "choose another, or give a latency"
            )

    def opened(self, timeline: VirtualTimeline, seed: int) -> Pool:
        """The pool of one simulation."""
        return Pool(self.workers, timeline, seed=seed, freight=self.freight, expected=self.expected)


@dataclass(frozen=True)
class MeanOfTask:
    """Expects of every attempt the mean of its task, in seconds: what a scheduler knows beforehand. 0 of a task without one."""

    means: Mapping[str, float]

    def __call__(self, request: Any) -> float:
        return self.means.get(request.command.task, 0.0)
