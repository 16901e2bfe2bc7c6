"""One body, two thin wrappers: a page of its own, a fragment for a notebook; and Markdown."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from attune_sim.report.pictures import with_ids
from attune_sim.report.summary import Picture, Summary, Table


def page(summary: Summary, pictures: Iterable[Picture] = ()) -> str:
    """A whole HTML file that needs nothing else. Equal findings give equal bytes."""
    shown = tuple(pictures)
    digest = hashlib.sha256(repr((summary, shown)).encode()).hexdigest()[:8]
    return _rendered("page.html.j2", summary, shown, f"r{digest}")


def fragment(summary: Summary, pictures: Iterable[Picture] = ()) -> str:
    """HTML to put into another page; its ids are new each time, so that two of them do not meet."""
    return _rendered("fragment.html.j2", summary, tuple(pictures), f"r{secrets.token_hex(4)}")


def markdown(summary: Summary) -> str:
    """The same without pictures, for pull requests and job summaries."""
    return _environment(html=False).get_template("report.md.j2").render(summary=summary).rstrip() + "\n"


def _rendered(template: str, summary: Summary, pictures: tuple[Picture, ...], uid: str) -> str:
    own = [with_ids(picture, uid) for picture in pictures]
    return _environment(html=True).get_template(template).render(summary=summary, pictures=own, uid=uid)


@cache
def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("attune_sim.report"),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        drawing=_drawing, cell=_cell, marks=_marks, heading=_heading, breakable=_breakable, indented=_indented
    )
    return environment


def _drawing(picture: Picture) -> Markup:
    # Written by matplotlib, which escapes every text in it.
    return Markup(picture.svg)


def _heading(caption: str) -> str:
    """The first words of a caption, by which a table is called."""
    return re.split(r"[:;(]", caption, maxsplit=1)[0].strip()


def _breakable(header: str) -> Markup:
    """A long name of parts may be broken between them, as nothing else may."""
    return Markup("_<wbr>").join(header.split("_"))


def _indented(text: str) -> str:
    """A block of code of Markdown, in which nothing has a meaning."""
    return "\n".join(f"    {line}" for line in text.splitlines())


def _cell(text: Any) -> str:
    """Text for a cell of a Markdown table."""
    return str(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _marks(table: Table) -> str:
    marks = (" --- " if place in table.texts else " ---: " for place in range(len(table.headers)))
    return f"|{'|'.join(marks)}|"
