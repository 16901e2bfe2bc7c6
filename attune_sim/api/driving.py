"""One run on its way: its journal, its watch, and the `Run` that it becomes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

from attune_sim.api.run import Run
from attune_sim.engine.definition import fingerprint
from attune_sim.engine.journal import Journal
from attune_sim.engine.runner import Runner
from attune_sim.errors import JournalError
from attune_sim.probes.recorder import Recorder
from attune_sim.scenarios.named import NAMES
from attune_sim.scenarios.workload import Workload


class Drive:
    """One run, its watch and its clock."""

    def __init__(self, name: str, seed: int, runner: Runner, recorder: Recorder) -> None:
        self.name, self.seed = name, seed
        self.runner, self.recorder = runner, recorder
        self.began = time.perf_counter()
        self.wall_s = 0.0

    def finish(self, *, told_again: bool = False) -> None:
        """Called when the executor has brought the run to its end; `told_again` if it had ended before."""
        self.wall_s = time.perf_counter() - self.began
        if self.runner.journal is not None and not told_again:
            self.runner.journal.ended(str(self.runner.state.status))

    def run(self) -> Run:
        state, totals = self.runner.state, self.recorder.totals()
        outcomes = (code for columns in self.recorder.items for code in columns.outcome)
        return Run(
            name=self.name,
            status=str(state.status),
            output=state.output,
            error=state.error,
            variables=state.variables,
            task_results=state.task_results,
            task_starts=state.task_starts,
            task_statuses=state.task_statuses,
            warnings=tuple(state.warnings),
            wall_s=self.wall_s,
            counts={
                "done": totals.done,
                "succeeded": sum(code == 1 for code in outcomes),
                "failed": totals.failed,
                "timed_out": totals.timed_out,
            },
            task_columns=self.recorder.task_columns(),
            item_columns=self.recorder.item_columns(),
            surroundings=self._surroundings(),
            journal=None if self.runner.journal is None else str(self.runner.journal.path),
            masked=self.runner.secrets.shown,
        )

    def _surroundings(self) -> dict[str, Any]:
        import platform
        import sys

        from attune_sim import __version__

        return {
            "attune_sim": __version__,
            "python": platform.python_version(),
            "platform": sys.platform,
            "strategy": self.runner.strategy.name,
            "seed": self.seed,
            "workflow": self.runner.workflow.digest,
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


def facts_of(workload: Workload, parts: Mapping[str, Any], executor: str) -> dict[str, Any]:
    """What a journal has to say of a workload, so that it can be made again."""
    definition = workload.options.get("definition", workload.workflow)
    scenario = workload.name if workload.name in NAMES and "definition" not in workload.options else None
    script = workload.options.get("script")
    file = Path(definition.source).resolve() if definition.source else None
    return {
        "name": workload.name,
        "seed": workload.seed,
        "executor": executor,
        "history": asdict(workload.history),
        "variables": workload.variables(),
        "file": {"name": definition.name, "path": str(file), "fingerprint": fingerprint(definition)}
        if file is not None and scenario is None
        else None,
        "scenario": None
        if scenario is None
        else {"name": scenario, "items": workload.items, "options": _scalars(workload.options)},
        "parts": dict(parts),
        "script": None if script is None else {"actions": script.as_dict()["actions"]},
    }


def _scalars(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in options.items() if isinstance(value, str | int | float | bool | None)
    }
