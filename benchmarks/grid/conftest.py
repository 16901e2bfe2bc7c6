"""The options of the grid."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))  # what the benchmarks share lies beside them


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--megabytes", default="0,0.1,1,5", help="sizes of the context")
    parser.addoption("--payloads", default="text,records,numbers", help="shapes of what is in it")
