"""Runs the Python of README.md and docs/, and puts its real output and picture where they are shown.

.venv/bin/python docs/make_pictures.py [FILE.md ...]
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from attune_sim.plot.style import RC, rc_params

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "fork_cost.png"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
FILE_NAME = re.compile(r"# ([\w.]+)\n")


def main(names: list[str]) -> None:
    os.environ["ATTUNE_SIM_STATE"] = tempfile.mkdtemp()  # a page shows what a reader sees first
    pages = [Path(name).resolve() for name in names] or [
        ROOT / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
    for page in pages:
        os.chdir(tempfile.mkdtemp())
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


def renewed(page: str) -> str:
    """A page on which every block of text that follows one of Python is what that printed. A block that begins with the name of a
    file becomes that file; what stands under a workflow is how its run ends, and stays."""
    names: dict[str, object] = {"__name__": "__main__"}
    said = ""

    def turn(block: re.Match[str]) -> str:
        nonlocal said
        kind, code = block[1], block[2]
        if named := FILE_NAME.match(code):
            Path(named[1]).write_text(code, encoding="utf-8")
        elif kind == "python":
            said = printed(code, names)
        elif kind == "yaml":
            said = ""
        elif kind == "text" and said:
            return f"```text\n{said}```"
        return block[0]

    return BLOCK.sub(turn, page)


def printed(code: str, names: dict[str, object]) -> str:
    """What a block of Python prints; one that measures the fleet is drawn as well."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(code, names)
    if "fleet.yaml" in code:
        draw(names["found"])
    return said.getvalue()


def draw(found: object) -> None:
    """Memory over the items, and the time of a fork, on white: it is shown on pages of either theme."""
    mpl.use("agg")
    with rc_params(RC):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
    found.plot_memory(ax=left)
    found.plot_fork_time(ax=right)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=110, facecolor="white")


if __name__ == "__main__":
    main(sys.argv[1:])
