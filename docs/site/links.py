"""Which file of the project became which page, and what that makes of a link."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Final

AT_THE_ROOT: Final[Mapping[str, str]] = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
}
"""File at the root of the project -> the page that it is on the site."""

FENCE: Final = re.compile(r"^( *)(`{3,})[^\n]*\n.*?^\1\2 *$", re.DOTALL | re.MULTILINE)
LINK: Final = re.compile(
    r"(?P<text>\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^)\s#]*)(?P<anchor>#[^)\s]*)?\)"
)


def page_of(path: str) -> str:
    """The page that a file of the project is on the site; empty if it is none.

    >>> page_of("README.md"), page_of("docs/howto/operator.md"), page_of("notebooks/01_tour.ipynb"), page_of("LICENSE")
    ('index.md', 'howto/operator.md', 'notebooks/01_tour.md', '')
    """
    if path in AT_THE_ROOT:
        return AT_THE_ROOT[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith("notebooks/"):
        return path.removesuffix(".ipynb") + ".md"
    return ""


def source_of(page: str) -> str | None:
    """The file of the project that a page was made of; None if it was made of the code."""
    if page.startswith("reference/"):
        return None
    if page.startswith("notebooks/"):
        return page.removesuffix(".md") + ".ipynb"
    return {made: path for path, made in AT_THE_ROOT.items()}.get(page, f"docs/{page}")


def led(text: str, page: str) -> str:
    """The text of a page, its links leading to pages. What is in the project and not on the site is named only."""
    source = source_of(page)
    if source is None:
        return text

    def link(found: re.Match[str]) -> str:
        target = found["target"]
        if not target or ":" in target:
            return found[0]
        there = page_of(posixpath.normpath(posixpath.join(posixpath.dirname(source), target)))
        if not there:
            return found["text"][1:-1]
        return f"{found['text']}({posixpath.relpath(there, posixpath.dirname(page) or '.')}{found['anchor'] or ''})"

    pieces, end = [], 0
    for fence in FENCE.finditer(text):
        pieces += [LINK.sub(link, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, LINK.sub(link, text[end:])])
