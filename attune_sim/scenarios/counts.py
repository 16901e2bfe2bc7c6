"""Sizes that people give."""

from __future__ import annotations

from typing import Any

from attune_sim.errors import InputError


def positive(knob: str, value: Any, least: int = 0) -> int:
    """A knob that is a count.

    Raises:
        InputError: it is not an integer, or less than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{knob} must be an integer of {least:,} or more, not {value!r}")
    return value
