"""The forms of what a user asks to be written, told by the ends of their names."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Final

from attune_sim.errors import InputError
from attune_sim.files import FileName

REPORTS: Final = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json"}
SCRIPTS: Final = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


def report_form(path: FileName) -> str:
    """`html`, `markdown` or `json`, by the end of a report's name. Raises InputError for what a report cannot be written as.

    >>> report_form("results/run.md"), report_form("run.HTML")
    ('markdown', 'html')
    >>> report_form("run.pdf")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: run.pdf: a report is HTML, Markdown or JSON; let its name end in .html, .md or .json
    """
    return _form(path, "report", REPORTS, "HTML, Markdown or JSON; let its name end in .html, .md or .json")


def script_form(path: FileName) -> str:
    """`yaml` or `json`, by the end of a script's name; raises InputError as `report_form` does.

    >>> script_form("run.script.yml")
    'yaml'
    """
    return _form(path, "script", SCRIPTS, "YAML or JSON; let its name end in .yaml or .json")


def _form(path: FileName, what: str, forms: Mapping[str, str], otherwise: str) -> str:
    if not isinstance(path, str | PathLike):
        raise InputError(f"the name of a {what} is a text or a path, not a {type(path).__name__}")
    if path == "":
        raise InputError(f"the name of the {what} is empty")
    form = forms.get(Path(path).suffix.lower())
    if form is None:
        raise InputError(f"{path}: a {what} is {otherwise}")
    return form
