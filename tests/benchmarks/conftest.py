"""Modules of the benchmarks, which are scripts and no part of the package."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Imports one by its name, as it is run; the plain names that it brought along are gone after the test."""
    if not FOLDER.exists():
        pytest.skip("benchmarks are not part of a source distribution")
    for folder in (FOLDER, FOLDER / "peers"):
        monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield importlib.import_module
    for name in sys.modules.keys() - before:
        if _place(sys.modules[name]).startswith(str(FOLDER)):
            del sys.modules[name]


def _place(module: Any) -> str:
    """The file of a module; of a folder without `__init__.py`, which has none, the folder."""
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")
