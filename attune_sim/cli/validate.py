"""`attune-sim validate`"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli.options import json_option, workflows_option
from attune_sim.cli.output import counted, print_json
from attune_sim.errors import InputError, Problem, WorkflowError, did_you_mean

if TYPE_CHECKING:
    from attune_sim.workflow import Workflow


@click.command("validate", short_help="Check workflow files without running them.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--lenient", is_flag=True, help="Accept unknown keys, equal task names, unreachable tasks.")
@workflows_option
@json_option
def validate_command(files: tuple[str, ...], lenient: bool, workflows: str | None, as_json: bool) -> None:
    """Check workflow FILEs without running them: all problems of a file at once, each with line and column.

    A call of a function that does not exist is a warning: it fails only where it is reached. With --workflows the files
    of that folder are checked too, and tasks of type workflow must name one of them. Exit code 2 if any file has a
    problem.
    """
    loaded = {file: _loaded(file, lenient=lenient) for file in (*files, *_files_in(workflows))}
    known = [one.name for one in loaded.values() if not isinstance(one, WorkflowError)] if workflows else None
    results = [_result(file, one, known) for file, one in loaded.items()]
    if as_json:
        print_json(results)
    else:
        for result in results:
            click.echo(result["text"])
    click.get_current_context().exit(0 if all(result["valid"] for result in results) else 2)


def _files_in(folder: str | None) -> list[str]:
    from pathlib import Path

    if folder is None:
        return []
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: there is no such folder of workflows")
    return sorted(str(path) for path in Path(folder).iterdir() if path.suffix in (".yaml", ".yml"))


def _loaded(file: str, *, lenient: bool) -> Workflow | WorkflowError:
    from pathlib import Path

    from attune_sim.loader import load

    try:
        return load(Path(file), lenient=lenient)
    except WorkflowError as error:
        return error


def _result(file: str, loaded: Workflow | WorkflowError, known: Sequence[str] | None) -> dict[str, Any]:
    if isinstance(loaded, WorkflowError):
        problems = loaded.problems
    else:
        problems = _unknown_workflows(file, loaded, known)
    told = map(str, problems) if problems or isinstance(loaded, WorkflowError) else [_good(file, loaded)]
    return {
        "file": file,
        "valid": not problems,
        "text": "\n".join((*told, *(f"warning: {one}" for one in loaded.warnings))),
        "problems": [_as_dict(one) for one in problems],
        "warnings": [_as_dict(one) for one in loaded.warnings],
    }


def _good(file: str, workflow: Workflow) -> str:
    fan_outs = sum(task.with_items is not None for task in workflow.walk())
    return f"{file}: good: {counted(len(workflow.tasks), 'task')}, {fan_outs} with items"


def _unknown_workflows(file: str, workflow: Workflow, known: Sequence[str] | None) -> tuple[Problem, ...]:
    """The tasks of type workflow that name none; None: which ones there are is not known."""
    if known is None:
        return ()
    return tuple(
        Problem(
            "unknown_workflow",
            f"task {task.name!r}: there is no workflow",
            file,
            line=task.lines["action"][0] if "action" in task.lines else None,
            column=task.lines["action"][1] if "action" in task.lines else None,
            text=task.action,
            hint=did_you_mean(task.action or "", known) or f"there are: {', '.join(known)}",
        )
        for task in workflow.walk()
        if task.type == "workflow" and task.action not in known
    )


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "message": problem.message}
