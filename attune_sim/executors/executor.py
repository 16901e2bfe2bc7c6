"""Driving a job to its end in real time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attune_sim.engine.events import EndRun
from attune_sim.executors.drive import Drive, Job, Performer
from attune_sim.executors.timeline import RealTimeline


@dataclass(frozen=True, slots=True)
class Executor:
    """Drives one job after the other in real time; what actions raise becomes outcomes, never an exception here."""

    name: str
    about: str
    performer: Callable[..., Performer]

    def run(self, job: Job, timeline: RealTimeline | None = None, **options: Any) -> EndRun:
        """Drive a run to its end. `timeline` is where its times come from (None: a new one)."""
        timeline = timeline or RealTimeline()
        return Drive(job, timeline, self.performer(timeline, **options)).run()

    def __repr__(self) -> str:
        return f"<executor {self.name}: {self.about}>"
