"""The functions of the language, by name. They live apart from variables: a variable `count` does not hide `count(...)`.

Each takes the account of the rendering, then its arguments; the signature says how many there may be.
`result`, `succeeded`, `failed` and `timed_out` are not here: the compiler reads them from how the last task ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import Signature, signature
from typing import Any, Final

from attune_sim.expressions.functions import collections, numbers, texts

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    **texts.FUNCTIONS,
    **numbers.FUNCTIONS,
    **collections.FUNCTIONS,
}
ENDINGS: Final = ("result", "succeeded", "failed", "timed_out")
"""Functions of how the last task ended; they ignore arguments."""


@lru_cache(maxsize=512)
def _signature(function: Callable[..., Any]) -> Signature:
    return signature(function)


@lru_cache(maxsize=4096)
def fits(function: Callable[..., Any], count: int, named: tuple[str, ...] = (), before: int = 2) -> bool:
    """Whether a function takes `count` arguments and these keywords, after the `before` that it always gets."""
    try:
        _signature(function).bind(*[None] * (before + count), **dict.fromkeys(named))
    except TypeError:
        return False
    return True


__all__ = ["ENDINGS", "FUNCTIONS", "fits"]
