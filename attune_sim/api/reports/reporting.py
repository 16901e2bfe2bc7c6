"""The report of one result, or a small site of several."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from attune_sim.api.showing.files import report_form
from attune_sim.api.showing.written import template_folder, written
from attune_sim.errors import InputError, counted
from attune_sim.files import require_place, write

if TYPE_CHECKING:
    from attune_sim.report import Summary

KINDS: Final = ("Comparisons", "Claims", "Simulations", "Advice", "Runs")
"""What pages of a site are filed under, in this order; others come last."""

INDEX: Final = "index.html"


@runtime_checkable
class Reported(Protocol):
    """What a report can be made of: comparisons, sweeps, claims, advice, runs, and whatever else says what it found."""

    def findings(self) -> Summary:
        """What the report says, before it has a form."""


def report(
    results: Reported | Iterable[Reported] | Mapping[str, Reported],
    path: str | PathLike[str],
    *,
    template: str | PathLike[str] | None = None,
    force: bool = False,
) -> str:
    """Write the report of a result, or of several, and give back its path. Nothing is measured or run again.

    Of one result: HTML, Markdown or JSON, by the end of the name. Of several: a small site, an index at `path` (a folder, or a name that
    ends in `.html`) and a page for each beside it, which all open offline; with `.md` or `.json` one file with all of them, in order. A map of
    results names their pages. `template` is a folder with Jinja2 templates that replace ours (`page.html.j2`, `body.html.j2`, `index.html.j2`,
    `report.md.j2` ...), or extend them: `{% extends "attune/page.html.j2" %}`.

    The same results give the same bytes.

    Raises InputError if something has no findings, the name ends otherwise, or a file cannot be written, or is one that attune-sim did not write;
    with `force` the last is replaced.

    >>> report(3, "out.html")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: a report is of a result, such as at.compare gives, or of several, not of an int
    """
    if isinstance(results, Reported):
        return written(path, results.findings(), force=force, template=template)
    named = _named(results)
    if is_site(path):
        return _site(named, path, template_folder(template), force=force)
    return written(path, *(one.findings() for _, one in named), force=force, template=template)


def is_site(path: str | PathLike[str]) -> bool:
    """Whether several results become pages of their own there: a folder, or the name of an index."""
    return not Path(path).suffix or Path(path).is_dir() or report_form(path) == "html"


def _named(results: Any) -> list[tuple[str, Reported]]:
    """Each with its name, empty where nobody gave one."""
    if isinstance(results, Mapping):
        named = [(str(name), one) for name, one in results.items()]
    elif isinstance(results, Iterable) and not isinstance(results, str | bytes):
        named = [("", one) for one in results]
    else:
        named = [("", results)]
    if not named:
        raise InputError("a report needs at least one result; none was given")
    for _, one in named:
        if not isinstance(one, Reported):
            raise InputError(
                f"a report is of a result, such as at.compare gives, or of several, not of {_kind(one)}"
            )
    return named


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _site(
    named: Sequence[tuple[str, Reported]], path: str | PathLike[str], templates: str | None, *, force: bool
) -> str:
    """The index, and a page for each result beside it; all places are asked for before the first is written."""
    from attune_sim.report import index, page

    first = Path(path) if Path(path).suffix and not Path(path).is_dir() else Path(path) / INDEX
    prefix = "" if first.name == INDEX else f"{first.stem}-"
    told = sorted(((name, one.findings()) for name, one in named), key=lambda pair: _rank(pair[1]))
    pages = _addressed(told, prefix)
    for address in (first.name, *pages):
        require_place(first.parent / address, force=force)
    links = {first.name: "All results", **{address: summary.title for address, summary in pages.items()}}
    for address, summary in pages.items():
        others = {other: title for other, title in links.items() if other != address}
        write(first.parent / address, page(summary, templates=templates, links=others), force=force)
    title = f"{counted(len(pages), 'result')} of attune-sim"
    return write(os.fspath(first), index(title, pages, templates=templates), force=force)


def _rank(summary: Summary) -> int:
    return KINDS.index(summary.kind) if summary.kind in KINDS else len(KINDS)


def _addressed(told: Iterable[tuple[str, Summary]], prefix: str) -> dict[str, Summary]:
    """Address -> summary, each address once."""
    pages: dict[str, Summary] = {}
    for name, summary in told:
        base = re.sub(r"[^\w.-]+", "-", name or summary.title.partition(":")[0]).strip("-.") or "page"
        places = (f"{prefix}{base}{f'-{n}' if n else ''}.html" for n in range(len(pages) + 2))
        pages[next(place for place in places if place not in pages and place != INDEX)] = summary
    return pages
