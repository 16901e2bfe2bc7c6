"""What a person at a JupyterLab sees and does: a real server, a real browser, real kernels."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

pytestmark = pytest.mark.slow

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_the_tour_restarts_and_runs_to_its_end_with_tables_and_plots(lab: Any, tmp_path: Path) -> None:
    book = lab.open(NOTEBOOKS / "01_tour.ipynb", {"servers": 20, "history": 5, "repeats": 1})

    book.restart_and_run_all()

    assert book.wrong() == []
    numbers = range(book.cells)
    compared = next(
        n for n in numbers if any(row[0] == "shared" for table in book.tables(n) for row in table)
    )
    drawn = [number for number in numbers if book.pictures(number)]
    assert all(min(size) > 100 for number in drawn for size in book.pictures(number))
    for name, number in (("comparison", compared), ("memory", drawn[-1])):
        looks = book.screenshots(f"tour-{name}", number, tmp_path)
        assert brightness(looks["light"]) > 200
        assert brightness(looks["dark"]) < 80


def brightness(picture: bytes) -> float:
    """The mean grey of a picture, 0 to 255."""
    return float(ImageStat.Stat(Image.open(io.BytesIO(picture)).convert("L")).mean[0])


STOPPED = """
import attune_sim as at
found = at.compare("baseline", ["deepcopy", "shared"], items=40, repeats=200)
"""


def test_a_comparison_that_is_interrupted_leaves_what_it_had_come_to(lab: Any) -> None:
    book = lab.open(
        lab.write("stopped", STOPPED, "print(type(at.last()).__name__, len(at.last().cells))\nat.last()")
    )

    book.run(0)
    book.cell(0).locator(".jp-OutputArea-output", has_text=re.compile("^3/400 ")).wait_for()
    book.interrupt()
    book.wait()
    assert "at.last() gives what there is" in book.text(0)

    book.run(1)
    book.wait()
    name, cells = book.outputs(1)[0].text.split()
    assert name == "Comparison"
    assert 0 < int(cells) < 400
    assert "shared" in book.text(1)


HUNGRY = """
import attune_sim as at
at.compare("baseline", ["deepcopy", "shared"], items=400, repeats=1, memory_limit="256MiB")
"""


def test_an_experiment_that_runs_out_of_memory_leaves_the_kernel_alive(lab: Any) -> None:
    book = lab.open(lab.write("hungry", "kept = 42", HUNGRY, "print(kept)"))

    book.restart_and_run_all()

    assert book.wrong() == []
    assert "memory limit at" in book.text(1)
    assert book.text(2).strip() == "42"
