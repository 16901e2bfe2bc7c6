"""What a browser makes of a card within a page that looks as JupyterLab does: light and dark, and without a trace outside of it.

Skipped where Chromium, or Playwright that drives it, is missing.
"""

from __future__ import annotations

from typing import Any

import pytest

import attune_sim as at
from attune_sim.api.showing.frames import show

PAGE = """<!doctype html><html><head><style>
body { background: var(--jp-layout-color0); color: rgb(1, 2, 3); font: 17px serif; }
body[data-jp-theme-light="true"] { --jp-layout-color0: rgb(255, 255, 255); --jp-content-font-color1: rgb(20, 20, 20); }
body[data-jp-theme-light="false"] { --jp-layout-color0: rgb(17, 17, 17); --jp-content-font-color1: rgb(235, 235, 235); }
</style></head><body data-jp-theme-light="%s">
<div class="outside"><h1>h</h1><table><tbody><tr><td>a</td></tr></tbody></table><p class="finding">p</p></div>
%s</body></html>"""
LOOK = "(where) => { const s = getComputedStyle(document.querySelector(where)); return [s.color, s.fontSize, s.borderBottomWidth] }"
OUTSIDE = (".outside h1", ".outside td", ".outside .finding")


@pytest.fixture(scope="module")
def page(chromium: Any) -> Any:
    return chromium.new_page()


@pytest.mark.slow
@pytest.mark.parametrize(("light", "ink"), [("true", "rgb(20, 20, 20)"), ("false", "rgb(235, 235, 235)")])
@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_card_has_the_colours_of_the_notebook_whatever_the_system_has_and_changes_nothing_beside_it(
    page: Any, light: str, ink: str, system: str
) -> None:
    cards = [at.strategies, at.scenarios, at.Guarantees(isolated_items=True, isolated_nested=False)]
    html = "".join(one._repr_mimebundle_()["text/html"] for one in cards)
    html += show(at.strategies_frame(price=False))._repr_mimebundle_()["text/html"]
    page.emulate_media(color_scheme=system)

    page.set_content(PAGE % (light, ""))
    before = [page.evaluate(LOOK, where) for where in OUTSIDE]
    page.set_content(PAGE % (light, html))

    assert [page.evaluate(LOOK, where) for where in OUTSIDE] == before
    assert page.evaluate(LOOK, "section td")[0] == ink
    assert page.evaluate(LOOK, "section h1")[0] == ink
    failed = "rgb(179, 38, 30)" if light == "true" else "rgb(255, 138, 128)"
    bad = "() => { const s = document.querySelector('section'); s.style.color = 'var(--bad)'; return getComputedStyle(s).color }"
    assert page.evaluate(bad) == failed


FITS = """() => [...document.querySelectorAll('section .scroll')].map(place => {
    const caption = place.querySelector('caption').getBoundingClientRect(), room = place.getBoundingClientRect();
    return [caption.left >= room.left - 1, caption.right <= room.right + 1];
})"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [400, 1280])
def test_what_a_wide_table_says_of_itself_is_read_whole_at_every_width_and_wherever_it_is_scrolled_to(
    page: Any, comparison_records: list[Any], width: int
) -> None:
    frame = at.Comparison(comparison_records).cells
    page.set_viewport_size({"width": width, "height": 800})

    # An output of a notebook is narrower than its window.
    html = f'<div style="margin-left: 80px">{show(frame)._repr_mimebundle_()["text/html"]}</div>'
    page.set_content(PAGE % ("true", html))

    assert page.evaluate(FITS) == [[True, True]]
    page.evaluate("() => { document.querySelector('section .scroll').scrollLeft = 200 }")
    assert page.evaluate(FITS) == [[True, True]]
