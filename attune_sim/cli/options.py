"""Options that several commands share, each declared once, and how their texts become values."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from attune_sim.errors import InputError, WorkflowError

if TYPE_CHECKING:
    from attune_sim.runspec import History
    from attune_sim.scenarios.workload import Workload

F = TypeVar("F", bound=Callable[..., Any])


def map_file(context: click.Context, option: click.Parameter, path: str | None) -> dict[str, Any] | None:
    """The map in a YAML or JSON file; raises InputError with file and line, and shows no value."""
    if path is None:
        return None
    import yaml

    from attune_sim.loader.source import read_source
    from attune_sim.loader.tree import compose

    source = read_source(Path(path))
    try:
        compose(source)  # refuses what is too deep or too large before anything is built from it
    except WorkflowError as error:
        first = error.problems[0]
        raise InputError(f"{first.place}: {option.name} cannot be read: {first.message}") from None
    try:
        values = yaml.safe_load(source.text)
    except (yaml.YAMLError, ValueError):
        raise InputError(f"{path}: {option.name} cannot be read: not valid YAML") from None
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise InputError(f"{path}: {option.name} must be a map of names to values")
    return values


def parameter_pairs(pairs: Sequence[str]) -> dict[str, Any]:
    """`k=v` texts as parameters: a value that is JSON is read as such, everything else is text.

    >>> parameter_pairs(["n=3", "name=web", 'tags=["a"]'])
    {'n': 3, 'name': 'web', 'tags': ['a']}
    """
    parameters: dict[str, Any] = {}
    for number, pair in enumerate(pairs, 1):
        name, equals, text = pair.partition("=")
        if not equals or not name:
            # Not quoted: it may be the value of a secret.
            raise InputError(f"--param number {number} has no form name=value")
        try:
            parameters[name] = json.loads(text)
        except (ValueError, RecursionError):
            parameters[name] = text
    return parameters


def results_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """`task=counts` and `task=folder` texts by task.

    >>> results_pairs(["each=counts"])
    {'each': 'counts'}
    """
    found = dict(pair.partition("=")[::2] for pair in pairs)
    for task, how in found.items():
        if not task or not how:
            raise InputError(
                f"--results has the form TASK=counts or TASK=FOLDER, not {task + '=' + how!r:.60}"
            )
    return found


def _report_path(context: click.Context, option: click.Parameter, path: str | None) -> str | None:
    from attune_sim.api.showing.files import report_form
    from attune_sim.files import require_place

    if path is not None:
        report_form(path)
        if not (folder := Path(path).parent).is_dir():
            raise InputError(
                f"{path}: there is no folder {folder} for the report; make it, or give another path"
            )
        require_place(path, force=context.params["force"])
    return path


def _script_path(context: click.Context, option: click.Parameter, path: str | None) -> str | None:
    from attune_sim.api.showing.files import script_form
    from attune_sim.files import require_place

    if path is not None:
        script_form(path)
        require_place(path, force=context.params["force"])
    return path


def _bytes(context: click.Context, option: click.Parameter, text: str | None) -> int | None:
    from attune_sim.amounts import byte_count

    return None if text is None else byte_count(text, option.opts[0])


def _seconds(context: click.Context, option: click.Parameter, text: str | None) -> float | None:
    from attune_sim.amounts import second_count

    return None if text is None else second_count(text, option.opts[0])


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one, in the order in which help lists them."""
    return lambda command: reduce(lambda command, option: option(command), reversed(options), command)


def _map_option(*names: str, help: str) -> Callable[[F], F]:
    return click.option(*names, metavar="FILE", help=help, callback=map_file)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
actions = click.option(
    "--actions", metavar="FILE.py", help="The file whose functions are your workflow's actions."
)
script = click.option(
    "--script", metavar="FILE", help="Results in place of any code: YAML, JSON, or the journal of a run."
)
seed = click.option(
    "--seed", type=int, metavar="N", default=0, show_default=True, help="Seed of all made-up data."
)
workflows = click.option(
    "--workflows", metavar="DIR", help="Folder of workflow files that actions may name as sub-workflows."
)
parameters = together(
    click.option(
        "--param",
        "pairs",
        multiple=True,
        metavar="K=V",
        help="A parameter; repeatable.",
        callback=lambda context, option, pairs: parameter_pairs(pairs),
    ),
    _map_option("--params", "parameters", help="Parameters (YAML or JSON); --param wins."),
)
namespaces = together(
    _map_option("--config", help="What `config` reads, a map (YAML or JSON)."),
    _map_option("--keystore", help="What `keystore` reads, a map (YAML or JSON); never shown."),
)
force = click.option(
    "--force",
    is_flag=True,
    is_eager=True,  # what names a file asks for it
    help="Replace files also where attune-sim did not write them.",
)
executor = click.option(
    "--executor",
    metavar="NAME",
    help="Who performs actions: inline (default), threads, asyncio, dask.",
    callback=lambda context, option, name: name or "inline",
)


