"""The language piece by piece, over plain namespaces: what `at.evaluate`, `at.condition` and `at.render` do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_sim.expressions.template import compile_condition, compile_expression, compile_value
from attune_sim.scope import Ended, Namespaces


def evaluate(expression: str, namespaces: Mapping[str, Any] | None = None) -> Any:
    """The value of the text inside `{{ }}`.

    `namespaces` may hold `parameters`, `workflow`, `task`, `config`, `keystore`, `system`, `item`, `index`; `result`
    and `outcome` feed `result()`, `succeeded()`, `failed()` and `timed_out()`. Raises `ExpressionError`.

    >>> evaluate("7 / 2 + length(parameters.name)", {"parameters": {"name": "web"}})
    6.5
    """
    return compile_expression(expression).render(*_scope(namespaces))


def condition(when: str, namespaces: Mapping[str, Any] | None = None) -> bool:
    """Whether a transition's `when` holds, with or without braces around it.
    Raises `ExpressionError`: it is no expression, or it cannot be evaluated.

    >>> condition("{{ succeeded() and result().code == 200 }}", {"outcome": "succeeded", "result": {"code": 200}})
    True
    """
    return compile_condition(when).holds(*_scope(namespaces))


def render(value: Any, namespaces: Mapping[str, Any] | None = None) -> Any:
    """Any JSON value with its templates rendered; a string that is wholly one expression keeps its type.
    Raises `ExpressionError`: one of them is no expression, or cannot be evaluated.

    >>> render({"n": "{{ parameters.n }}", "s": "n={{ parameters.n }}"}, {"parameters": {"n": 5}})
    {'n': 5, 's': 'n=5'}
    """
    return compile_value(value, growing=True).render(*_scope(namespaces))


def _scope(namespaces: Mapping[str, Any] | None) -> tuple[Namespaces, Ended]:
    given = dict(namespaces or {})
    ended = Ended(given.pop("result", None), given.pop("outcome", None))
    return Namespaces(given), ended
