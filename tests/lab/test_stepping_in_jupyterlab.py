"""Step-through in a real JupyterLab: what is shared and what is copied look different."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_a_value_that_is_shared_and_one_that_is_copied_look_different(lab: Any, tmp_path: Path) -> None:
    begun = "import attune_sim as at\nstepper = at.step('baseline', strategy='{}', items=3)\nnext(stepper); next(stepper)"
    book = lab.open(lab.write("stepped", begun.format("shared"), begun.format("deepcopy")))

    book.restart_and_run_all()

    assert book.wrong() == []
    arrows, own, looks = [], [], []
    for number in (0, 1):
        drawn = book.cell(number).locator(".attune-step svg").first
        drawn.wait_for()
        arrows.append(drawn.locator("path.shared").count())
        own.append(max(float(bar.get_attribute("width")) for bar in drawn.locator("rect.own").all()))
        looks.append(book.screenshots(f"step-{number}", number, tmp_path))
    assert arrows[0] > 0, "what forks share is led to from each"
    assert own[1] > 3 * own[0], "a copied context is a fork's own part"
    assert looks[0]["light"] != looks[1]["light"]
    assert looks[0]["light"] != looks[0]["dark"]
