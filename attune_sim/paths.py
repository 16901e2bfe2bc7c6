"""Places inside of values, and the one way in which people are told of them: `a.b[0]`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, TypeAlias

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


def value_at(value: Any, path: Iterable[Step]) -> Any:
    """What lies at a path; None where nothing does.

    >>> value_at({"rows": [{"id": 7}]}, ("rows", 0, "id")), value_at([], ("rows",))
    (7, None)
    """
    for step in path:
        if not _has(value, step):
            return None
        value = value[step]
    return value


def changed_at(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """The value with something else at a path, its own parts left as they are; the same where there is no such path.

    >>> changed_at({"rows": [1, 2], "n": 2}, ("rows",), lambda rows: rows * 2)
    {'rows': [1, 2, 1, 2], 'n': 2}
    """
    if not path:
        return change(value)
    step, *rest = path
    if not _has(value, step):
        return value
    inner = changed_at(value[step], tuple(rest), change)
    if isinstance(value, Mapping):
        return {**value, step: inner}
    return [inner if place == step else part for place, part in enumerate(value)]


def _has(value: Any, step: Step) -> bool:
    if isinstance(value, Mapping):
        return step in value
    return isinstance(value, list | tuple) and isinstance(step, int) and 0 <= step < len(value)
