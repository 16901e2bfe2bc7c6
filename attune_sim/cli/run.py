"""`attune-sim run`"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, cast

import click

from attune_sim import __version__
from attune_sim.cli import options
from attune_sim.cli.output import attempted, plain, print_findings, print_json, print_lines
from attune_sim.errors import InputError, Interrupted, counted
from attune_sim.metrics import format_s

LONGEST_OUTPUT: Final = 500
TABLES: Final = ("tasks", "items", "failures")
"""Tables of the report that are printed, in this order: what went wrong stands at the end, where a terminal stops."""

if TYPE_CHECKING:
    from attune_sim.api.runs.run import Run
    from attune_sim.api.showing.following import Followed
    from attune_sim.scenarios.workload import Workload


@click.command("run", short_help="Run a workload once, for real.")
@options.workload
@options.executor
@options.cluster
@click.option(
    "--strategy", metavar="NAME", default="shared", show_default=True, help="How the context is handed on."
)
@click.option(
    "--dispatch",
    type=click.Choice(["eager", "windowed"]),
    default="windowed",
    show_default=True,
    help="eager: all forks exist at once; windowed: only those of items under way.",
)
@options.namespaces
@click.option(
    "--max-task-runs", type=int, metavar="N", default=10_000, show_default=True, help="Of one task, in loops."
)
@options.results
@click.option("--journal", metavar="FILE", help="Write every event there, so that the run can be resumed.")
@options.save_script
@options.report()
@options.as_json
def run_command(
    workload: Workload,
    journal: str | None,
    save_script: str | None,
    report: str | None,
    force: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Run WORKLOAD once, for real: a scenario by name, or a workflow FILE.yaml of yours.

    \b
      attune-sim run health_check --items 200
      attune-sim run mine.yaml --actions mine.py --param region=eu
      attune-sim run mine.yaml --script results.yaml
      attune-sim run mine.yaml --actions mine.py --journal run.jsonl
      attune-sim run mine.yaml --actions mine.py --executor dask --cluster tcp://host:8786

    Ctrl-C ends the run as cancelled, after the attempts that are under way (at once under cancellation_policy:
    cancel_running). Such a run is over: resuming its journal tells the same end again and runs nothing. A journal can
    be taken up where the process died (killed, out of memory, a power cut).

    Exit code 1 if the run does not succeed, 130 if it was cancelled.
    """
    from attune_sim.api.runs.running import run
    from attune_sim.api.showing.following import following

    troubles: list[InputError] = []
    with _recording(journal, save_script) as path:
        with following() as followed:
            ended = stopped_or(partial(run, workload, journal=path, observers=[followed], **settings))
        if save_script:
            attempted(partial(_save_script, ended, save_script, force=force), troubles)
    written = attempted(partial(ended.report, report, force=force), troubles) if report else None
    show(ended, followed, written, troubles, as_json=as_json, assumed=workload.assumed)


def stopped_or(begin: Callable[[], Run]) -> Run:
    """The run that is begun, also if Ctrl-C cancelled it: it is shown like any other."""
    try:
        return begin()
    except Interrupted as halt:
        return cast("Run", halt.result)


def show(
    run: Run,
    followed: Followed,
    path: str | None,
    troubles: Sequence[InputError],
    *,
    as_json: bool,
    assumed: tuple[str, ...] = (),
) -> None:
    """Print a run and where its report is, and exit with its code, or with what could not be written."""
    if as_json:
        print_json({**_as_json(run, followed, path), "assumed": list(assumed)})
    else:
        findings = run.findings()
        print_findings(findings.lead, findings.named(*TABLES), findings.remarks)
        print_lines("Sizes that were assumed", assumed)
        ended = [f"{task}: {counted(count, 'attempt')}" for task, count in run.skipped.items()]
        print_lines("Not run again, because it had ended before", ended)
        print_lines("At the end", tuple(_end_lines(run, followed)))
        if path:
            click.echo(f"\nreport: {path}")
    for trouble in troubles:
        raise trouble
    click.get_current_context().exit({"succeeded": 0, "cancelled": 130}.get(run.status, 1))


def _end_lines(run: Run, followed: Followed) -> Iterator[str]:
    from attune_sim.kept import kept_of

    if run.output is not None:
        text = json.dumps(plain(run.masked(run.output)), ensure_ascii=False, default=str)
        cut = f" ... ({len(text):,} characters; --json shows all)" if len(text) > LONGEST_OUTPUT else ""
        yield f"output: {text[:LONGEST_OUTPUT]}{cut}"
    for task, result in run.task_results.items():
        if (kept := kept_of(result)) is not None:
            yield f"results of {task}: {counted(kept['items'], 'item')} kept in {kept['folder']}"
    yield f"time: {format_s(run.wall_s)}"
    if followed.retried:
        yield f"retries: {counted(followed.retried, 'item')} needed more than one attempt"
    if followed.below:
        calls = ", ".join(f"{task} {times:,}" for task, times in followed.below.items())
        yield f"tasks of sub-workflows, and how often their actions were called: {calls}"


@contextmanager
def _recording(journal: str | None, save_script: str | None) -> Iterator[str | None]:
    """The path of the journal; a script is made from one, if need be from one that is thrown away."""
    if journal is not None or not save_script:
        yield journal
        return
    with TemporaryDirectory(prefix="attune-sim-") as folder:
        yield f"{folder}/journal.jsonl"


def _save_script(run: Run, path: str, *, force: bool) -> str:
    import yaml

    from attune_sim.api.runs.scripts import script_of
    from attune_sim.api.showing.files import script_form
    from attune_sim.files import write

    class Plain(yaml.SafeDumper):
        """Writes a value as often as it occurs: a person is to read and change the file."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    script = {"written_by": f"attune-sim {__version__}", **script_of(run)}
    if script_form(path) == "json":
        text = json.dumps(script, indent=2, ensure_ascii=False)
    else:
        text = yaml.dump(script, Dumper=Plain, sort_keys=False, allow_unicode=True)
    return write(path, text, force=force)


def _as_json(run: Run, followed: Followed, path: str | None) -> dict[str, Any]:
    return {
        "workload": run.name,
        "status": run.status,
        "error": run.error,
        "output": run.masked(run.output),
        "variables": run.masked(run.variables),
        "task_statuses": run.task_statuses,
        "items": run.counts,
        "retried": followed.retried,
        "sub_workflow_calls": dict(followed.below),
        "warnings": list(run.warnings),
        "skipped": run.skipped,
        "wall_s": run.wall_s,
        "report": path,
    }
