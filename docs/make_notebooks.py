"""Rebuilds the notebooks in place: every cell from a fresh kernel, and nothing kept that changes without a reason.

    python docs/make_notebooks.py [notebooks/01_tour.ipynb ...]

A notebook is its own source: edit it in JupyterLab, then rebuild it. They are executed in an empty folder, as somebody
who starts JupyterLab elsewhere would. One that fails, or writes to the error stream, is left as it was.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

NOTEBOOKS: Final = Path(__file__).resolve().parents[1] / "notebooks"
METADATA: Final = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def executed(
    notebook: Any,
    folder: Path,
    parameters: Mapping[str, object] | None = None,
    seconds: int = 900,
    python: Path = Path(sys.executable),
    env: Mapping[str, str] = os.environ,
) -> Any:
    """A copy of the notebook, executed in a folder by a Python; `parameters` are set after the cell that is tagged with that name."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if parameters and "parameters" in cell.metadata.get("tags", ()):
            cell.source += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
    client = NotebookClient(
        copy, timeout=seconds, record_timing=False, resources={"metadata": {"path": str(folder)}}
    )
    client.create_kernel_manager().kernel_spec.argv[0] = str(python)
    client.execute(env=dict(env))
    return copy


def unwanted(notebook: Any) -> list[str]:
    """What stands in the error streams of its outputs."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [output.text for output in outputs if output.get("name") == "stderr"]


def settled(notebook: Any, name: str) -> Any:
    """The notebook without what differs from one execution to the next though nothing has changed."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{name}-{number}"
        cell.metadata = nbformat.from_dict({"tags": tags} if (tags := cell.metadata.get("tags")) else {})
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    return notebook


def _joined(outputs: Iterable[Any]) -> list[Any]:
    """Outputs with what was written in one go in one piece, however it arrived."""
    kept: list[Any] = []
    for output in outputs:
        output.get("metadata", {}).clear()
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def main(paths: list[Path]) -> int:
    return max([_rebuilt(path) for path in paths or sorted(NOTEBOOKS.glob("*.ipynb"))], default=0)


def _rebuilt(path: Path) -> int:
    """Whether it could not be: 0 or 1, as an exit code says it."""
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = executed(nbformat.read(path, as_version=4), Path(folder))
    except (CellExecutionError, CellTimeoutError) as error:
        print(f"{path.name}: {error}", file=sys.stderr)
        return 1
    if noise := unwanted(done):
        print(f"{path.name}: writes to the error stream: {noise[0]}", file=sys.stderr)
        return 1
    nbformat.write(settled(done, path.stem), path)
    print(f"{path.name}: {time.monotonic() - began:.0f} s, {path.stat().st_size / 1000:.0f} KB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main([Path(one) for one in sys.argv[1:]]))
