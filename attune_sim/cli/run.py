"""`attune-sim run`"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_findings, print_json, print_lines
from attune_sim.errors import counted

if TYPE_CHECKING:
    from attune_sim.api.run import Run
    from attune_sim.scenarios.workload import Workload


@click.command("run", short_help="Run a workload once, for real.")
@options.workload
@options.executor
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
@click.option("--journal", metavar="FILE", help="Write every event there, so that the run can be resumed.")
@click.option("--save-script", metavar="FILE", help="Write the run's results as a script to rehearse.")
@options.report()
@options.as_json
def run_command(
    workload: Workload,
    journal: str | None,
    save_script: str | None,
    report: str | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Run WORKLOAD once, for real: a scenario by name, or a workflow FILE.yaml of yours.

    \b
      attune-sim run health_check --items 200
      attune-sim run mine.yaml --actions mine.py --param region=eu
      attune-sim run mine.yaml --script results.yaml
      attune-sim run mine.yaml --actions mine.py --journal run.jsonl

    Ctrl-C ends the run as cancelled, after the attempts that are under way (at once under cancellation_policy:
    cancel_running). Such a run is over: resuming its journal tells the same end again and runs nothing. A journal can
    be taken up where the process died (killed, out of memory, a power cut).

    Exit code 1 if the run does not succeed, 130 if it was cancelled.
    """
    from attune_sim.api.running import run

    with _recording(journal, save_script) as path:
        ended = run(workload, journal=path, **settings)
        if save_script:
            _save_script(ended, save_script)
    show(ended, report, as_json=as_json, assumed=workload.assumed)


def show(run: Run, report: str | None, *, as_json: bool, assumed: tuple[str, ...] = ()) -> None:
    """Print a run, write its report if one is wanted, and exit with its code."""
    path = run.report(report) if report else None
    if as_json:
        print_json({**_as_json(run, path), "assumed": list(assumed)})
    else:
        findings = run.findings()
        print_findings(findings.lead, findings.tables, findings.remarks)
        print_lines("Sizes that were assumed", assumed)
        ended = [f"{task}: {counted(count, 'attempt')}" for task, count in run.skipped.items()]
        print_lines("Not run again, because it had ended before", ended)
        if path:
            click.echo(f"\nreport: {path}")
    click.get_current_context().exit({"succeeded": 0, "cancelled": 130}.get(run.status, 1))


@contextmanager
def _recording(journal: str | None, save_script: str | None) -> Iterator[str | None]:
    """The path of the journal; a script is made from one, if need be from one that is thrown away."""
    if journal is not None or not save_script:
        yield journal
        return
    with TemporaryDirectory(prefix="attune-sim-") as folder:
        yield f"{folder}/journal.jsonl"


def _save_script(run: Run, path: str) -> None:
    import yaml

    from attune_sim.api.files import written
    from attune_sim.api.scripts import script_of

    class Plain(yaml.SafeDumper):
        """Writes a value as often as it occurs: a person is to read and change the file."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    script = script_of(run)
    if path.endswith(".json"):
        written(path, json.dumps(script, indent=2, ensure_ascii=False))
    else:
        written(path, yaml.dump(script, Dumper=Plain, sort_keys=False, allow_unicode=True))


def _as_json(run: Run, path: str | None) -> dict[str, Any]:
    return {
        "workload": run.name,
        "status": run.status,
        "error": run.error,
        "output": run.masked(run.output),
        "variables": run.masked(run.variables),
        "task_statuses": run.task_statuses,
        "items": run.counts,
        "warnings": list(run.warnings),
        "skipped": run.skipped,
        "wall_s": run.wall_s,
        "report": path,
    }
