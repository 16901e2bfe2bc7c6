"""Where the files that travel with attune-sim are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from attune_sim.errors import InputError
from attune_sim.files import replaced

_PACKAGE: Final = Path(__file__).resolve().parents[1]


def data_path(name: str = "") -> Path:
    """A file or folder of `data/`, in a checkout and in an installed wheel alike; `data_path()` is the folder itself.

    Raises:
        InputError: there is no such file.

    >>> data_path("workflows/baseline.yaml").name
    'baseline.yaml'
    """
    installed = _PACKAGE / "_data"
    root = installed if installed.is_dir() else _PACKAGE.parent / "data"
    path = root / name
    if not path.exists():
        names = sorted(str(file.relative_to(root)) for file in root.rglob("*.yaml"))
        raise InputError(f"attune-sim has no data file {name!r}; there are: {', '.join(names)}")
    return path


def notebook_files() -> tuple[Path, ...]:
    """The notebooks, by number, in a checkout and in an installed wheel alike.

    >>> notebook_files()[0].name
    '01_tour.ipynb'
    """
    installed = _PACKAGE / "_data" / "notebooks"
    root = installed if installed.is_dir() else _PACKAGE.parent / "notebooks"
    return tuple(sorted(root.glob("*.ipynb")))


def generated_folder() -> Path:
    """Where generated files are kept: `data/generated` of a checkout, else a cache folder of the user.

    Git ignores the folder. Where neither can be written it is a fresh temporary folder.
    """
    checkout = _PACKAGE.parent
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "attune-sim"
    folder = checkout / "data" / "generated" if (checkout / "pyproject.toml").is_file() else cache
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (ignored := folder / ".gitignore").exists():
            with replaced(ignored) as file:
                file.write("*\n")
    except OSError:
        return Path(tempfile.mkdtemp(prefix="attune-sim-"))
    return folder
