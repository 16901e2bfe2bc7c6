"""Options that several commands share, each declared once, and how their texts become values."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from attune_sim.errors import InputError, WorkflowError

if TYPE_CHECKING:
    from attune_sim.scenarios.workload import Workload

F = TypeVar("F", bound=Callable[..., Any])

workload_argument = click.argument("workload", metavar="WORKLOAD")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
workflows_option = click.option(
    "--workflows", metavar="DIR", help="Folder of workflow files that actions may name as sub-workflows."
)
parameter_option = click.option(
    "--param", "pairs", multiple=True, metavar="K=V", help="A parameter; repeatable."
)
executor_option = click.option(
    "--executor", metavar="NAME", help="Who performs actions: inline (default), threads, asyncio."
)
config_option = click.option("--config", metavar="FILE", help="What `config` reads, a map (YAML or JSON).")
keystore_option = click.option(
    "--keystore", metavar="FILE", help="What `keystore` reads, a map (YAML or JSON); never shown."
)


def report_option(help: str = "Write the run's report there, as .html or .md.") -> Callable[[F], F]:
    """Where the report goes; a name that it cannot have is refused before anything is run or measured."""
    return click.option("--report", metavar="FILE", help=help, callback=_report_path)


def _report_path(context: click.Context, option: click.Parameter, path: str | None) -> str | None:
    from attune_sim.api.files import report_form

    if path is not None:
        report_form(path)
    return path


_SIZES: Final = (
    click.option(
        "--items",
        type=int,
        metavar="N",
        help="Size of the main fan-out (default: the workload's own).",
    ),
    click.option(
        "--payload",
        type=click.Choice(["text", "records", "numbers"]),
        help="Shape of the data in the context; what copies cost depends on it.",
    ),
    click.option("--history", type=int, metavar="N", help="Finished tasks whose results lie in the context."),
    click.option("--history-bytes", metavar="SIZE", help="JSON bytes of each of them (default: 10KB)."),
    click.option(
        "--actions", metavar="FILE.py", help="The file whose functions are your workflow's actions."
    ),
    click.option("--script", metavar="FILE", help="Results to use instead of any code (YAML or JSON)."),
    workflows_option,
    parameter_option,
    click.option("--params", metavar="FILE", help="Parameters (YAML or JSON); --param wins."),
    click.option(
        "--seed",
        type=int,
        metavar="N",
        default=0,
        show_default=True,
        help="Seed of all made-up data.",
    ),
)


def workload_options(command: F) -> F:
    """What is run, and in which size."""
    for option in reversed(_SIZES):
        command = option(command)
    return command


def workload_from(
    source: str,
    *,
    items: int | None,
    payload: str | None,
    history: int | None,
    history_bytes: str | None,
    actions: str | None,
    script: str | None,
    pairs: Sequence[str],
    params: str | None,
    seed: int,
    workflows: str | None = None,
) -> Workload:
    """The workload that the options describe."""
    from attune_sim.api.amounts import byte_count
    from attune_sim.api.comparing import sized_workload
    from attune_sim.api.workflows import sub_workflows
    from attune_sim.scenarios.registry import workload_of

    parameters = {**(parameters_file(params) if params else {}), **parameter_pairs(pairs)}
    workload = workload_of(
        source,
        actions=actions,
        script=script,
        parameters=parameters or None,
        workflows=sub_workflows(workflows or ()),
        seed=seed,
    )
    before = workload.history
    wanted: dict[str, Any] | None = None
    if history is not None or history_bytes is not None:
        each = before.bytes_each if history_bytes is None else byte_count(history_bytes, "--history-bytes")
        # A workflow of the user's has no history of its own; asking for its size means the usual hundred tasks.
        count = history if history is not None else before.tasks or 100
        wanted = {"tasks": count, "bytes_each": each, "payload": payload or before.payload}
    return sized_workload(workload, items=items, payload=payload, history=wanted, seed=seed)


def parameter_pairs(pairs: Sequence[str]) -> dict[str, Any]:
    """`k=v` texts as parameters: a value that is JSON is read as such, everything else is text.

    >>> parameter_pairs(["n=3", "name=web", 'tags=["a"]'])
    {'n': 3, 'name': 'web', 'tags': ['a']}
    """
    found: dict[str, Any] = {}
    for number, pair in enumerate(pairs, 1):
        name, equals, text = pair.partition("=")
        if not equals or not name:
            # Not quoted: it may be the value of a secret.
            raise InputError(f"--param number {number} has no form name=value")
        try:
            found[name] = json.loads(text)
        except (ValueError, RecursionError):
            found[name] = text
    return found


def parameters_file(path: str) -> dict[str, Any]:
    """The parameters in a YAML or JSON file; raises InputError with file and line."""
    return map_file(path, "parameters")


def map_file(path: str | None, what: str) -> dict[str, Any]:
    """The map in a YAML or JSON file, empty for no path; raises InputError with file and line, and shows no value."""
    if path is None:
        return {}
    import yaml

    from attune_sim.loader.source import read_source
    from attune_sim.loader.tree import compose

    source = read_source(Path(path))
    try:
        compose(source)  # refuses what is too deep or too large before anything is built from it
    except WorkflowError as error:
        first = error.problems[0]
        raise InputError(f"{first.place}: {what} cannot be read: {first.message}") from None
    try:
        values = yaml.safe_load(source.text)
    except (yaml.YAMLError, ValueError):
        raise InputError(f"{path}: {what} cannot be read: not valid YAML") from None
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise InputError(f"{path}: {what} must be a map of names to values")
    return values
