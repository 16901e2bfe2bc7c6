"""What a browser makes of reports: headless Chromium at the width of a telephone and of a desk, light, dark and print.

Skipped where Chromium (or Playwright, which drives it) is missing; what asks axe-core, where that is. `.ci/run` installs all three.
A page that was meant to change has new pictures with `ATTUNE_SIM_RENEW=1`.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

import attune_sim as at
from attune_sim.reports import Summary, page
from attune_sim.scenarios.registry import scenarios

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PICTURES = Path(__file__).parent / "pictures"
AXE = Path(os.environ.get("ATTUNE_SIM_AXE", ROOT / "build/node/node_modules/axe-core/axe.min.js"))
FONT = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"

LOOKS: Mapping[str, dict[str, Any]] = {
    "desk-light": {"width": 1280},
    "desk-dark": {"width": 1280, "scheme": "dark"},
    "phone-light": {"width": 400},
    "phone-dark": {"width": 400, "scheme": "dark"},
    "print": {"width": 794, "media": "print"},
}
KINDS = ("comparison", "sweep", "run", "claims", "simulation")

SMALLER = 8
"""How many times smaller than the page its picture is kept."""

MOST_BYTES = 40_000
APART, FAR = 2.5, 0.01
"""How far the grey of a page (0 to 255) may be off in the mean, and the share of places that may be off by more than 48: letters are
drawn a little otherwise by each version of a browser, a part that has moved is off everywhere below it."""

Open = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a page of HTML in one of the `LOOKS`; every request that leaves the machine fails the test."""
    contexts, outside = [], []

    def open_(html: str, look: str = "desk-light", *, script: bool = True) -> Any:
        wanted = LOOKS[look]
        context = chromium.new_context(
            viewport={"width": wanted["width"], "height": 900},
            color_scheme=wanted.get("scheme", "light"),
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        contexts.append(context)
        shown = context.new_page()
        shown.on(
            "request",
            lambda request: (
                outside.append(request.url) if not request.url.startswith(("file:", "data:")) else None
            ),
        )
        shown.emulate_media(media=wanted.get("media", "screen"), color_scheme=wanted.get("scheme", "light"))
        file = tmp_path / f"{len(contexts)}.html"
        file.write_text(html, encoding="utf-8")
        shown.goto(file.as_uri())
        return shown

    yield open_
    for context in contexts:
        context.close()
    assert outside == []


@pytest.fixture(scope="module")
def pages(summaries: Mapping[str, Summary]) -> Mapping[str, str]:
    return {name: page(summary) for name, summary in summaries.items()}


def violations(shown: Any) -> list[str]:
    """What axe-core finds wrong, each with the first place of it."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm install --prefix build/node axe-core")
    shown.evaluate(AXE.read_text(encoding="utf-8"))
    found = shown.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]


def is_too_wide(shown: Any) -> bool:
    return bool(shown.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", KINDS)
def test_a_report_is_accessible_fits_its_width_and_asks_nobody(
    pages: Mapping[str, str], opened: Open, name: str, look: str
) -> None:
    shown = opened(pages[name], look)

    assert not is_too_wide(shown)
    assert violations(shown) == []


@pytest.mark.parametrize("name", scenarios)
def test_the_report_of_every_scenario_is_accessible_and_fits_its_width_in_every_look(
    opened: Open, name: str, tmp_path: Path
) -> None:
    found = at.compare(name, ["deepcopy", "shared"], items=10, repeats=1, progress=False)
    html = Path(found.report(tmp_path / "report.html")).read_text(encoding="utf-8")

    for look in LOOKS:
        shown = opened(html, look)
        assert not is_too_wide(shown)
        assert violations(shown) == []


@pytest.mark.parametrize("name", ["comparison", "sweep"])
def test_before_and_after_are_in_sight_at_once_on_a_telephone(
    pages: Mapping[str, str], opened: Open, name: str
) -> None:
    table = opened(pages[name], "phone-light").get_by_role("region", name="Before and after")

    assert table.evaluate("region => region.scrollWidth - region.clientWidth") == 0


def test_a_site_opens_from_disk_and_its_links_lead_on(opened: Open, tmp_path: Path) -> None:
    run = at.run("baseline", items=3)
    index = Path(at.report({"one": run, "two": run}, tmp_path / "site.html"))
    shown = opened(index.read_text(encoding="utf-8"))
    assert violations(shown) == []

    shown.goto(index.as_uri())
    shown.get_by_role("link", name="baseline: one run").first.click()
    assert shown.url.endswith("site-one.html")
    assert shown.get_by_role("heading", level=1).inner_text() == "baseline: one run"
    shown.get_by_role("link", name="All results").click()
    assert shown.url.endswith("site.html")


def test_without_a_script_nothing_is_missing(pages: Mapping[str, str], opened: Open) -> None:
    with_script, without = (opened(pages["sweep"], script=script) for script in (True, False))

    told = with_script.locator("main").inner_text()
    assert without.locator("main").inner_text().split() == told.split()
    assert without.get_by_role("columnheader").get_by_role("button").count() == 0


def test_a_heading_of_a_table_sorts_it_by_the_keyboard_by_amounts_whatever_their_units(
    pages: Mapping[str, str], opened: Open
) -> None:
    shown = opened(pages["comparison"])
    table = shown.get_by_role("table", name="What a strategy costs an item")
    head = table.get_by_role("button", name="fork_us", exact=True)
    order = lambda: [row.inner_text() for row in table.get_by_role("rowheader").all()]  # noqa: E731

    head.press("Enter")
    assert order() == ["shared", "chainmap", "persistent", "deepcopy"]
    head.press("Enter")
    assert order() == ["deepcopy", "persistent", "chainmap", "shared"]
    assert (
        table.get_by_role("columnheader", name="fork_us", exact=True).get_attribute("aria-sort")
        == "descending"
    )


def test_by_the_keyboard_every_table_can_be_scrolled_and_every_folded_part_opened(
    pages: Mapping[str, str], opened: Open
) -> None:
    shown = opened(pages["comparison"], "phone-light")
    folded = shown.locator("details")

    assert folded.count() == 2
    assert folded.evaluate_all("parts => parts.map(part => part.open)") == [False, False]
    folded.first.locator("summary").press("Enter")
    assert folded.first.evaluate("part => part.open")
    region = shown.locator(".scroll").nth(1)
    region.focus()
    before = region.evaluate("part => part.scrollLeft")
    for _ in range(5):
        region.press("ArrowRight")
    shown.wait_for_function("part => part.scrollLeft > 0", arg=region.element_handle())
    assert before == 0


def test_a_page_shows_the_large_picture_in_the_width_that_fits_and_paper_shows_what_is_folded(
    pages: Mapping[str, str], opened: Open
) -> None:
    desk, phone, paper = (
        opened(pages["comparison"], look) for look in ("desk-light", "phone-light", "print")
    )

    assert desk.locator(".picture.wide").is_visible()
    assert not desk.locator(".picture.narrow").is_visible()
    assert phone.locator(".picture.narrow").is_visible()
    assert not phone.locator(".picture.wide").is_visible()
    assert paper.locator("details table").last.is_visible()
    assert len(paper.pdf(format="A4")) > 20_000


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", KINDS)
def test_a_report_looks_as_it_did(pages: Mapping[str, str], opened: Open, name: str, look: str) -> None:
    shown = opened(pages[name], look)
    shown.add_style_tag(content=_FACE)
    shown.evaluate("document.fonts.ready")
    seen = reduced(shown.screenshot(full_page=True))
    kept = PICTURES / f"{name}-{look}.png"

    if os.environ.get("ATTUNE_SIM_RENEW"):
        PICTURES.mkdir(exist_ok=True)
        seen.save(kept, optimize=True)
    assert kept.stat().st_size <= MOST_BYTES
    before = Image.open(kept)
    assert abs(seen.height - before.height) <= 2
    height = min(seen.height, before.height)
    off = np.abs(
        np.subtract(*(np.asarray(one.crop((0, 0, one.width, height)), dtype=float) for one in (seen, before)))
    )
    assert float(off.mean()) <= APART
    assert float((off > 48).mean()) <= FAR


_FACE = (
    "@font-face { font-family: Kept; src: url(data:font/ttf;base64,"
    + base64.b64encode(FONT.read_bytes()).decode()
    + ") } * { font-family: Kept !important }"
)
"""One font for all: that of matplotlib, which comes along with it."""


def reduced(screenshot: bytes) -> Image.Image:
    """A page in grey, so many times smaller."""
    whole = Image.open(io.BytesIO(screenshot)).convert("L")
    size = whole.width // SMALLER, whole.height // SMALLER
    return whole.resize(size, Image.Resampling.BOX).quantize(16).convert("L")
