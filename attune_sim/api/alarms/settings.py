"""The thresholds of a TOML file, found and read."""

from __future__ import annotations

import tomllib
from os import PathLike
from pathlib import Path

from attune_sim.errors import InputError
from attune_sim.files import content
from attune_sim.thresholds.table import Settings, settings_of

PYPROJECT = "pyproject.toml"
MOST_BYTES = 4 * 2**20


def read_settings(path: str | PathLike[str]) -> Settings:
    """The table `[tool.attune_sim.thresholds]` of a file.

    Raises:
        InputError: the file cannot be read, is no TOML, or its table holds what it must not; with file, key and choices.
    """
    try:
        document = tomllib.loads(content(path, MOST_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no TOML: {error}") from None
    return settings_of(document, str(path))


def project_settings(folder: Path) -> Settings:
    """Those of the `pyproject.toml` in a folder; none where there is no such file."""
    path = folder / PYPROJECT
    return read_settings(path) if path.is_file() else Settings()
