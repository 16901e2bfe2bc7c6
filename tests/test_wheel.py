"""A wheel in a fresh environment, and somebody who works in a folder of their own: every notebook runs there from clean, and a
workflow of their own gets an answer.

What it needs besides is borrowed from the environment of the tests, so that nothing but the build backend is fetched.
"""

from __future__ import annotations

import importlib.util
import os
import re
import runpy
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).parents[1]
NOTEBOOKS: Final = sorted((ROOT / "notebooks").glob("*.ipynb"))

SMALL: Final[Mapping[str, dict[str, object]]] = {
    "01_tour": {"servers": 20, "history": 5, "repeats": 1},
    "03_fork_cost": {
        "items": 5, "context_bytes": "50KB", "repeats": 1, "strategies": ["deepcopy", "orjson", "projected", "shared"],
    },
    "04_scenarios": {
        "strategies": ["deepcopy", "shared"],
        "sizes": {"health_check": 20, "log_pipeline": 20, "notifications": 20},
    },
    "05_laws": {
        "strategies": ["deepcopy", "shared"], "items": [8, 32], "context_bytes": ["10KB", "40KB"], "beyond": 64,
        "claim": "freed", "payloads": ["text"],
    },
    "06_isolation": {"servers": 6, "proven": ["frozen", "shared"]},
    "07_simulation": {
        "servers": 20, "duration": "30min", "strategies": ["deepcopy", "shared"], "seeds": 2, "plan_duration": "3min",
    },
    "08_own_strategy": {"items": 10, "history": 2, "repeats": 1},
    "09_your_workflow": {"users": 40, "rows": 30, "budget": "1s"},
}  # fmt: skip
"""What its `parameters` are in the tests, where they differ; `make notebooks` takes those that stand there."""

FROM_WHEEL: Final = "import sys\nat.__file__.startswith(sys.prefix)"


def alone(folder: Path) -> dict[str, str]:
    """An environment that knows neither this repository nor kernels that the user has."""
    ours = ("PYTEST", "PYTHON", "JUPYTER")
    known = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**known, "JUPYTER_DATA_DIR": str(folder / "jupyter")}


def called(*call: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, call)), cwd=cwd, env=alone(cwd), capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which this project is installed from its wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    options = [] if importlib.util.find_spec("hatchling") is None else ["--no-build-isolation"]
    pip = (sys.executable, "-m", "pip")
    built = called(*pip, "wheel", "--quiet", "--no-deps", *options, "--wheel-dir", folder, ROOT, cwd=folder)
    if "No matching distribution found for hatchling" in built.stderr:
        pytest.skip(
            "the package index cannot be reached, and hatchling is not installed: pip install hatchling"
        )
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("attune_sim-*.whl")

    made = called(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    assert made.returncode == 0, made.stderr
    python = folder / "venv" / "bin" / "python"
    put = called(*pip, "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    assert put.returncode == 0, put.stderr
    place = called(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    ).stdout.strip()
    (Path(place) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_notebooks_are_copied_out_of_a_wheel_as_they_are(installed: Path, tmp_path: Path) -> None:
    copied = called(installed.with_name("attune-sim"), "notebooks", "lab", cwd=tmp_path)

    assert copied.returncode == 0, copied.stderr
    ours = {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {path.name: path.read_bytes() for path in (tmp_path / "lab").iterdir()} == ours


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_clean_in_an_empty_folder_and_says_nothing_on_the_error_stream(
    path: Path, installed: Path, tmp_path: Path
) -> None:
    import nbformat

    maker = runpy.run_path(str(ROOT / "docs" / "make_notebooks.py"))
    folder, small = tmp_path / "elsewhere", SMALL.get(path.stem, {})
    folder.mkdir()
    book = nbformat.read(path, as_version=4)
    [asked] = [cell.source for cell in book.cells if "parameters" in cell.metadata.get("tags", ())]
    assert [name for name in small if not re.search(rf"^[\w, ]*\b{name}\b[\w, ]* = ", asked, re.M)] == []
    book.cells.append(nbformat.v4.new_code_cell(FROM_WHEEL))

    done = maker["executed"](book, folder, small, seconds=300, python=installed, env=alone(tmp_path))

    assert maker["unwanted"](done) == []
    assert list(folder.iterdir()) == []
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    assert outputs.pop()["data"]["text/plain"] == "True"
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    sources = [cell.source for cell in done.cells if cell.cell_type == "code"]
    assert pictures == sum(source.rstrip().endswith(";") for source in sources)


MINE = """
version: 1.0.0
ref: mine.hosts
parameters:
  hosts: {type: integer, default: 30}
tasks:
  - name: inventory
    action: mine.inventory
    next: [{do: [check]}]
  - name: check
    action: mine.check
    with_items: "{{ range(parameters.hosts) }}"
    input: {server: "{{ item }}", port: "{{ task.inventory.port }}"}
"""

MY_ACTIONS = """
def mine__inventory():
    return {"port": 8080, "known": [{"host": f"host-{n}", "rack": n % 40} for n in range(200)]}


def mine__check(server, port):
    return {"up": True}
"""


def test_a_stranger_s_own_workflow_gets_an_answer_and_a_page(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    (tmp_path / "mine.py").write_text(MY_ACTIONS)

    asked = ("mine.yaml", "--actions", "mine.py", "--items", "100000", "--memory", "1GiB")
    told = called(
        installed.with_name("attune-sim"), "advise", *asked, "--budget", "3s", "--report", "advice.html",
        cwd=tmp_path,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr
    first, *rest = told.stdout.splitlines()
    assert "100,000 items" in first
    assert rest[-1] == "report: advice.html"
    page = (tmp_path / "advice.html").read_text(encoding="utf-8")
    assert "Advice for mine.hosts" in page
    assert "deepcopy" in page
    assert not re.search(r"(src|href)=.https?:", page), "it opens offline"
