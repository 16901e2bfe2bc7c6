from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    # Not above: these take seconds, and whoever leaves out slow tests does not need them.
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)

    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [one for one in outputs if one.get("name") == "stderr"]
    plots = sum(".plot_" in cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert sum("image/png" in one.get("data", {}) for one in outputs) == plots


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_holds_no_path_of_a_machine_and_stays_small(path: Path) -> None:
    text = path.read_text()

    assert "/home/" not in text
    assert "site-packages" not in text
    assert len(text) < 400_000
