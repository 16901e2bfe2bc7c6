"""The navigation: what mkdocs.yml lists, of the pages that there are; and what it does not list, at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from typing import Any, Final

REST: Final = "More"


def of_what_is_there(listed: Sequence[Any] | None, pages: Sequence[str]) -> list[Any]:
    """The entries whose pages exist; a pattern stands for all pages that it fits and that have no entry of their own.

    >>> of_what_is_there(["a.md", {"B": ["gone.md", "b/*"]}, "b/2.md"], ["a.md", "b/1.md", "b/2.md", "new.md"])
    ['a.md', {'B': ['b/1.md']}, 'b/2.md', {'More': ['new.md']}]
    """
    named = {entry for entry in _leaves(listed or ()) if "*" not in entry}
    shown = _there(listed or (), sorted(pages), named)
    rest = sorted(set(pages) - set(_leaves(shown)))
    return [*shown, {REST: rest}] if rest else shown


def _there(entries: Sequence[Any], pages: Sequence[str], named: set[str]) -> list[Any]:
    shown: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            ((title, inner),) = entry.items()
            kept = _there([inner] if isinstance(inner, str) else inner, pages, named)
            if kept:
                shown.append({title: kept[0] if isinstance(inner, str) else kept})
        elif "*" in entry:
            shown += [page for page in pages if fnmatch(page, entry) and page not in named]
        elif entry in pages:
            shown.append(entry)
    return shown


def _leaves(entries: Sequence[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for inner in entry.values():
                yield from _leaves([inner] if isinstance(inner, str) else inner)
