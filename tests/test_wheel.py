"""A wheel in a fresh environment, and somebody who works in a folder of their own: notebooks are copied out of it and run there.

What it needs besides is borrowed from the environment of the tests, so that nothing but the build backend is fetched.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]

EXECUTES = """
import json, runpy, sys
from pathlib import Path
import attune_sim, nbformat

assert Path(attune_sim.__file__).is_relative_to(sys.prefix), attune_sim.__file__
maker = runpy.run_path(sys.argv[1])
for name, parameters in json.loads(sys.argv[2]).items():
    book = nbformat.read(f"lab/{name}.ipynb", as_version=4)
    book.cells.append(nbformat.v4.new_code_cell("import sys; print(at.__file__.startswith(sys.prefix))"))
    done = maker["executed"](book, Path.cwd(), parameters, seconds=300)
    print(name, maker["unwanted"](done), done.cells[-1].outputs[0].text.strip())
"""


def called(*call: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    known = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "PYTHON", "JUPYTER"))
    }
    known["JUPYTER_DATA_DIR"] = str(cwd / "jupyter")  # kernels that the user has are none of this
    return subprocess.run(
        list(map(str, call)), cwd=cwd, env=known, capture_output=True, text=True, timeout=600
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


def test_notebooks_are_copied_out_of_a_wheel_and_run_in_another_folder(
    installed: Path, tmp_path: Path
) -> None:
    copied = called(installed.with_name("attune-sim"), "notebooks", "lab", cwd=tmp_path)
    assert copied.returncode == 0, copied.stderr
    assert sorted(path.name for path in (tmp_path / "lab").iterdir()) == [
        path.name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    ]

    small = {
        "01_tour": {"servers": 20, "history": 5, "repeats": 1},
        "06_isolation": {"servers": 6, "proven": ["shared"]},
    }
    maker = ROOT / "docs" / "make_notebooks.py"
    done = called(installed, "-c", EXECUTES, maker, json.dumps(small), cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{name} [] True" for name in small]


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
