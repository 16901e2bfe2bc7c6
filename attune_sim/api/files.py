"""Writing what a user asked for."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Final

from attune_sim.errors import InputError

FORMS: Final = {".html": "html", ".htm": "html", "": "html", ".md": "markdown"}


def report_form(path: str | PathLike[str]) -> str:
    """`html` or `markdown`, by the end of a report's name. Raises InputError for what a report cannot be written as.

    >>> report_form("results/run.md"), report_form("run.HTML")
    ('markdown', 'html')
    >>> report_form("run.pdf")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: run.pdf: a report is HTML or Markdown; let its name end in .html or .md
    """
    if not isinstance(path, str | PathLike):
        raise InputError(f"the name of a report is a text or a path, not a {type(path).__name__}")
    if path == "":
        raise InputError("the name of the report is empty")
    form = FORMS.get(Path(path).suffix.lower())
    if form is None:
        raise InputError(f"{path}: a report is HTML or Markdown; let its name end in .html or .md")
    return form


def written(path: str | PathLike[str], text: str) -> str:
    """Write a text file, with its folders, and give back its path. Raises InputError if that is not possible."""
    file = Path(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror or error}") from error
    return str(file)
