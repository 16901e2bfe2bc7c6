"""An outlook as a picture that follows the page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import attune_sim as at
from attune_sim.api.exploring.drawing import memory_panel, page, time_panel


@pytest.mark.parametrize(
    "moved", [{}, {"items": 10**6}, {"window": 1}, {"payload": "text"}, {"memory": "128MiB"}, {"memory": 1}]
)
def test_every_setting_is_drawn_as_well_formed_svg(explorer: at.Explorer, moved: dict) -> None:
    outlook = explorer.at(**moved).outlook

    for panel in (memory_panel(outlook, "a <b> & c"), time_panel(outlook, "")):
        root = ElementTree.fromstring(panel)
        assert "nan" not in panel
        assert "inf" not in re.sub(r"inherit|<title>.*?</title>", "", panel)
        assert root.get("role") == "img"


def test_what_is_extrapolated_is_broken_and_what_was_measured_is_whole(explorer: at.Explorer) -> None:
    paths = re.findall(r'<path d="[^"]*" fill="none"[^>]*>', memory_panel(explorer.outlook, ""))

    assert any("stroke-dasharray" in path for path in paths)
    assert any('stroke-width="2.0"' in path and "stroke-dasharray" not in path for path in paths)
    far = memory_panel(explorer.at(context_bytes=50_000_000).outlook, "")
    assert 'stroke-width="2.0"' not in far


def test_the_limit_is_a_line_and_deaths_are_marked(explorer: at.Explorer) -> None:
    picture = memory_panel(explorer.outlook, "")

    assert picture.count('class="limit"') == 1
    assert "limit 1 GiB" in picture
    deaths = re.findall(r'class="death"[^>]*><title>(.*?)</title>', picture)
    assert deaths == [
        "deepcopy dies at 1,620 items (estimated)",
        "shared dies at 1,950,000 items (estimated)",
    ]


def test_text_takes_its_colour_from_the_page(explorer: at.Explorer) -> None:
    shown = page(explorer.outlook, "")

    assert "#000" not in shown
    assert 'fill="currentColor"' in shown
    assert "<style" not in shown


def test_names_of_strategies_are_text(swept, record_of) -> None:
    explorer = at.explore(at.Comparison([record_of(strategy="<script>")]), workload="baseline")

    assert "<script>" not in page(explorer.outlook, explorer.title)
