"""Calls of what does not exist. They fail when they are reached, not when they are compiled: until then, a warning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from jinja2 import nodes

from attune_sim.expressions.functions import ENDINGS, FUNCTIONS
from attune_sim.expressions.hints import close_to, function_hint
from attune_sim.expressions.methods import NAMES
from attune_sim.expressions.template import expressions_in, pure_expression, templates_in
from attune_sim.expressions.trees import Trees
from attune_sim.workflow import stripped

_CALL: Final = r"(\.\s*)?\b([^\W\d]\w*)[\s)]*\("  # `name(`, `.name(` and `(name)(`
_CALLED: Final = re.compile(_CALL)
_CALLED_OR_QUOTED: Final = re.compile(rf"""{_CALL}|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_FUNCTIONS: Final = frozenset({*FUNCTIONS, *ENDINGS})
_MOST: Final = 101  # of one text: one more than a list of problems shows


class UnknownCall(NamedTuple):
    """A name that is called as a `function` or a `method`, and what may have been meant.

    `nth` says which of the `calls_in(text)` it is, from 0; None if none of them is.
    """

    kind: str
    name: str
    hint: str | None
    nth: int | None


def unknown_calls(text: str, trees: Trees | None = None, *, condition: bool = False) -> list[UnknownCall]:
    """The functions and methods that a template, or a condition, calls and that do not exist, each once; the first 101.

    The text must be one that compiles.

    >>> unknown_calls("{{ lowr(item) }} {{ item.name.uper() }}")[0]
    UnknownCall(kind='function', name='lowr', hint="did you mean 'lower'?", nth=0)
    >>> unknown_calls("succeded()", condition=True)[0].hint
    "did you mean 'succeeded'?"
    """
    if all(name in (NAMES if dot else _FUNCTIONS) for dot, name in _CALLED.findall(text)):
        return []  # nearly all texts: they need not be read a second time
    expressions = [stripped(text)] if condition else [expression for _, expression in templates_in(text)]
    trees = trees or Trees()
    unknown = dict.fromkeys(call for text in expressions for call in _unknown(trees.of(text)))
    if not unknown:
        return []
    places = _places(text, condition=condition)
    return [
        UnknownCall(kind, name, _HINTS[kind](name), places.get((kind, name)))
        for kind, name in islice(unknown, _MOST)
    ]


def calls_in(text: str, start: int = 0, end: int | None = None) -> list[tuple[str, int]]:
    """All that looks like a call in a text, inside braces and quotes or not: each name and where it stands.

    >>> calls_in("f (1) {{ a.g('h()') }}")
    [('f', 0), ('g', 11), ('h', 14)]
    """
    calls = _CALLED.finditer(text, start, len(text) if end is None else end)
    return [(call[2], call.start(2)) for call in calls]


def _places(text: str, *, condition: bool) -> dict[tuple[str, str], int]:
    """Of each function and method that expressions of the text call: the first of `calls_in(text)` that does it."""
    pure = stripped(text) if condition else pure_expression(text)
    places: dict[tuple[str, str], int] = {}
    before = 0
    for piece in expressions_in(text) if pure is None else [(pure,)]:
        if isinstance(piece, str):
            before += len(_CALLED.findall(piece))
            continue
        for match in _CALLED_OR_QUOTED.finditer(piece[0]):
            if match[2] is None:
                before += len(_CALLED.findall(match[0]))
            else:
                places.setdefault(("method" if match[1] else "function", match[2]), before)
                before += 1
    return places


def _unknown(tree: nodes.Node) -> Iterator[tuple[str, str]]:
    calls = [node for node in (tree, *tree.find_all(nodes.Call)) if isinstance(node, nodes.Call)]
    for called in (call.node for call in calls):
        if isinstance(called, nodes.Name) and called.name not in _FUNCTIONS:
            yield "function", called.name
        elif isinstance(called, nodes.Getattr) and called.attr not in NAMES:
            yield "method", called.attr


_HINTS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "function": function_hint,
    "method": lambda name: close_to(name, sorted(NAMES)),
}
