"""A report in the form that the name of its file asks for."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from attune_sim.api.showing.files import report_form
from attune_sim.errors import InputError
from attune_sim.files import write

if TYPE_CHECKING:
    from attune_sim.reports import Summary


def written(
    path: str | PathLike[str],
    *findings: Summary,
    force: bool = False,
    template: str | PathLike[str] | None = None,
) -> str:
    """Write findings as HTML (of one), Markdown or JSON, by the end of the name. Gives back the path.

    Raises InputError if the name ends otherwise, the file cannot be written, or is one that attune-sim did not write (with `force` it is
    replaced), and if the folder of templates is none or one in it cannot be used.
    """
    from attune_sim.reports import json_text, markdown, page

    form, folder = report_form(path), template_folder(template)
    if form == "json":
        return write(path, json_text(*findings), force=force)
    if form == "markdown":
        return write(path, markdown(*findings, templates=folder), force=force)
    (one,) = findings
    return write(path, page(one, templates=folder), force=force)


def template_folder(template: str | PathLike[str] | None) -> str | None:
    """The folder as a text; raises InputError if there is none."""
    if template is None:
        return None
    folder = os.fspath(template)
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: there is no such folder of templates")
    return folder
