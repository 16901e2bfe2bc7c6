"""The site builds without a warning, asks for nothing outside of itself, leads nowhere that is not there, and leaves nothing out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest

import attune_sim as at
from attune_sim.cli.app import program

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE: Final = re.compile(r"^(?:https?:)?//")
FETCHED_BY_STYLE: Final = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")
FETCHED_BY_SCRIPT: Final = re.compile(
    r"""\b(?:import|from|fetch\(|importScripts\()\s*["'`]((?:https?:)?//[^"'`]+)"""
)
FETCHED: Final = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src", "object": "data",
}  # fmt: skip
"""Element -> what it fetches as the page is shown."""

pytestmark = pytest.mark.slow


@dataclass
class Shown(HTMLParser):
    """What one page fetches, where it leads, and where one can be led to on it."""

    fetched: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    within: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.within = tag
        self.anchors |= {told[name] for name in ("id", "name") if told.get(name)}
        self.classes |= set(told.get("class", "").split())
        if tag == "a" and "href" in told:
            self.links.append(told["href"])
        if tag == "link" and told.get("rel") not in {"canonical", "prev", "next", "alternate"}:
            self.fetched.append(told.get("href", ""))
        if tag in FETCHED and FETCHED[tag] in told:
            self.fetched.append(told[FETCHED[tag]])
        self.fetched += FETCHED_BY_STYLE.findall(told.get("style", ""))

    def handle_data(self, data: str) -> None:
        if self.within == "style":
            self.fetched += FETCHED_BY_STYLE.findall(data)
        if self.within == "script":
            self.fetched += FETCHED_BY_SCRIPT.findall(data)

    def handle_endtag(self, tag: str) -> None:
        self.within = ""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    pytest.importorskip("mkdocs", reason="the extra 'docs' is not installed")
    folder = tmp_path_factory.mktemp("site")
    # Proxies that are not there: whatever wants the network fails.
    alone = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env={**os.environ, **alone, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.findall("^(?:WARNING|ERROR).*", done.stdout + done.stderr, re.MULTILINE) == []
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Shown]:
    """Path -> what is on it, for every page of the site."""
    shown = {}
    for path in sorted(site.rglob("*.html")):
        shown[path] = Shown()
        shown[path].feed(path.read_text(encoding="utf-8"))
    return shown


def test_no_page_asks_for_an_outside_address(site: Path, pages: dict[Path, Shown]) -> None:
    asked = {
        path.name: outside
        for path, page in pages.items()
        if (outside := [each for each in page.fetched if OUTSIDE.match(each)])
    }
    styles = {path.name: FETCHED_BY_STYLE.findall(path.read_text("utf-8")) for path in site.rglob("*.css")}

    assert asked == {}
    assert {name: found for name, found in styles.items() if found} == {}
    # The theme would fetch the program that draws them.
    assert [path.name for path, page in pages.items() if "mermaid" in page.classes] == []


def test_every_file_that_a_page_asks_for_is_there(pages: dict[Path, Shown]) -> None:
    missing = {
        (path.name, each)
        for path, page in pages.items()
        if path.name != "404.html"  # its addresses begin at the root of a server
        for each in page.fetched
        if not each.startswith("data:") and not (path.parent / unquote(each.split("?")[0])).exists()
    }
    assert missing == set()


def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, Shown]) -> None:
    assert [
        found
        for path, page in pages.items()
        if path.name != "404.html"
        for found in _astray(path, page, pages)
    ] == []


def _astray(path: Path, page: Shown, pages: dict[Path, Shown]) -> Iterator[tuple[str, str]]:
    for link in page.links:
        if OUTSIDE.match(link) or link.startswith(("mailto:", "javascript:")):
            continue
        target, _, anchor = link.partition("#")
        there = Path(os.path.normpath(path.parent / unquote(target))) if target else path
        known = pages.get(there)
        if known is None or (anchor and unquote(anchor) not in known.anchors):
            yield path.name, link


def test_every_public_name_has_its_entry(site: Path, pages: dict[Path, Shown]) -> None:
    told: set[str] = set().union(
        *(page.anchors for path, page in pages.items() if path.is_relative_to(site / "reference" / "api"))
    )

    assert [name for name in at.__all__ if f"attune_sim.{name}" not in told] == []


def test_every_command_has_its_entry_with_every_option(site: Path) -> None:
    for name, command in program.commands.items():
        told = (site / "reference" / "cli" / f"{name}.html").read_text(encoding="utf-8")
        options = [option for each in command.params for option in each.opts if option.startswith("--")]
        assert [option for option in options if f"{option}" not in told] == []


def test_every_page_and_notebook_of_the_project_is_on_the_site(site: Path) -> None:
    sources = [
        *(path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")),
        *(path.relative_to(ROOT).with_suffix(".html") for path in (ROOT / "notebooks").glob("*.ipynb")),
    ]
    assert [str(path) for path in sources if not (site / path).exists()] == []


def test_every_page_is_found_by_the_navigation(pages: dict[Path, Shown], site: Path) -> None:
    home = site / "index.html"
    led_to = {
        Path(os.path.normpath(site / unquote(link.split("#")[0])))
        for link in pages[home].links
        if not OUTSIDE.match(link)
    }

    assert [path.name for path in pages if path not in led_to and path.name != "404.html"] == []


def test_a_page_from_the_disk_is_as_wide_as_a_phone_and_finds_words(site: Path, chromium: Any) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto((site / "index.html").as_uri())
    page.click(".md-search__input")
    page.keyboard.type("isolation")
    page.wait_for_selector(".md-search-result__item")

    page.set_viewport_size({"width": 400, "height": 900})
    for name in (
        "index",
        "strategies",
        "language",
        "reference/cli/compare",
        "reference/api/runs",
        "notebooks/01_tour",
    ):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
