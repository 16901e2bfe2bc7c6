"""`attune-sim validate`"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_json
from attune_sim.errors import InputError, Problem, WorkflowError, counted, did_you_mean

if TYPE_CHECKING:
    from attune_sim.workflow import Workflow


@click.command("validate", short_help="Check workflow files without running them.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--lenient", is_flag=True, help="Accept unknown keys, equal task names, unreachable tasks.")
@options.workflows
@options.as_json
def validate_command(files: tuple[str, ...], lenient: bool, workflows: str | None, as_json: bool) -> None:
    """Check workflow FILEs without running them: all problems of a file at once, each with line and column.

    A call of a function that does not exist is a warning: it fails only where it is reached. With --workflows the files
    of that folder are checked too, and tasks of type workflow must name one of them. Exit code 2 if any file has a
    problem.
    """
    loaded = {file: _loaded(file, lenient=lenient) for file in (*files, *_files_in(workflows))}
    good = [each for each in loaded.values() if not isinstance(each, WorkflowError)]
    known = [workflow.name for workflow in good] if workflows else None
    results = [_result(file, each, known) for file, each in loaded.items()]
    if as_json:
        print_json(results)
    else:
        for result in results:
            click.echo(result["text"])
    click.get_current_context().exit(0 if all(result["valid"] for result in results) else 2)


def _files_in(folder: str | None) -> list[str]:
    from attune_sim.api.workflows import workflow_files

    if folder is None:
        return []
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: there is no such folder of workflows")
    return list(map(str, workflow_files(Path(folder))))


def _loaded(file: str, *, lenient: bool) -> Workflow | WorkflowError:
    from attune_sim.loader import load

    try:
        return load(Path(file), lenient=lenient)
    except WorkflowError as error:
        return error


def _result(file: str, loaded: Workflow | WorkflowError, known: Sequence[str] | None) -> dict[str, Any]:
    if isinstance(loaded, WorkflowError):
        problems = loaded.problems
    else:
        problems = () if known is None else tuple(_unknown_workflows(file, loaded, known))
    lines = map(str, problems) if problems or isinstance(loaded, WorkflowError) else [_good(file, loaded)]
    return {
        "file": file,
        "valid": not problems,
        "text": "\n".join((*lines, *(f"warning: {warning}" for warning in loaded.warnings))),
        "problems": list(map(_as_dict, problems)),
        "warnings": list(map(_as_dict, loaded.warnings)),
    }


def _good(file: str, workflow: Workflow) -> str:
    fan_outs = sum(task.with_items is not None for task in workflow.walk())
    return f"{file}: good: {counted(len(workflow.tasks), 'task')}, {fan_outs} with items"


def _unknown_workflows(file: str, workflow: Workflow, known: Sequence[str]) -> Iterator[Problem]:
    """The tasks of type workflow that name none."""
    for task in workflow.walk():
        if task.type == "workflow" and task.action not in known:
            line, column = task.lines.get("action", (None, None))
            message = f"task {task.name!r}: there is no workflow"
            hint = did_you_mean(task.action or "", known) or f"there are: {', '.join(known)}"
            yield Problem("unknown_workflow", message, file, line, column, text=task.action, hint=hint)


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "message": problem.message}
