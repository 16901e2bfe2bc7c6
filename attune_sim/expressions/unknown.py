"""Calls of what does not exist. They fail when they are reached, not when they are compiled: until then, a warning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from jinja2 import nodes

from attune_sim.errors import did_you_mean
from attune_sim.expressions.filters import FILTERS
from attune_sim.expressions.functions import ENDINGS, FUNCTIONS
from attune_sim.expressions.limits import DEFAULT_LIMITS, Limits
from attune_sim.expressions.methods import NAMES
from attune_sim.expressions.template import parse, templates_in
from attune_sim.workflow import stripped

_CALLED: Final = re.compile(r"([^\W\d]\w*)\s*\(")
_FUNCTIONS: Final = frozenset({*FUNCTIONS, *ENDINGS})


class UnknownCall(NamedTuple):
    """A name that is called as a `function` or a `method`, and what may have been meant."""

    kind: str
    name: str
    hint: str | None


def unknown_calls(
    text: str, *, condition: bool = False, limits: Limits = DEFAULT_LIMITS
) -> list[UnknownCall]:
    """The functions and methods that a template, or a condition, calls and that do not exist, each once.

    The text must be one that compiles.

    >>> unknown_calls("{{ lowr(item) }} {{ item.name.uper() }}")[0]
    UnknownCall(kind='function', name='lowr', hint="did you mean 'lower'?")
    >>> unknown_calls("succeded()", condition=True)[0].hint
    "did you mean 'succeeded'?"
    """
    if _FUNCTIONS.issuperset(_CALLED.findall(text)):
        return []  # nearly all texts: they need not be read a second time
    expressions = [stripped(text)] if condition else [one for _, one in templates_in(text)]
    return list(dict.fromkeys(call for one in expressions for call in _unknown(parse(one, limits))))


def _unknown(tree: nodes.Node) -> Iterator[UnknownCall]:
    calls = [*([tree] if isinstance(tree, nodes.Call) else []), *tree.find_all(nodes.Call)]
    for called in (call.node for call in calls):
        if isinstance(called, nodes.Name) and called.name not in _FUNCTIONS:
            yield UnknownCall("function", called.name, _meant(called.name))
        elif isinstance(called, nodes.Getattr) and called.attr not in NAMES:
            yield UnknownCall("method", called.attr, did_you_mean(called.attr, sorted(NAMES)))


def _meant(name: str) -> str | None:
    if name in FILTERS:
        return f"it is a filter: value | {name}"
    return did_you_mean(name, [*FUNCTIONS, *ENDINGS])
