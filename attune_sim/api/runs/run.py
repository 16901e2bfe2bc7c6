"""The result of one run, as a notebook holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.notebook import file_shown
from attune_sim.api.showing.written import written
from attune_sim.engine.taskrun import Starts
from attune_sim.errors import shortened
from attune_sim.files import write
from attune_sim.metrics import format_s
from attune_sim.probes.failures import Failure
from attune_sim.probes.recorder import OUTCOMES, Recorder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.reports import Section, Summary
    from attune_sim.workflow import Workflow


@dataclass(frozen=True)
class Run:
    """What a run came to.

    `status` is `succeeded`, `failed` or `cancelled`; `error` says in one line why it did not succeed; `output` is the
    workflow's result, `parameters` what it was given, `variables` what was published, `task_results` the result of each task,
    `task_starts` every attempt in order (`task` or `task[index]`), `warnings` what was left out. Frames: `tasks`, `items`
    (also `frame`), `attempts`, and `failures`, grouped by reason;
    `plot_timeline()` draws them. `transfers` and `workers` tell of the workers of a cluster, whose rows are in `accounts`. `kept` tells where the results of large fan-outs
    lie, and `kept_results(task)` reads them. `journal` is the path of its journal, if it had one; `masked(value)` is a value of the
    run with its secrets replaced, to be shown or written; `masked(value, path)` one of the place `path` (`parameters`). Of a
    run that was taken up, `skipped` counts by task the attempts that had ended before and were not made again.

    >>> import attune_sim as at
    >>> text = '''
    ... version: 1.0.0
    ... tasks:
    ...   - {name: double, action: my.double, with_items: "{{ range(3) }}", input: {n: "{{ item }}"}}
    ... '''
    >>> run = at.run(text, actions={"my.double": lambda n: 2 * n})
    >>> run.status, run.task_results["double"]["results"], len(run.items)
    ('succeeded', [0, 2, 4], 3)
    """

    name: str
    status: str
    output: Any
    error: str | None
    parameters: Mapping[str, Any] = field(repr=False)
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
    masked: Callable[..., Any] = field(default=lambda value, path="": value, repr=False)
    skipped: Mapping[str, int] = field(default_factory=dict)
    workflow: Workflow | None = field(default=None, repr=False)
    accounts: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @cached_property
    def task_starts(self) -> list[str]:
        """`task` or `task[index]` for every attempt whose action was called, retries included, in order."""
        return list(self.starts)

    @cached_property
    @readable
    def tasks(self) -> pd.DataFrame:
        """One row a visit of a task: status, number of items, seconds since the start of the run."""
        from attune_sim.frame import tasks_frame

        columns = self.recorded.task_columns()
        columns["file"] = [None if file is None else file_shown(file) for file in columns["file"]]
        return self._with_attrs(tasks_frame(columns))

    @cached_property
    @readable
    def items(self) -> pd.DataFrame:
        """One row an item of a fan-out: outcome, attempts, times, and the reason if it did not succeed."""
        from attune_sim.frame import items_frame

        recorded = self.recorded
        places = {key: (file_shown(raised.file), raised.line) for key, raised in recorded.places.items()}
        return self._with_attrs(items_frame(recorded.item_columns(), OUTCOMES, recorded.errors, places))

    @cached_property
    @readable
    def failures(self) -> pd.DataFrame:
        """One row a reason for which something did not succeed: how often, the line of the action, the items, the traceback
        of the first. Reasons that differ only in their numbers are one; they end in `...` then."""
        from attune_sim.frame import failures_frame

        return self._with_attrs(failures_frame(map(_failure, self.recorded.failures.groups)))

    @cached_property
    @readable
    def attempts(self) -> pd.DataFrame:
        """One row an attempt that failed, or came after one that did: between them lie the pauses of retries."""
        from attune_sim.frame import attempts_frame

        return self._with_attrs(attempts_frame(self.recorded.attempt_columns()))

    @cached_property
    @readable
    def graph(self) -> pd.DataFrame:
        """One row a transition of its workflow: what may follow what, and when."""
        from attune_sim.api.runs.graph import graph_rows
        from attune_sim.frame import graph_frame

        return self._with_attrs(graph_frame(() if self.workflow is None else graph_rows(self.workflow)))

    @cached_property
    def transfers(self) -> pd.DataFrame:
        """One row a worker of a cluster and kind of bytes: what it was sent, and sent home. Empty for a run in this process."""
        from attune_sim.frame import transfers_frame

        return self._with_attrs(transfers_frame(self.accounts))

    @cached_property
    def workers(self) -> pd.DataFrame:
        """One row a worker of a cluster: what it did, lost and held, and what became of it. Empty for a run in this process."""
        from attune_sim.frame import crew_frame

        return self._with_attrs(crew_frame(self.accounts))

    @cached_property
    def kept(self) -> pd.DataFrame:
        """One row a file in which a process kept results of a fan-out: the machine, items, bytes of JSON, digest."""
        from attune_sim.frame import kept_frame
        from attune_sim.kept import kept_files

        return self._with_attrs(kept_frame(kept_files(self.task_results)))

    def kept_results(self, task: str) -> Iterator[tuple[int, Any]]:
        """Index and result of every item of a fan-out that succeeded, from where they were kept; secrets are masks.

        They come in the order of the files. Raises InputError if the task kept none, if a file is not on this machine, or, at the end, if
        the files do not hold what was told of them.
        """
        from attune_sim.kept import kept_results

        return kept_results(self.task_results.get(task, {}))

    @property
    def bandwidth(self) -> float | None:
        """Bytes a second at which workers of a cluster were brought contexts, the median of them; None where none was.

        It holds the way there and back, and so is that of the link only for contexts that take long to send.
        """
        known = self.workers["bytes_a_second"].dropna()
        return None if known.empty else float(known.median())

    @readable
    def wire(self, workers: Iterable[int] = (1, 2, 4, 8), items: Iterable[int] | None = None) -> pd.DataFrame:
        """One row a number of workers and of items: the bytes that go to workers of a cluster and home.

        Those of the run are `measured`; all other rows are `estimated`, from its bytes once a worker and bytes an item. `items` None:
        those of the run, and up to 100 times as many. Empty for a run in this process.

        Raises:
            InputError: a number of workers or items is none.
        """
        from attune_sim.analysis.wire import carried_by_run, wire_frame

        strategy = str(self.surroundings.get("strategy", ""))
        wanted = None if items is None else list(items)
        return wire_frame(carried_by_run(self.transfers, strategy), list(workers), wanted)

    def plot_wire(
        self,
        workers: Iterable[int] = (1, 2, 4, 8),
        items: Iterable[int] | None = None,
        *,
        ax: Axes | None = None,
    ) -> Axes:
        """What the wire carries over the items, a dash a number of workers: the mark was measured, lines are estimated. See `wire`."""
        from attune_sim.plot import plot_wire

        return plot_wire(self.wire(workers, items), ax=ax)

    @property
    @readable
    def frame(self) -> pd.DataFrame:
        """The finest frame of a run: its items."""
        return self.items

    @readable
    def summary(self) -> pd.DataFrame:
        """One row a fan-out and outcome: how many items, and their median times."""
        grouped = self.items.groupby(["task", "outcome"], sort=False)
        times = grouped[["fork_us", "render_us", "action_us"]].median()
        return times.assign(items=grouped.size()).reset_index()

    def plot_timeline(self, *, ax: Axes | None = None) -> Axes:
        """What ran when: a bar a task, and in that of a fan-out a line an item, coloured by outcome."""
        from attune_sim.plot import plot_timeline

        return plot_timeline(self.tasks, self.items, self.attempts, ax=ax)

    def plot_workflow(self, *, ax: Axes | None = None) -> Axes:
        """What follows what in its workflow, and how each task ended."""
        from attune_sim.plot import plot_workflow

        return plot_workflow(self.graph, self.tasks, ax=ax)

    def trace(self, path: str | PathLike[str], *, force: bool = False) -> str:
        """Write the run as a trace that Perfetto, speedscope and Chrome show: tasks, items and their attempts over time.

        Gives back the path. Raises InputError if the file cannot be written, or is one that attune-sim did not write; with `force` the
        last is replaced.
        """
        from attune_sim.analysis.trace import trace_text

        return write(path, trace_text(self.name, self.tasks, self.items, self.attempts), force=force)

    def report(
        self,
        path: str | PathLike[str],
        *,
        force: bool = False,
        template: str | PathLike[str] | None = None,
    ) -> str:
        """Write the run's report: HTML, Markdown or JSON, by the end of the name. Gives back the path; see `at.report`.

        Raises InputError if the name ends otherwise, the file cannot be written, or is one that attune-sim did not write; with `force` the
        last is replaced.
        """
        return written(path, self.findings(), force=force, template=template)

    def findings(self) -> Summary:
        """What the report says, before it has a form: texts, tables and remarks."""
        from attune_sim.reports import run_summary

        return run_summary(
            self.name,
            self.status,
            self.error,
            self.tasks,
            self.items,
            self.warnings,
            self.surroundings,
            self.failures,
            attempts=self.attempts,
            graph=self.graph,
            cluster=self._cluster(),
            wall_s=self.wall_s,
            values={
                "Output": self.masked(self.output),
                "Parameters": self.masked(self.parameters, "parameters"),
            },
        )

    def _cluster(self) -> Sequence[Section]:
        """What the report says of the workers that had a part in it; nothing for a run in this process."""
        from attune_sim.reports.cluster import cluster_sections

        return list(cluster_sections(self.workers, self.transfers, self.wire())) if self.accounts else []

    def _with_attrs(self, frame: pd.DataFrame) -> pd.DataFrame:
        frame.attrs.update(run=self.name, status=self.status, surroundings=dict(self.surroundings))
        return frame

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import fragment
        from attune_sim.reports.run import CAUSES, WHEN, WHY

        shown = self.findings().opened(WHY, CAUSES, WHEN, "Tasks")
        return {"text/plain": repr(self), "text/html": fragment(shown)}

    def __repr__(self) -> str:
        reason = f" ({shortened(self.error)})" if self.error else ""
        return (
            f"<Run {self.name!r}: {self.status}{reason} in {format_s(self.wall_s)}"
            f"{items_line(self.counts)}; see .output .tasks .items {'.failures ' if self.recorded.failures.groups else ''}.plot_timeline() .report(path)>"
        )


def _failure(group: Failure) -> dict[str, Any]:
    """A row of `failures`."""
    raised = group.raised
    row = {
        **{name: getattr(group, name) for name in ("task", "outcome", "count")},
        "reason": group.reason if group.alike else f"{group.reason} ...",
        "indexes": list(group.indexes),
    }
    if raised is None:
        return row
    file = file_shown(raised.file)
    where = f"{file}:{raised.line} in {raised.function}"
    return {**row, "where": where, "file": file, "line": raised.line, "traceback": raised.way}


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
