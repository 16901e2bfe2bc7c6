"""`attune-sim notebooks`"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

MOST_BYTES: Final = 10_000_000
"""No notebook of ours comes near."""


@click.command("notebooks", short_help="Copy the notebooks into a folder.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace notebooks that are there already.")
def notebooks_command(folder: Path, force: bool) -> None:
    """Copy the notebooks that come with attune-sim into a folder, with their outputs.

    \b
      attune-sim notebooks lab
      jupyter lab lab

    They write nothing beside themselves and need no other file. Exit code 2 where one of them is there already, and then
    nothing is copied; --force replaces it.
    """
    from attune_sim.errors import InputError
    from attune_sim.files import content, write
    from attune_sim.scenarios.data import notebook_files

    files = notebook_files()
    there = [file.name for file in files if (folder / file.name).exists()]
    if there and not force:
        raise InputError(
            f"{folder}: {', '.join(there)} already there, nothing was copied; "
            "give another folder, or --force to replace"
        )
    for file in files:
        click.echo(write(folder / file.name, content(file, MOST_BYTES).decode(), force=True))
