"""`attune-sim validate`"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_json
from attune_sim.errors import InputError, Problem, WorkflowError, counted, did_you_mean

if TYPE_CHECKING:
    from attune_sim.workflow import Workflow

    Check = Callable[[Workflow], Iterable[Problem]]


def _print_schema(context: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        from attune_sim.loader.schema import workflow_schema

        print_json(workflow_schema())
        context.exit()


@click.command("validate", short_help="Check workflow files without running them.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of workflow files, for editors, and exit.",
)
@click.option("--lenient", is_flag=True, help="Accept unknown keys, equal task names, unreachable tasks.")
@options.actions
@options.workflows
@options.as_json
def validate_command(
    files: tuple[str, ...], lenient: bool, actions: str | None, workflows: str | None, as_json: bool
) -> None:
    """Check workflow FILEs without running them: all problems of a file at once, each with line and column.

    What is likely a mistake and fails only where it is reached is a warning: a function, variable, parameter or task that
    does not exist, braces that nobody closed. With --actions tasks must name an action of FILE.py, or of those that
    come along, and hand it the inputs that it takes and needs; FILE.py is imported for that, and none of its functions
    is called. With --workflows the files of that folder are checked too, and tasks of type workflow must name one of
    them. Exit code 2 if any file has a problem.
    """
    loaded = {file: _loaded(file, lenient=lenient) for file in (*files, *_files_in(workflows))}
    good = [each for each in loaded.values() if not isinstance(each, WorkflowError)]
    checks = [*([_known_workflows(good)] if workflows else []), *([_fit(actions, good)] if actions else [])]
    results = [_result(file, each, checks) for file, each in loaded.items()]
    if as_json:
        print_json(results)
    else:
        for result in results:
            click.echo(result["text"])
    click.get_current_context().exit(0 if all(result["valid"] for result in results) else 2)


def _files_in(folder: str | None) -> list[str]:
    from attune_sim.api.runs.workflows import workflow_files

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


def _result(file: str, loaded: Workflow | WorkflowError, checks: Sequence[Check]) -> dict[str, Any]:
    if isinstance(loaded, WorkflowError):
        problems, summary = list(loaded.problems), []
    else:
        problems, summary = [problem for check in checks for problem in check(loaded)], [_good(file, loaded)]
    lines = list(map(str, problems)) or summary
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


def _known_workflows(good: Sequence[Workflow]) -> Check:
    """A check that tasks of type workflow name one of those that are good."""
    known = [workflow.name for workflow in good]

    def unknown(workflow: Workflow) -> Iterator[Problem]:
        for task in workflow.walk():
            if task.type == "workflow" and task.action not in known:
                line, column = task.lines.get("action", (None, None))
                message = f"task {task.name!r}: there is no workflow"
                hint = did_you_mean(task.action or "", known) or f"there are: {', '.join(known)}"
                source = workflow.source or None
                yield Problem("unknown_workflow", message, source, line, column, text=task.action, hint=hint)

    return unknown


def _fit(actions: str, good: Sequence[Workflow]) -> Check:
    """A check that tasks fit the actions of a file, those that come along, and the workflows that are good."""
    from attune_sim.actions.registry import actions_of
    from attune_sim.api.runs.fitting import unfit_tasks

    known = actions_of(actions)
    return lambda workflow: unfit_tasks(workflow, known, good)


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "message": problem.message}
