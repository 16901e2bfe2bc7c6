"""What the site adds to the pages in docs/: the pages at the root of the project, the notebooks, and the reference.

mkdocs calls these functions by their names. Nothing here is written to docs/: a page that is made from something else is made
anew with every build.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import api_pages
import cli_pages
import links
import navigation
import notebook_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/, then leave out of the navigation what is not there."""
    made = {links.page_of(name): (ROOT / name).read_text(encoding="utf-8") for name in links.AT_THE_ROOT}
    made |= {
        links.page_of(f"notebooks/{path.name}") or "": notebook_pages.text_of(path)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }
    made |= cli_pages.pages() | api_pages.pages()
    for address, text in made.items():
        files.append(File.generated(config, address, content=text))
    config.nav = navigation.of_what_is_there(
        config.nav, [file.src_uri for file in files.documentation_pages()]
    )
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Lead links between files of the project to the pages that were made of them."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation"]  # its part of the navigation is itself
    return links.led(markdown, page.file.src_uri)


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Put the outputs of a notebook where its page has left room for them."""
    notebook = ROOT / (links.source_of(page.file.src_uri) or "")
    return notebook_pages.with_outputs(html, notebook) if notebook.suffix == ".ipynb" else html
