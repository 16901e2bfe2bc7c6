"""`attune-sim validate`"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli.options import json_option
from attune_sim.cli.output import print_json

if TYPE_CHECKING:
    from attune_sim.errors import Problem


@click.command("validate", short_help="Check workflow files without running them.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--lenient", is_flag=True, help="Accept unknown keys, equal task names, unreachable tasks.")
@json_option
def validate_command(files: tuple[str, ...], lenient: bool, as_json: bool) -> None:
    """Check workflow FILEs without running them: all problems of a file at once, each with line and column.

    Exit code 2 if any file has a problem.
    """
    results = [_checked(file, lenient=lenient) for file in files]
    if as_json:
        print_json(results)
    else:
        for result in results:
            click.echo(result["text"])
    click.get_current_context().exit(0 if all(result["valid"] for result in results) else 2)


def _checked(file: str, *, lenient: bool) -> dict[str, Any]:
    from pathlib import Path

    from attune_sim.errors import WorkflowError
    from attune_sim.loader import load

    try:
        workflow = load(Path(file), lenient=lenient)
    except WorkflowError as error:
        problems = [_as_dict(problem) for problem in error.problems]
        return {"file": file, "valid": False, "text": str(error), "problems": problems}
    fan_outs = sum(task.with_items is not None for task in workflow.walk())
    text = f"{file}: good: {len(workflow.tasks)} tasks, {fan_outs} with items"
    return {"file": file, "valid": True, "text": text, "problems": []}


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "message": problem.message}
