"""Pack `core`: actions that need nothing but Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from attune_sim.errors import ActionError, ActionTimeout


def noop(**input: Any) -> None:
    """Do nothing: what is left is the engine's own cost."""


def echo(**input: Any) -> dict[str, Any]:
    """The input as the result.

    >>> echo(message="hello")
    {'message': 'hello'}
    """
    return input


def sleep(seconds: float = 1.0) -> dict[str, Any]:
    """Wait for `seconds` (0 or more)."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise ActionError(f"core.sleep: seconds must be a number of 0 or more, not {seconds!r}")
    time.sleep(seconds)
    return {"slept": seconds}


def fail(message: str = "core.fail was asked to fail", result: Any = None) -> None:
    """End with the outcome `failed` and this reason."""
    raise ActionError(message, result)


def time_out(message: str = "core.time_out was asked to time out", result: Any = None) -> None:
    """End with the outcome `timed_out` and this reason."""
    raise ActionTimeout(message, result)


def pack() -> Mapping[str, Callable[..., Any]]:
    """The pack: `core.noop`, `core.echo`, `core.sleep`, `core.fail`, `core.time_out`."""
    actions: tuple[Callable[..., Any], ...] = (noop, echo, sleep, fail, time_out)
    return {f"core.{action.__name__}": action for action in actions}
