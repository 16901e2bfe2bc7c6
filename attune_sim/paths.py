"""Places inside of values, and the one way in which people are told of them: `a.b[0]`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TypeAlias

Step: TypeAlias = str | int
"""One step down: the key of a map, the index of a list."""

Path: TypeAlias = tuple[Step, ...]


def below(place: str, step: object) -> str:
    """The place one step below another one; `""` is the value itself. A key that is no text stands in brackets.

    >>> below("", "rows"), below("rows", 0), below("rows[0]", "id")
    ('rows', 'rows[0]', 'rows[0].id')
    """
    if not isinstance(step, str):
        return f"{place}[{step!r}]"
    return f"{place}.{step}" if place else step


def spelled(path: Iterable[Step], place: str = "") -> str:
    """A path as people write it, from a place on.

    >>> spelled(("servers", 0, "url")), spelled(("urls", 0), "task 'check', input")
    ('servers[0].url', "task 'check', input.urls[0]")
    """
    return reduce(below, path, place)
