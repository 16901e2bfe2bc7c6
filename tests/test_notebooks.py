"""The notebooks: what each has to be, as it lies in the repository, and that it runs from clean in a folder of its own."""

from __future__ import annotations

import ast
import json
import re
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

import attune_sim as at

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

MOST_BYTES: Final = 500_000

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def maker() -> dict[str, Any]:
    """What `make notebooks` runs. Not above: it loads what those who leave out slow tests do not need."""
    return runpy.run_path(str(ROOT / "docs" / "make_notebooks.py"))


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def sources(notebook: Mapping[str, Any], kind: str = "code") -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def outputs(notebook: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", ())]


def programs(notebook: Mapping[str, Any]) -> Iterator[ast.AST]:
    """Every node of its code; the magics of IPython are no Python."""
    for source in sources(notebook):
        if not source.startswith("%%"):
            kept = "\n".join("" if line.lstrip().startswith("%") else line for line in source.splitlines())
            yield from ast.walk(ast.parse(kept))


@pytest.mark.slow
@each
def test_a_notebook_runs_from_clean_in_an_empty_folder_and_says_nothing_on_the_error_stream(
    path: Path, tmp_path: Path, maker: dict[str, Any]
) -> None:
    import nbformat

    folder = tmp_path / "elsewhere"
    folder.mkdir()

    done = maker["executed"](nbformat.read(path, as_version=4), folder, SMALL.get(path.stem, {}), seconds=300)

    assert maker["unwanted"](done) == []
    assert list(folder.iterdir()) == []
    pictures = sum("image/png" in one.get("data", {}) for one in outputs(done))
    assert pictures == sum(source.rstrip().endswith(";") for source in sources(done))


@each
def test_a_notebook_begins_with_its_question_and_ends_with_what_to_try_next(path: Path) -> None:
    texts = sources(read(path), "markdown")

    assert read(path)["cells"][0]["cell_type"] == read(path)["cells"][-1]["cell_type"] == "markdown"
    assert re.match(r"# [^\n]+\?\n", texts[0])
    assert texts[-1].startswith("## What to try next\n")


@each
def test_a_notebook_has_its_parameters_in_one_tagged_cell_of_assignments(path: Path) -> None:
    tagged = [cell for cell in read(path)["cells"] if "parameters" in cell["metadata"].get("tags", ())]

    assert len(tagged) == 1
    statements = ast.parse("".join(tagged[0]["source"])).body
    assert all(isinstance(one, ast.Assign) for one in statements)
    names = {
        node.id
        for one in statements
        for node in ast.walk(one)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    assert set(SMALL.get(path.stem, {})) <= names


@each
def test_a_notebook_uses_the_public_api_alone(path: Path) -> None:
    notebook = read(path)
    imported, used, private = set(), set(), set()
    for node in programs(notebook):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "at":
                used.add(node.attr)
            if node.attr.startswith("_"):
                private.add(node.attr)

    assert [name for name in imported if name.startswith("attune_sim")] == ["attune_sim"]
    assert used <= set(at.__all__)
    assert private <= {"__init__"}


@each
def test_links_of_a_notebook_lead_to_notebooks_that_are_there(path: Path) -> None:
    linked = re.findall(r"\]\(([^)]+)\)", "\n".join(sources(read(path), "markdown")))

    assert [name for name in linked if not (path.parent / name).is_file()] == []


@each
def test_a_notebook_is_kept_with_the_outputs_of_one_run_without_errors_paths_or_much_weight(
    path: Path,
) -> None:
    notebook = read(path)
    counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]

    assert counts == list(range(1, len(counts) + 1))
    assert outputs(notebook)
    assert [
        one for one in outputs(notebook) if one["output_type"] == "error" or one.get("name") == "stderr"
    ] == []
    assert len(json.dumps(outputs(notebook))) < MOST_BYTES
    text = path.read_text(encoding="utf-8")
    assert [place for place in ("/home/", "/tmp/", "/work/", "site-packages") if place in text] == []


@each
def test_a_notebook_keeps_nothing_that_changes_without_a_reason(path: Path, maker: dict[str, Any]) -> None:
    import nbformat

    kept = nbformat.read(path, as_version=4)

    assert maker["settled"](nbformat.read(path, as_version=4), path.stem) == kept
