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
    from attune_sim.reports import Summary

KINDS: Final = ("Comparisons", "Claims", "Simulations", "Plans", "Advice", "Runs")
"""What pages of a site are filed under, in this order; others come last."""

INDEX: Final = "index.html"


@runtime_checkable
class Reported(Protocol):
    """What a report can be made of: comparisons, sweeps, claims, advice, runs, and whatever else says what it found."""

    def findings(self) -> Summary:
        """What the report says, before it has a form."""


Source = Reported | str | PathLike[str]
"""A result, or a store of cells that holds some."""


def report(
    results: Source | Iterable[Source] | Mapping[str, Source],
    path: str | PathLike[str],
    *,
    template: str | PathLike[str] | None = None,
    force: bool = False,
) -> str:
    """Write the report of a result, or of several, and give back its path. Nothing is measured or run again.

    A result is what `at.compare`, `at.sweep`, `at.claims`, `at.advise`, `at.run` ... give, or the path of a store of cells
    (`store=FILE`), of which each workload is one. Of one result: HTML, Markdown or JSON, by the end of the name. Of several, and
    wherever `path` is a folder: a small site, an index at `path` (a folder, or a name that ends in `.html`) and a page for each beside it,
    which all open offline; with `.md` or `.json` one file with all of them, in order. A map of results names their pages.

    `template` is a folder with Jinja2 templates that replace ours (`page.html.j2`, `body.html.j2`, `index.html.j2`, `report.md.j2` ...), or
    extend them: `{% extends "attune/page.html.j2" %}`. The same results give the same bytes.

    Raises InputError if something is no result, the name ends otherwise, or a file cannot be written, or is one that attune-sim did not
    write; with `force` the last is replaced.

    >>> report(3, "out.html")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: a report is of a result, such as at.compare gives, or of several, not of an int
    """
    named, folder = _named(results), _is_folder(path)
    if folder or (len(named) > 1 and report_form(path) == "html"):
        return _site(named, path, template_folder(template), force=force)
    return written(path, *(one.findings() for _, one in named), force=force, template=template)


def _is_folder(path: str | PathLike[str]) -> bool:
    return isinstance(path, str | PathLike) and (
        Path(path).is_dir() or os.fspath(path).endswith(("/", os.sep))
    )


def _named(results: Any) -> list[tuple[str, Reported]]:
    """Each with its name, empty where nobody gave one."""
    if isinstance(results, Mapping):
        named = [(str(name), one) for name, one in results.items()]
    elif isinstance(results, Reported | str | PathLike) or not isinstance(results, Iterable):
        named = [("", results)]
    else:
        named = [("", one) for one in results]
    known = [(name, found) for name, one in named for found in _results(one)]
    if not known:
        raise InputError("a report needs at least one result; none was given")
    return known


def _results(one: Any) -> Sequence[Reported]:
    if isinstance(one, str | PathLike):
        from attune_sim.api.reports.loading import load_results

        return load_results(one)
    if not isinstance(one, Reported):
        raise InputError(
            f"a report is of a result, such as at.compare gives, or of several, not of {_kind(one)}"
        )
    return [one]


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _site(
    named: Sequence[tuple[str, Reported]], path: str | PathLike[str], templates: str | None, *, force: bool
) -> str:
    """The index, and a page for each result beside it; all places are asked for before the first is written."""
    from attune_sim.reports import index, page

    first = Path(path) / INDEX if _is_folder(path) else Path(path)
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
