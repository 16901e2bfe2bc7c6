"""The run of a cell, made ready: the same for whoever measures it, and what of it is looked at afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from attune_sim.actions.registry import actions_of
from attune_sim.engine.offer import Offer
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.limits import MemoryLimit
from attune_sim.experiment.spec import CellSpec
from attune_sim.probes.process import ProcessMemory
from attune_sim.recording.attendance import Attendance, Attendant
from attune_sim.session import Session, session_of


class LargestFanOut:
    """An observer that keeps the offer of the largest fan-out, to fork more of it later; None if nothing fanned out."""

    def __init__(self) -> None:
        self.offer: Offer | None = None

    def fan_out_opened(self, offer: Offer) -> None:
        largest = 0 if self.offer is None else len(self.offer.items)
        if not offer.plain and len(offer.items) > largest:
            self.offer = offer


def session_of_cell(
    spec: CellSpec,
    extra: Mapping[str, Any],
    actions: Mapping[str, Callable[..., Any]],
    observers: Iterable[object],
) -> Session:
    """The session of a cell's run; `extra` are parameters that real parts gave."""
    run = spec.workload.spec(extra, strategy=spec.strategy, dispatch=spec.dispatch)
    return session_of(run, dict(actions), observers=observers)


class AttendedRun:
    """A cell's run with an attendant, unmeasured and under its limit on memory; `observers` watch it too."""

    def __init__(self, spec: CellSpec, attendant: Attendant, observers: Iterable[object] = ()) -> None:
        self._attendance, self._actions = Attendance(attendant), actions_of(spec.all_actions)
        self._spec = spec
        self.session = session_of_cell(spec, {}, self._attendance.actions(self._actions), observers)

    def drive(self) -> None:
        """To its end. Raises what escapes the run: what the attendant raised is among it."""
        job = replace(self.session.job, steps=self._attendance.steps(self.session.job.steps))
        limit = MemoryLimit(self._spec.memory_limit_bytes)
        with self._actions.closed():
            limit.set(ProcessMemory().address_space())
            try:
                executor_named(self._spec.executor_here).run(job, RealTimeline())
            finally:
                limit.lift()
