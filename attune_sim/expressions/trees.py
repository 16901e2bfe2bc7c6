"""The trees of expressions: each text is read once, however often it stands in a file or is asked about."""

from __future__ import annotations

from typing import Final

from jinja2 import nodes

from attune_sim.errors import ExpressionError
from attune_sim.expressions.environment import ExpressionEnvironment
from attune_sim.expressions.limits import DEFAULT_LIMITS, Limits

_ENVIRONMENT: Final = ExpressionEnvironment()


class Trees:
    """What Jinja2 reads in the texts of expressions, remembered as long as this lives.

    >>> trees = Trees()
    >>> trees.of("a + 1") is trees.of("a + 1")
    True
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self._known: dict[str, nodes.Expr | ExpressionError] = {}

    def of(self, text: str) -> nodes.Expr:
        """The tree of one expression. Raises `ExpressionError` of kind `parse_error` or `limit`."""
        if (known := self._known.get(text)) is None:
            known = self._known[text] = self._read(text)
        if isinstance(known, ExpressionError):
            raise known.located("")
        return known

    def _read(self, text: str) -> nodes.Expr | ExpressionError:
        try:
            return _ENVIRONMENT.parse_expression(text, self.limits)
        except ExpressionError as error:
            return error

    def __repr__(self) -> str:
        return f"<Trees of {len(self._known)} expressions>"
