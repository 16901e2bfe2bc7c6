"""The explorer in a real JupyterLab: moved, measured, in both themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

EXPLORED = """
import attune_sim as at
swept = at.sweep("baseline", ["deepcopy", "shared"], items=[16, 64, 256], context_bytes=["5KB", "20KB"], repeats=1)
at.explore(swept, limit="512MiB")
"""


def test_a_slider_changes_the_curve_and_a_button_measures_the_point(lab: Any, tmp_path: Path) -> None:
    book = lab.open(lab.write("explored", EXPLORED))
    book.run(0)
    cell = book.cell(0)
    cell.locator(".attune-explore svg").first.wait_for(timeout=120_000)
    book.wait()
    assert book.wrong() == []

    curve = cell.locator(".curve[data-strategy='deepcopy'] path").first
    before = curve.get_attribute("d")
    cell.locator(".noUi-handle").nth(1).focus()  # the context
    book.page.keyboard.press("ArrowRight")
    book.page.wait_for_function(
        "([path, before]) => document.querySelector(path)?.getAttribute('d') !== before",
        arg=[".curve[data-strategy='deepcopy'] path", before],
    )
    assert cell.locator(".limit").text_content().endswith("limit 512 MiB")
    assert cell.locator(".death").count() >= 1

    book.page.keyboard.press("ArrowLeft")
    cell.locator(".noUi-handle").first.focus()  # the items
    book.page.keyboard.press("ArrowRight")
    cell.locator(".attune-explore tbody tr", has_text="shared").filter(has_text="estimated").wait_for()
    cell.locator("select").last.select_option("shared")
    cell.get_by_role("button", name="Measure this point").click()
    cell.get_by_text("Measured shared: the marks are on the curves.").wait_for(timeout=90_000)
    cell.locator(".attune-explore tbody tr", has_text="shared").filter(has_text="measured").wait_for()
    looks = book.screenshots("explorer", 0, tmp_path)
    assert looks["light"] != looks["dark"]
