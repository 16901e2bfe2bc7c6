"""The plugin in a project that is not this one: a wheel in a fresh environment, a user's own workflow and strategy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FOREIGN = Path(__file__).parent / "foreign"
ROOT = FOREIGN.parent.parent

COUNTED = ("-k", "counts or asserts or group", "-p", "no:cacheprovider")


def called(*call: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    words = list(map(str, call))
    return subprocess.run(
        words, cwd=cwd, env={**known, **environment}, capture_output=True, text=True, timeout=600
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, with a baseline of what it is."""
    place = tmp_path / "shop"
    shutil.copytree(FOREIGN, place)
    return place


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(project: Path) -> Run:
    """`run("-k", "counts", PLANT="bytes")`: the tests of the project, here and now."""

    def tests(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        call = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "gates.py", *options)
        return called(*call, cwd=project, PYTHONPATH=str(ROOT), **environment)

    return tests


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the live heap is read from glibc")
def test_a_planted_regression_fails_with_a_line_that_names_it(run: Run) -> None:
    """How surely a time a tenth longer is found is shown by `benchmarks/bench_gates.py`."""
    saved = run("-k", "counts", "--attune-save")
    assert saved.returncode == 0, saved.stdout
    assert "what contexts cost" not in saved.stdout

    names = {
        "bytes": "fork_bytes:1%: shop.visit, ours, 20 items, eager: fork_bytes is 136 B, limit 73 B (72 B in the baseline), 1.89 times",
        "promise": "promises are kept: ours: ours: items cannot see each other's writes at the top level: BROKEN",
        "copy": "fork_bytes <= 256: shop.visit, ours, 20 items, eager: fork_bytes is 41.",
    }
    for plant, line in names.items():
        failed = run("-k", "counts", PLANT=plant)
        assert failed.returncode == 1, plant
        assert line in failed.stdout


@pytest.mark.slow
@pytest.mark.parametrize("version", ["8.*", "9.*"])
def test_the_wheel_works_in_a_fresh_environment_with_two_workers(
    version: str, project: Path, tmp_path: Path
) -> None:
    """What it needs is fetched from the package index, so that this takes a few minutes and a network."""
    wheel = built_wheel(tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    called(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    installed = called(
        python, "-m", "pip", "install", "--quiet", wheel, f"pytest=={version}", "pytest-xdist", cwd=tmp_path
    )
    if "No matching distribution" in installed.stderr and f"pytest=={version}" in installed.stderr:
        pytest.skip(f"the package index cannot be reached: {installed.stderr.splitlines()[-1]}")
    assert installed.returncode == 0, installed.stderr

    saved = called(python, "-m", "pytest", "-n", "2", "--attune-save", *COUNTED, cwd=project)
    assert (saved.returncode, "3 passed" in saved.stdout) == (0, True), saved.stdout
    kept = called(python, "-m", "pytest", "-n", "2", "--attune-compare", *COUNTED, cwd=project)
    assert (kept.returncode, "what contexts cost" in kept.stdout) == (0, False), kept.stdout
    broken = called(
        python, "-m", "pytest", "-n", "2", "--attune-json", "out.json", *COUNTED, cwd=project, PLANT="bytes"
    )
    assert broken.returncode == 1
    assert "fork_bytes:1%: shop.visit, ours, 20 items, eager: fork_bytes is 136 B" in broken.stdout
    assert json.loads((project / "out.json").read_text())["ok"] is False
    checked = called(python.with_name("attune-sim"), "check", "pyproject.toml", cwd=project)
    assert (checked.returncode, checked.stdout) == (0, "")


def built_wheel(folder: Path) -> Path:
    """The wheel of what is here."""
    done = called(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("attune_sim-*.whl")
    return wheel
