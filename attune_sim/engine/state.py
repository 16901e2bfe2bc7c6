"""What a run has come to: its context, how its tasks ended, what was left out."""

from __future__ import annotations

from typing import Any

import immutables

from attune_sim.contexts.strategy import Context
from attune_sim.display import Displayed
from attune_sim.engine.taskrun import Starts
from attune_sim.scope import Ended, TaskEnd


class RunState(Displayed):
    """The growing state of one run. `status` is None while it goes on.

    `output` is the run's result when it succeeded, `result` the same or `{error, succeeded: false}`; `error` says in
    one line why it did not succeed. `last` is what `result()` and `succeeded()` mean now. `failed` maps the tasks that
    failed unhandled to their reasons.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.status: str | None = None
        self.output: Any = None
        self.result: Any = None
        self.error: str | None = None
        self.last = Ended(tasks=immutables.Map())
        self.task_results: dict[str, Any] = {}
        self.failed: dict[str, str] = {}
        self.warnings: list[str] = []
        self.starts = Starts()

    @property
    def variables(self) -> dict[str, Any]:
        """The variables, as a plain dict."""
        return dict(self.context.resolve("workflow"))

    @property
    def task_statuses(self) -> dict[str, str]:
        """How each task that ended has ended, by name, in the order of their first end."""
        return {name: self.last.tasks[name].status for name in self.task_results}

    @property
    def task_starts(self) -> list[str]:
        """`task` or `task[index]` for every attempt, retries included, in order."""
        return list(self.starts)

    def end_task(self, name: str, end: TaskEnd, view: Any) -> None:
        tasks: Any = self.last.tasks
        self.last = Ended(view, end.status, tasks.set(name, end), name)
        self.task_results[name] = view

    @property
    def progress(self) -> str:
        """In a few words how far it is."""
        return f"{self.status or 'going on'}, {len(self.task_results)} task(s) ended"

    def __repr__(self) -> str:
        return f"<RunState: {self.progress}>"
