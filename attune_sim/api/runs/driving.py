"""One run on its way: its session, its watch, and the `Run` that it becomes."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

from attune_sim import __version__
from attune_sim.api.runs.run import Run, items_line
from attune_sim.api.stopped import stopped
from attune_sim.errors import JournalError
from attune_sim.executors.dask.ledger import Ledger
from attune_sim.executors.timeline import RealTimeline
from attune_sim.journal.file import Journal
from attune_sim.probes.recorder import Recorder
from attune_sim.session import Session


class LiveRun:
    """A session, its watch and its clock, up to the `Run` that it becomes."""

    def __init__(
        self, session: Session, recorder: Recorder, timeline: RealTimeline, ledger: Ledger | None = None
    ) -> None:
        self.session, self.recorder, self.timeline = session, recorder, timeline
        self.ledger = ledger
        self._began = time.perf_counter()
        self._wall_s = 0.0

    def finish(self, *, told_again: bool = False) -> None:
        """Called when the executor has brought the run to its end; `told_again` if it had ended before."""
        self._wall_s = time.perf_counter() - self._began
        if not told_again:
            self.session.close()

    def result(self) -> Run:
        """The run; raises `Interrupted`, which holds it, if it was stopped, though it may have come to its end."""
        run = self.run()
        if self.timeline.interrupts.requested:
            said = "was stopped" if run.status == "cancelled" else f"{run.status} before it could be stopped"
            raise stopped(f"{run.name} {said}{items_line(run.counts)}", run)
        return run

    def run(self) -> Run:
        session, state = self.session, self.session.state
        return Run(
            name=session.spec.name,
            status=str(state.status),
            output=state.output,
            error=state.error,
            parameters=session.spec.parameters,
            variables=state.variables,
            task_results=state.task_results,
            starts=state.starts,
            task_statuses=state.task_statuses,
            warnings=tuple(state.warnings),
            wall_s=self._wall_s,
            counts=self.recorder.counts(),
            recorded=self.recorder,
            surroundings=self._surroundings(),
            journal=None if session.journal is None else str(session.journal.path),
            masked=session.secrets.shown,
            workflow=session.spec.workflow,
            accounts=() if self.ledger is None else tuple(self.ledger.rows()),
        )

    def _surroundings(self) -> dict[str, Any]:
        spec = self.session.spec
        return {
            "attune_sim": __version__,
            "python": platform.python_version(),
            "platform": sys.platform,
            "started": spec.started_at,
            "dispatch": spec.dispatch,
            "strategy": spec.strategy_name,
            "seed": spec.seed,
            "workflow": spec.workflow.digest,
        }


@contextmanager
def new_journal(path: str | PathLike[str] | None) -> Iterator[Journal | None]:
    """The journal of a new run, closed behind the block; None for no path. One in which no run has begun is taken away."""
    if path is None:
        yield None
        return
    journal = Journal(path, clock=time.monotonic)
    try:
        if not journal.empty:
            raise JournalError(
                f"{path}: holds a run already; take it up with at.resume({str(path)!r}) or attune-sim resume, or give "
                "another path"
            )
        yield journal
    finally:
        journal.close()
        if journal.empty:
            journal.path.unlink(missing_ok=True)
