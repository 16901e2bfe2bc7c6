"""Writing what a user asked for."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from attune_sim.errors import InputError


def written(path: str | PathLike[str], text: str) -> str:
    """Write a text file, with its folders, and give back its path. Raises InputError if that is not possible."""
    file = Path(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror or error}") from error
    return str(file)
