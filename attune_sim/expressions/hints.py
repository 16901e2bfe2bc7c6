"""What may have been meant by a name that is called and does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from attune_sim.errors import did_you_mean
from attune_sim.expressions.filters import COMPILED_FILTERS, COMPILED_TESTS, FILTERS, TESTS
from attune_sim.expressions.functions import ENDINGS, FUNCTIONS

_CUTOFF: Final = 0.75  # these names are short: at 0.6 `other` would be taken for `lower`


def function_hint(name: str) -> str | None:
    """What to write instead of a call of a function that does not exist.

    >>> function_hint("lowr"), function_hint("default"), function_hint("outp")
    ("did you mean 'lower'?", 'it is a filter: value | default', None)
    """
    if name in FILTERS or name in COMPILED_FILTERS:
        return f"it is a filter: value | {name}"
    if name in TESTS or name in COMPILED_TESTS:
        return f"it is a test: value is {name}"
    return close_to(name, [*FUNCTIONS, *ENDINGS])


def close_to(name: str, known: Iterable[str]) -> str | None:
    """`did you mean 'x'?` if a known name is very near, else None."""
    return did_you_mean(name, get_close_matches(name[:100].lower(), list(known), n=1, cutoff=_CUTOFF))
