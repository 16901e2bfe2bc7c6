"""The plugin in a project that is not this one: a wheel in a fresh environment, a user's own workflow and strategy."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

FOREIGN = Path(__file__).parent / "foreign"
ROOT = FOREIGN.parent.parent

IS_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the live heap is read from glibc")
NEEDS_VALGRIND = pytest.mark.skipif(
    shutil.which("valgrind") is None, reason="instructions are counted by valgrind"
)

Done = subprocess.CompletedProcess[str]


def called(*call: object, cwd: Path, **environment: str) -> Done:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    words = list(map(str, call))
    return subprocess.run(
        words, cwd=cwd, env={**known, **environment}, capture_output=True, text=True, timeout=600
    )


def copied(folder: Path) -> Path:
    """A copy of the project, without a baseline."""
    return Path(shutil.copytree(FOREIGN, folder, ignore=shutil.ignore_patterns("__pycache__")))


# -- planted regressions ---------------------------------------------------------------------------------------------------

Run = Callable[..., Done]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`run("counts", PLANT="bytes")`: a test of the project, against a baseline of what it is without a plant."""
    project = copied(tmp_path_factory.mktemp("planted") / "shop")

    def tests(name: str, *options: str, **environment: str) -> Done:
        call = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"gates.py::test_{name}", *options)
        return called(*call, cwd=project, PYTHONPATH=str(ROOT), **environment)

    return tests


@pytest.fixture(scope="module")
def counted(run: Run) -> Run:
    """The same, once the counts are kept."""
    saved = run("counts", "--attune-save")
    assert (saved.returncode, "what contexts cost" in saved.stdout) == (0, False), saved.stdout
    return run


@IS_LINUX
@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "line"),
    [
        (
            "copy",
            "fork_bytes <= 256: shop.visit, ours, 20 items, eager: fork_bytes is 41.",
        ),
        (
            "promise",
            "promises are kept: ours: ours: items cannot see each other's writes at the top level: BROKEN",
        ),
        (
            "bytes",
            "fork_bytes:1%: shop.visit, ours, 20 items, eager: fork_bytes is 136 B, limit 73 B (72 B in the baseline), 1.89 times",
        ),
    ],
)
def test_a_planted_regression_fails_with_a_line_that_names_it(counted: Run, plant: str, line: str) -> None:
    failed = counted("counts", PLANT=plant)

    assert failed.returncode == 1
    assert line in failed.stdout


@NEEDS_VALGRIND
@pytest.mark.slow
def test_a_fork_that_takes_a_tenth_more_work_fails_with_a_line_that_names_it(run: Run) -> None:
    """By instructions, which no machine changes; how surely it is found by the time it takes is shown by `benchmarks/bench_gates.py`."""
    saved = run("instructions", "--attune-save")
    assert saved.returncode == 0, saved.stdout

    failed = run("instructions", PLANT="slower")
    assert failed.returncode == 1
    [line] = [
        line
        for line in failed.stdout.splitlines()
        if line.startswith("fork_instructions:5%: shop.visit, ours")
    ]
    assert "times that of the baseline (1 pair)" in line


# -- the wheel, under each pytest ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is here as a wheel. What builds it is fetched, unless it is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    done = pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    skip_without_index(done)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("attune_sim-*.whl")
    return built


def pip(*words: object, cwd: Path) -> Done:
    return called(
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--retries",
        "1",
        *words,
        "--quiet",
        cwd=cwd,
    )


def skip_without_index(done: Done) -> None:
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip().splitlines()[-1]}")


def environment_with(wheel: Path, major: str, folder: Path) -> Path:
    """The Python of a fresh environment that has the wheel and a pytest of this version; all else is what is installed here."""
    place, newer = folder / "venv", folder / "pytest"
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    done = pip("--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    if int(major) != pytest.version_tuple[0]:
        done = pip("install", "--target", newer, f"pytest=={major}.*", cwd=folder)
        skip_without_index(done)
        assert done.returncode == 0, done.stderr
    [own] = place.glob("lib/python*/site-packages")
    (own / "beside.pth").write_text("\n".join([str(newer), *site.getsitepackages()]), encoding="utf-8")
    return python


HERE = str(pytest.version_tuple[0])


class Elsewhere:
    """The project in a fresh environment with the wheel and a pytest of this version, whose tests run in two processes."""

    def __init__(self, major: str, wheel: Path, folder: Path) -> None:
        self.project, self.python = copied(folder / "shop"), environment_with(wheel, major, folder)
        asked = "import attune_sim, pytest; print(attune_sim.__file__, pytest.__version__)"
        where = called(self.python, "-c", asked, cwd=self.project)
        path, version = where.stdout.split()
        assert (Path(path).is_relative_to(folder), version.split(".")[0]) == (True, major), where

    def tests(self, names: str, *options: str, **environment: str) -> Done:
        call = (self.python, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "-k", names, *options)
        return called(*call, cwd=self.project, **environment)


@IS_LINUX
@pytest.mark.slow
def test_the_wheel_works_in_a_fresh_environment_with_two_workers(wheel: Path, tmp_path: Path) -> None:
    shop = Elsewhere(HERE, wheel, tmp_path)

    saved = shop.tests("counts or asserts or group", "--attune-save")
    assert (saved.returncode, "3 passed" in saved.stdout) == (0, True), saved.stdout
    kept = shop.tests("counts or group", "--attune-compare")
    assert (kept.returncode, "what contexts cost" in kept.stdout) == (0, False), kept.stdout
    broken = shop.tests("counts or group", "--attune-json", "out.json", PLANT="bytes")
    assert (broken.returncode, "1 failed, 1 passed" in broken.stdout) == (1, True), broken.stdout
    assert "fork_bytes:1%: shop.visit, ours, 20 items, eager: fork_bytes is 136 B" in broken.stdout
    assert json.loads((shop.project / "out.json").read_text())["ok"] is False
    checked = called(shop.python.with_name("attune-sim"), "check", "pyproject.toml", cwd=shop.project)
    assert (checked.returncode, checked.stdout) == (0, "")


@IS_LINUX
@pytest.mark.slow
@pytest.mark.parametrize("major", sorted({"8", "9"} - {HERE}))
def test_another_pytest_finds_the_plugin_and_tells_a_broken_rule(
    major: str, wheel: Path, tmp_path: Path
) -> None:
    """Its hooks, the marker, the fixture, two workers: what is measured and compared knows nothing of pytest."""
    shop = Elsewhere(major, wheel, tmp_path)

    saved = shop.tests("counts or asserts or group", "--attune-save")
    assert (saved.returncode, "3 passed" in saved.stdout) == (0, True), saved.stdout
    broken = shop.tests("counts", "--attune-json", "out.json", PLANT="bytes")
    assert (broken.returncode, "1 failed" in broken.stdout) == (1, True), broken.stdout
    assert "fork_bytes:1%: shop.visit, ours, 20 items, eager: fork_bytes is 136 B" in broken.stdout
    assert json.loads((shop.project / "out.json").read_text())["ok"] is False
