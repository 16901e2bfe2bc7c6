"""Tests say the same in the background, where a shell has SIGINT ignored."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
TEST = "experiment/test_grid.py::test_ctrl_c_between_two_cells_tells_what_there_is"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="elsewhere no process is started with a signal ignored")
def test_tests_of_ctrl_c_pass_where_it_is_ignored() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(TESTS / TEST)],
        capture_output=True, text=True, timeout=120, cwd=TESTS.parent,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-2000:]
