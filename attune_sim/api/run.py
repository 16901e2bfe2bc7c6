"""The result of one run, as a notebook holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

from attune_sim.api.files import report_form, written
from attune_sim.engine.taskrun import Starts
from attune_sim.metrics import format_s
from attune_sim.probes.recorder import OUTCOMES, Recorder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.report import Summary


@dataclass(frozen=True)
class Run:
    """What a run came to.

    `status` is `succeeded`, `failed` or `cancelled`; `error` says in one line why it did not succeed; `output` is the
    workflow's result, `variables` what was published, `task_results` the result of each task, `task_starts` every
    attempt in order (`task` or `task[index]`), `warnings` what was left out. Frames: `tasks`, `items` (also `frame`);
    `plot_timeline()` draws them. `journal` is the path of its journal, if it had one; `masked(value)` is a value of the
    run with its secrets replaced, to be shown or written. Of a run that was taken up, `skipped` counts by task the attempts
    that had ended before and were not made again.
    """

    name: str
    status: str
    output: Any
    error: str | None
    variables: Mapping[str, Any] = field(repr=False)
    task_results: Mapping[str, Any] = field(repr=False)
    starts: Starts = field(repr=False)
    task_statuses: Mapping[str, str] = field(repr=False)
    warnings: tuple[str, ...] = ()
    wall_s: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    recorded: Recorder = field(default_factory=lambda: Recorder(lambda: 0.0), repr=False)
    surroundings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    journal: str | None = None
    masked: Callable[[Any], Any] = field(default=lambda value: value, repr=False)
    skipped: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def task_starts(self) -> list[str]:
        """`task` or `task[index]` for every attempt whose action was called, retries included, in order."""
        return list(self.starts)

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """One row a visit of a task: status, number of items, seconds since the start of the run."""
        from attune_sim.frame import tasks_frame

        return self._with_attrs(tasks_frame(self.recorded.task_columns()))

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row an item of a fan-out: outcome, attempts, times, and the reason if it did not succeed."""
        from attune_sim.frame import items_frame

        return self._with_attrs(items_frame(self.recorded.item_columns(), OUTCOMES, self.recorded.errors))

    @property
    def frame(self) -> pd.DataFrame:
        """The finest frame of a run: its items."""
        return self.items

    def summary(self) -> pd.DataFrame:
        """One row a fan-out and outcome: how many items, and their median times."""
        grouped = self.items.groupby(["task", "outcome"], sort=False)
        times = grouped[["fork_us", "render_us", "action_us"]].median()
        return times.assign(items=grouped.size()).reset_index()

    def plot_timeline(self, *, ax: Axes | None = None) -> Axes:
        """What ran when: a bar a task, and in that of a fan-out a line an item, coloured by outcome."""
        from attune_sim.plot import plot_timeline

        return plot_timeline(self.tasks, self.items, ax=ax)

    def report(self, path: str | PathLike[str]) -> str:
        """Write the run's report: HTML, or Markdown if the name ends in `.md`. Gives back the path.

        Raises InputError if the name ends otherwise than in `.html` or `.md`, or the file cannot be written.
        """
        from attune_sim.report import markdown, page

        form, findings = report_form(path), self.findings()
        return written(path, markdown(findings) if form == "markdown" else page(findings))

    def findings(self) -> Summary:
        """What the report says, before it has a form: texts, tables and remarks."""
        from attune_sim.report import run_summary

        return run_summary(
            self.name, self.status, self.error, self.tasks, self.items, self.warnings, self.surroundings
        )

    def _with_attrs(self, frame: pd.DataFrame) -> pd.DataFrame:
        frame.attrs.update(run=self.name, status=self.status, surroundings=dict(self.surroundings))
        return frame

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.report import fragment

        return {"text/plain": repr(self), "text/html": fragment(self.findings())}

    def __repr__(self) -> str:
        reason = f" ({self.error})" if self.error else ""
        return (
            f"<Run {self.name!r}: {self.status}{reason} in {format_s(self.wall_s)}"
            f"{items_line(self.counts)}; see .output .tasks .items .plot_timeline() .report(path)>"
        )


def items_line(counts: Mapping[str, int]) -> str:
    """`, 940 of 1,000 items succeeded, 40 failed, 20 timed out`; empty for a run without fan-out."""
    done = counts.get("done", 0)
    if not done:
        return ""
    failed, late = counts.get("failed", 0), counts.get("timed_out", 0)
    parts = [f", {counts.get('succeeded', done - failed - late):,} of {done:,} items succeeded"]
    parts += [f"{failed:,} failed"] if failed else []
    parts += [f"{late:,} timed out"] if late else []
    return ", ".join(parts)
