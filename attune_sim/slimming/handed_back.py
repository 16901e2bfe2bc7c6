"""The output map of a sub-workflow that hands back, of a result, what is read of it and nothing else.

Whatever the result looks like in another run, a path that is read gives what it gave: what is missing stays missing, and
what is no map where a map was expected is handed back as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Final, TypeAlias

from attune_sim.canonical import as_json
from attune_sim.scope import ContextPath
from attune_sim.slimming.dataflow import shortest

Tree: TypeAlias = "dict[str, Tree]"
"""Keys that are read, as a tree; an empty one: all of it."""

_KEY: Final = re.compile(r"[\w .:/@+-]{1,200}")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_WORDS: Final = frozenset(("and", "or", "not", "in", "is", "if", "else", "true", "false", "null", "none"))
_WORTH: Final = 1_024
"""Bytes that a longer expression must save: one that picks single fields out of a map is harder to read."""


def output_map(paths: Iterable[ContextPath], result: Any) -> dict[str, str] | None:
    """Key -> template, over `result()`; `result` is what the task gave this time: it decides how far fields are picked apart.

    None if a key cannot be written into a template.

    >>> output_map([("total",), ("user", "id")], {"total": 1, "user": {"id": 2}})
    {'total': '{{ result().total }}', 'user': '{{ result().user }}'}
    """
    paths = list(paths)
    tree = _tree(paths)
    if not all(_KEY.fullmatch(key) for path in paths for key in path):
        return None
    found = result if isinstance(result, Mapping) else {}
    return {key: f"{{{{ {_taken(step('result()', key), tree[key], found.get(key))} }}}}" for key in tree}


def step(place: str, key: str) -> str:
    """An expression one key further down.

    >>> step("result()", "a"), step("result()", "a b")
    ('result().a', "result()['a b']")
    """
    plain = _NAME.fullmatch(key) and key.lower() not in _WORDS
    return f"{place}.{key}" if plain else f"{place}['{key}']"


def _tree(paths: Iterable[ContextPath]) -> Tree:
    tree: Tree = {}
    for path in sorted(shortest(paths)):
        node = tree
        for key in path:
            node = node.setdefault(key, {})
    return tree


def _taken(place: str, tree: Tree, value: Any) -> str:
    """An expression for what the tree names of the value at a place."""
    if not tree or len(as_json(value)) - _read(value, tree) < _WORTH:
        return place
    inner = value if isinstance(value, Mapping) else {}
    fields = [
        f"({{'{key}': {_taken(step(place, key), below, inner.get(key))}}} if {step(place, key)} is defined else {{}})"
        for key, below in tree.items()
    ]
    merged = reduce(lambda so_far, field: f"merge({so_far}, {field})", fields)
    return f"{merged} if {place} is mapping else {place}"


def _read(value: Any, tree: Tree) -> int:
    """Bytes of JSON of what the tree names."""
    if not tree or not isinstance(value, Mapping):
        return len(as_json(value))
    return sum(_read(value[key], below) for key, below in tree.items() if key in value)