results = click.option(
    "--results",
    multiple=True,
    metavar="TASK=HOW",
    callback=lambda context, option, pairs: results_pairs(pairs),
    help="Of a fan-out too large for its results to come home: counts, or the folder where they stay; repeatable.",
)
cluster = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="The Dask scheduler of --executor dask, as tcp://host:8786 (default: workers on this machine).",
)


def report(help: str = "Write the run's report there, as .html or .md.") -> Callable[[F], F]:
    """Where the report goes; a name that it cannot have is refused before anything is run or measured."""
    return together(click.option("--report", metavar="FILE", help=help, callback=_report_path), force)


save_script = click.option(
    "--save-script",
    metavar="FILE",
    help="Write the run's results as a script to rehearse, .yaml or .json.",
    callback=_script_path,
)


memory_limit = click.option(
    "--memory-limit",
    metavar="SIZE",
    help="Of one cell, as 2GiB (default: a quarter of what is available).",
    callback=_bytes,
)
time_limit = click.option(
    "--time-limit", metavar="TIME", help="Of one cell, as 60s (default: 120s).", callback=_seconds
)

strategies = click.option(
    "--strategy", "strategies", multiple=True, metavar="NAME", help="A strategy; repeatable (default: all)."
)
real = click.option(
    "--real", is_flag=True, help="Call actions for real in every cell, in place of replaying them."
)
store = click.option(
    "--store", metavar="FILE", help="Keep every row there; the same command again only completes it."
)
probes = click.option(
    "--probe",
    "probes",
    multiple=True,
    metavar="NAME",
    help="Read more: instructions (of a fork and a rendering, under valgrind).",
)

_sizes = together(
    click.option(
        "--items", type=int, metavar="N", help="Size of the main fan-out (default: the workload's own)."
    ),
    click.option(
        "--payload",
        type=click.Choice(["text", "records", "numbers"]),
        help="Shape of the data in the context; what copies cost depends on it.",
    ),
    click.option("--history", type=int, metavar="N", help="Finished tasks whose results lie in the context."),
    click.option("--history-bytes", metavar="SIZE", help="JSON bytes of each of them (default: 10KB)."),
    click.option(
        "--context-bytes",
        metavar="SIZE",
        help="JSON bytes of the whole context before the first task, as 10MB, in place of --history.",
        callback=_bytes,
    ),
)

_given = together(
    click.argument("workload", metavar="WORKLOAD"),
    actions,
    script,
    workflows,
    parameters,
    seed,
)


def given(command: F) -> F:
    """What is run, in its own size: the command is handed it as a `Workload`, and the `seed` of made-up data."""

    @wraps(command)
    def with_given(
        workload: str,
        actions: str | None,
        script: str | None,
        workflows: str | None,
        pairs: dict[str, Any],
        parameters: dict[str, Any] | None,
        seed: int,
        **others: Any,
    ) -> Any:
        from attune_sim.api.runs.given import given_workload

        given = {**(parameters or {}), **pairs} or None
        chosen = given_workload(
            workload, parameters=given, actions=actions, workflows=workflows or (), script=script, seed=seed
        )
        return command(workload=chosen, seed=seed, **others)

    return cast("F", _given(with_given))


def workload(command: F) -> F:
    """What is run, and in which size: the command is handed it as a `Workload`, and the `seed` of made-up data."""

    @wraps(command)
    def with_sizes(
        workload: Workload,
        items: int | None,
        payload: str | None,
        history: int | None,
        history_bytes: str | None,
        context_bytes: int | None,
        **others: Any,
    ) -> Any:
        from attune_sim.api.runs.chosen import sized_workload

        wanted = _history(workload.history, history, history_bytes, payload)
        sized = sized_workload(
            workload, items=items, payload=payload, history=wanted, context_bytes=context_bytes
        )
        return command(workload=sized, **others)

    return cast("F", _sizes(given(with_sizes)))


def _history(own: History, tasks: int | None, size: str | None, payload: str | None) -> History | None:
    """The history that the options ask for; None if they do not."""
    from attune_sim.amounts import byte_count

    if tasks is None and size is None:
        return None
    # A workflow of the user's has no history of its own; asking for its size means the usual hundred tasks.
    count = tasks if tasks is not None else own.tasks or 100
    each = own.bytes_each if size is None else byte_count(size, "--history-bytes")
    return replace(own, tasks=count, bytes_each=each, payload=payload or own.payload)
