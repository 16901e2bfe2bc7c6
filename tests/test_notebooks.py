"""The notebooks: what each has to be, as it lies in the repository. That it runs from clean is a test of the wheel."""

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
