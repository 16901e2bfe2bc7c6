"""The allow-list of Jinja2's filters and tests (docs/language.md#filters), each with its check before it makes anything large.

They mean what they mean in Jinja2, with three differences: lists come out as lists (not as iterators or tuples), null,
true and false read as the language writes them, and a missing attribute is an error. `default`, `defined` and
`undefined` are names only: they decide whether something may be missing, so the compiler writes them out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.expressions.filters import choosing
from attune_sim.expressions.filters.checks import COMPILED_TESTS, TESTS

FILTERS: Final[Mapping[str, Callable[..., Any]]] = {**choosing.MAPPED, **choosing.FILTERS}
COMPILED_FILTERS: Final = ("default", "d")

__all__ = ["COMPILED_FILTERS", "COMPILED_TESTS", "FILTERS", "TESTS"]
