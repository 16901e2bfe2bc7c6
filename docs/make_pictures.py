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
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from attune_sim.plot.style import RC, rc_params

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "fork_cost.png"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
OUTPUT = re.compile(r"```text\n.*?```", re.DOTALL)
FILE_NAME = re.compile(r"# ([\w.]+)\n")


def main(names: list[str]) -> None:
    pages = [Path(name).resolve() for name in names] or [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        os.chdir(tempfile.mkdtemp())
        said = list(outputs(text))
        page.write_text(OUTPUT.sub(lambda _: f"```text\n{said.pop(0)}```", text), encoding="utf-8")  # noqa: B023


def outputs(text: str) -> Iterator[str]:
    """What each block of Python printed, if anything. A block that begins with the name of a file becomes that file."""
    names: dict[str, object] = {"__name__": "__main__"}
    for kind, code in BLOCK.findall(text):
        if named := FILE_NAME.match(code):
            Path(named[1]).write_text(code, encoding="utf-8")
        elif kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as said:
                exec(code, names)
            if "fleet.yaml" in code:
                draw(names["found"])
            if said.getvalue():
                yield said.getvalue()


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
