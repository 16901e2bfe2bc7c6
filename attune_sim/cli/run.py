"""`attune-sim run`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli.options import json_option, workload_argument, workload_from, workload_options
from attune_sim.cli.output import print_json, print_lines, print_report_table
from attune_sim.errors import InputError

if TYPE_CHECKING:
    from attune_sim.api.run import Run
    from attune_sim.workflow import Workflow


@click.command("run", short_help="Run a workload once, for real.")
@workload_argument
@workload_options
@click.option("--strategy", default="shared", show_default=True, help="How the context is handed on.")
@click.option("--dispatch", type=click.Choice(["eager", "windowed"]), default="windowed", show_default=True)
@click.option("--workflows", help="DIR of workflow files that actions may name as sub-workflows.")
@click.option("--report", help="Write the run's report to this FILE (.html or .md).")
@json_option
def run_command(
    workload: str,
    strategy: str,
    dispatch: Any,
    executor: str | None,
    workflows: str | None,
    report: str | None,
    as_json: bool,
    **sizes: Any,
) -> None:
    """Run WORKLOAD once, for real: a scenario by name, or a workflow FILE.yaml of yours.

    \b
    attune-sim run health_check --items 200
    attune-sim run mine.yaml --actions mine.py --param region=eu
    attune-sim run mine.yaml --script results.yaml

    Exit code 1 if the run does not succeed.
    """
    from attune_sim.api.running import run

    found = run(
        workload_from(workload, **sizes),
        strategy=strategy,
        executor=executor or "inline",
        dispatch=dispatch,
        workflows=workflows_in(workflows) if workflows else (),
        seed=sizes["seed"],
    )
    path = found.report(report) if report else None
    if as_json:
        print_json(_as_json(found, path))
    else:
        _print(found, path)
    click.get_current_context().exit({"succeeded": 0, "cancelled": 130}.get(found.status, 1))


def workflows_in(folder: str) -> list[Workflow]:
    """Every workflow file of a folder; raises InputError if it is none."""
    from attune_sim.loader import load

    if not Path(folder).is_dir():
        raise InputError(f"{folder}: there is no such folder of workflows")
    files = sorted(path for path in Path(folder).iterdir() if path.suffix in (".yaml", ".yml"))
    return [load(path) for path in files]


def _print(run: Run, path: str | None) -> None:
    from attune_sim.report import run_summary

    summary = run_summary(run.name, run.status, run.error, run.tasks, run.items, tuple(run.warnings))
    click.echo(summary.lead)
    for table in summary.tables:
        click.echo("")
        print_report_table(table)
    for heading, lines in summary.remarks:
        print_lines(heading, lines)
    if path:
        click.echo(f"\nreport: {path}")


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
        "wall_s": run.wall_s,
        "report": path,
    }
