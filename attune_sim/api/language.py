"""A piece of the language that outside checks call with plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_sim.errors import InputError
from attune_sim.workflow import Retry


def retry_delays(retry: Retry | Mapping[str, Any]) -> list[int]:
    """The pauses in seconds before retry 1, 2, ... of a retry definition (a `Retry` or its fields as a map).
    Raises `InputError` where they are not the fields of a retry.

    >>> retry_delays({"count": 3, "delay": 2, "backoff": "linear", "max_delay": 5})
    [2, 4, 5]
    """
    if isinstance(retry, Retry):
        return list(retry.delays())
    try:
        made = Retry(**{"delay": 0, **{name: value for name, value in retry.items() if value is not None}})
        return list(made.delays())
    except TypeError as error:
        raise InputError(
            f"a retry has the fields count, delay, backoff, max_delay, on_error: {error}"
        ) from None
