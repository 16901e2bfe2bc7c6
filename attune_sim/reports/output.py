"""One body, thin wrappers: a page of its own, a fragment for a notebook, the index of a site; Markdown; and plain values for JSON."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import groupby
from typing import Any, Final

from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from attune_sim import __version__
from attune_sim.errors import InputError
from attune_sim.metrics import METRICS
from attune_sim.reports.pictures import Drawing, drawings
from attune_sim.reports.summary import Block, Summary, Table
from attune_sim.reports.trimmed import trimmed, trimmings

MOST_MARKDOWN: Final = 60_000
"""Bytes of a comment on a pull request, with some to spare."""

OWN: Final = "attune"
"""Under this prefix a user's template finds ours: `{% extends "attune/page.html.j2" %}`."""


def page(summary: Summary, *, templates: str | None = None, links: Mapping[str, str] | None = None) -> str:
    """A whole HTML file that needs nothing else. Equal findings give equal bytes.

    `templates` is a folder with templates that replace ours of the same name, or extend them; `links` lead to other pages, title by address.

    Raises InputError for a template that cannot be used.
    """
    summary = trimmed(summary)
    shown = tuple(drawings(summary))
    digest = hashlib.sha256(repr((summary, shown)).encode()).hexdigest()[:8]
    return _rendered(
        "page.html.j2", templates, summary=summary, **_drawn(shown, f"r{digest}"), links=links or {}
    )


def fragment(summary: Summary) -> str:
    """HTML to put into another page; its ids are new each time, so that two of them do not meet."""
    uid = f"r{secrets.token_hex(4)}"
    return _rendered(
        "fragment.html.j2", None, summary=summary, **_drawn(tuple(drawings(summary)), uid), links={}
    )


def table_fragment(table: Table) -> str:
    """The same of one table."""
    return _rendered("table.html.j2", None, table=table, uid=f"r{secrets.token_hex(4)}")


def index(title: str, pages: Mapping[str, Summary], *, templates: str | None = None) -> str:
    """The first page of a site: what each page (address -> summary) found."""
    return _rendered("index.html.j2", templates, title=title, pages=pages, uid="index")


def markdown(*summaries: Summary, templates: str | None = None) -> str:
    """The same without pictures, for pull requests and job summaries: under 60 KB, by leaving out what matters least."""
    text = ""
    for fewer in trimmings(summaries):
        text = "\n".join(_rendered("report.md.j2", templates, summary=one).rstrip() + "\n" for one in fewer)
        if len(text.encode()) < MOST_MARKDOWN:
            return text
    return (
        text.encode()[: MOST_MARKDOWN - 100].decode(errors="ignore") + "\n\n… and more, in the HTML report.\n"
    )


def json_text(*summaries: Summary) -> str:
    """The summaries as JSON; a picture is what it shows in words."""
    told = {"written_by": f"attune-sim {__version__}", "reports": [plain(one) for one in summaries]}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def plain(value: Any) -> Any:
    """A summary, or a part of it, as plain values; a block says of which kind it is.

    >>> from attune_sim.reports.summary import Lines
    >>> plain(Lines(("It was one repeat.",)))
    {'block': 'lines', 'lines': ['It was one repeat.']}
    """
    if is_dataclass(value):
        known = {one.name: plain(getattr(value, one.name)) for one in fields(value) if one.name != "draw"}
        return {"block": type(value).__name__.lower(), **known} if isinstance(value, Block) else known
    if isinstance(value, frozenset):
        return sorted(value)
    return [plain(one) for one in value] if isinstance(value, tuple) else value


def _drawn(shown: Sequence[Drawing], uid: str) -> dict[str, Any]:
    return {"drawings": {one.name: one.under(uid) for one in shown}, "uid": uid}


def _rendered(template: str, templates: str | None, **given: Any) -> str:
    try:
        return _environment(templates).get_template(template).render(version=__version__, **given)
    except TemplateError as error:
        if templates is None:
            raise
        line = getattr(error, "lineno", None)
        place = f"{getattr(error, 'name', None) or template}{f':{line}' if line else ''}"
        raise InputError(f"{templates}: template {place} cannot be used: {error}") from None


@cache
def _environment(templates: str | None) -> ImmutableSandboxedEnvironment:
    ours = PackageLoader("attune_sim.reports")
    own = [] if templates is None else [FileSystemLoader(templates)]
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*own, PrefixLoader({OWN: ours}), ours]),
        autoescape=lambda name: name is None or not name.endswith(".md.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=templates is not None,
    )
    environment.filters.update(
        cell=_cell,
        marks=_marks,
        heading=heading,
        breakable=_breakable,
        meaning=_meaning,
        indented=_indented,
        block=_kind,
        drawing=_drawing,
        groupby_kind=_by_kind,
        groupby_page=_by_page,
        tied=_tied,
    )
    return environment


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def _tied(text: str) -> str:
    """A number and its unit are not parted.

    >>> _tied("took 6.3 s of 10 minutes").replace(chr(160), "_")
    'took 6.3_s of 10 minutes'
    """
    return re.sub(r"(?<=\d) (?=(?:[KMG]i?B|B|[mµn]?s)\b|×)|(?<=[≈≥]) ", "\u00a0", text)


def _by_kind(blocks: Sequence[Block]) -> list[tuple[str, list[Block]]]:
    """Neighbours of one kind together: pictures stand beside each other."""
    return [(kind, list(group)) for kind, group in groupby(blocks, key=_kind)]


def _by_page(pages: Iterable[tuple[str, Summary]]) -> list[tuple[str, list[tuple[str, Summary]]]]:
    """The pages of a site by what they are about, in the order in which each kind comes first."""
    kinds: dict[str, list[tuple[str, Summary]]] = {}
    for address, summary in pages:
        kinds.setdefault(summary.kind or "Reports", []).append((address, summary))
    return list(kinds.items())


def _drawing(svg: str) -> Markup:
    # Written by matplotlib, which escapes every text in it.
    return Markup(svg)


def heading(caption: str) -> str:
    """The first words of a caption, by which a table is called."""
    return re.split(r"[:;(]", caption, maxsplit=1)[0].strip()


def _breakable(header: str) -> Markup:
    """A long name of parts may be broken between them, as nothing else may."""
    return Markup("_<wbr>").join(header.split("_"))


def _meaning(header: str) -> str:
    """What a metric means, as the heading of its column says it when it is pointed at.

    >>> _meaning("fork_us"), _meaning("strategy")
    ('price of one fork: made alone, warm, collector at rest', '')
    """
    return METRICS[header].title if header in METRICS else ""


def _indented(text: str) -> str:
    """A block of code of Markdown, in which nothing has a meaning."""
    return "\n".join(f"    {line}" for line in text.splitlines())


def _cell(text: Any) -> str:
    """Text for a cell of a Markdown table."""
    return str(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _marks(table: Table) -> str:
    marks = (" --- " if place in table.texts else " ---: " for place in range(len(table.headers)))
    return f"|{'|'.join(marks)}|"
