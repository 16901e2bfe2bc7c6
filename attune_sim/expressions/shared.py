"""The templates of one workflow: every expression is read once, and values that are equal are compiled once.

An anchor of YAML can give one input to a thousand tasks, and a file can say the same thing everywhere: what compiling
costs must follow from what is different in a file, never from how often it stands there.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from typing import Any, Final

from attune_sim.expressions.limits import DEFAULT_LIMITS, Limits
from attune_sim.expressions.reads import reads
from attune_sim.expressions.template import Condition, Template, TemplateSource, compile_source
from attune_sim.expressions.trees import Trees
from attune_sim.scope import ContextPath
from attune_sim.workflow import stripped

_WITHOUT_REFERENCES: Final = 2  # a version of marshal in which equal values have equal bytes


class Templates:
    """Compiles what one workflow says; each equal value once, whatever the place that its errors name.

    >>> templates = Templates()
    >>> a, b = (templates.value({"n": "{{ item + 1 }}"}, f"task {name!r}") for name in "ab")
    >>> a, b, a.shares_code_with(b)
    (<Template of 1 expressions for task 'a'>, <Template of 1 expressions for task 'b'>, True)
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._trees = Trees(limits)
        self._known: dict[tuple[Any, ...], Template] = {}
        self._reads: dict[tuple[Any, ...], frozenset[ContextPath] | None] = {}

    def value(self, value: Any, where: str, *, growing: bool = False) -> Template:
        """See `compile_value`."""
        return self._of(TemplateSource(value, where, self._limits, growing))

    def condition(self, when: str, where: str) -> Condition:
        """See `compile_condition`."""
        return Condition(self._of(TemplateSource(stripped(when), where, self._limits, is_expression=True)))

    def reads(self, value: Any, conditions: Iterable[str] = ()) -> frozenset[ContextPath] | None:
        """See `reads`."""
        listed = tuple(conditions)
        key = (_bytes_of(value), *listed)
        if key[0] is None:
            return reads(value, listed, self._trees)
        if key not in self._reads:
            self._reads[key] = reads(value, listed, self._trees)
        return self._reads[key]

    def _of(self, source: TemplateSource) -> Template:
        key = (_bytes_of(source.value), source.growing, source.is_expression)
        if key[0] is None:
            return compile_source(source, self._trees)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = compile_source(source, self._trees)
        return known.at(source.where)


def _bytes_of(value: Any) -> bytes | None:
    """The same bytes for values of the same types and the same order of keys; None for what is not plain data."""
    try:
        return marshal.dumps(value, _WITHOUT_REFERENCES)
    except ValueError:
        return None
