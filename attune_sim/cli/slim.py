"""`attune-sim slim`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attune_sim.cli import options
from attune_sim.cli.output import print_json

if TYPE_CHECKING:
    from attune_sim.api.slim.slimmed import Slim


@click.command("slim", short_help="Hand less context to each item, with equal answers.")
@click.argument("file", metavar="FILE")
@options.actions
@options.script
@options.workflows
@options.parameters
@options.namespaces
@click.option(
    "--write", "folder", metavar="DIR", help="Write the changed file and the new sub-workflows there."
)
@options.force
@options.as_json
def slim_command(
    file: str,
    pairs: dict[str, Any],
    parameters: dict[str, Any] | None,
    workflows: str | None,
    folder: str | None,
    force: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Propose the smallest change of FILE after which its last fan-out hands less to each item.

    A task with a large result of which little is read later is moved into a sub-workflow that hands back only that. Both
    versions are run on the same results, and what does not give equal answers is not proposed.

    \b
      attune-sim slim mine.yaml --script results.yaml
      attune-sim slim mine.yaml --actions mine.py --write slimmed

    With --actions the workflow is run once, for real. The difference is one that `patch -p1` takes. Exit code 1 if nothing
    could be proved, because the run failed or does not give the same twice; 0 also if there is nothing to gain.
    """
    from attune_sim.api.slim.slim import slim

    wanted = {**(parameters or {}), **pairs} or None
    found = slim(Path(file), parameters=wanted, workflows=workflows or (), **given)
    written = _written(found, folder, force=force) if folder is not None else []
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found, written)
    click.get_current_context().exit(0 if found.doubt is None else 1)


def _written(found: Slim, folder: str, *, force: bool) -> list[str]:
    from attune_sim.files import require_place, write

    places = {Path(folder, name): text for name, text in found.files.items()}
    for place in places:  # all of them or none
        require_place(place, force=force)
    return [write(place, text, force=force) for place, text in places.items()]


def _print(found: Slim, written: list[str]) -> None:
    click.echo(found.finding)
    for line in found.lines:
        click.echo(f"  {line}")
    if found.diff:
        click.echo(f"\n{found.diff}", nl=False)
    for path in written:
        click.echo(f"wrote {path}", err=True)


def _as_json(found: Slim) -> dict[str, Any]:
    names = (
        "proved",
        "before_bytes",
        "after_bytes",
        "factor",
        "fan_out",
        "items",
        "finding",
        "doubt",
        "diff",
        "files",
    )
    return {
        **{name: getattr(found, name) for name in names},
        "moves": [move._asdict() for move in found.moves],
        "hints": list(found.hints),
        "left": [left._asdict() for left in found.left],
    }
