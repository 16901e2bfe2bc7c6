"""Amounts as people write them: `2GiB`, `64 MB`, `60s`, `1.5min`."""

from __future__ import annotations

import re
from math import inf
from typing import Final

from attune_sim.errors import InputError
from attune_sim.metrics import FACTORS, Unit, ascii_unit

_AMOUNT: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", re.ASCII)


def byte_count(amount: int | str, what: str = "size") -> int:
    """Bytes from a number or a text.

    >>> byte_count("2GiB"), byte_count("1.5 KB"), byte_count(512)
    (2147483648, 1500, 512)
    >>> byte_count("2 gigs", "memory_limit")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: memory_limit '2 gigs' is no number of bytes; write for example 2GiB (B KB MB GB KiB MiB GiB)
    >>> byte_count("2Gi", "memory_limit")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: memory_limit '2Gi' is no number of bytes; did you mean 2GiB? (B KB MB GB KiB MiB GiB)
    """
    return int(_read(amount, "bytes", f"{what} {amount!r} is no number of bytes", "2GiB"))


def second_count(amount: float | str, what: str = "time") -> float:
    """Seconds from a number or a text.

    >>> second_count("90s"), second_count("1.5min"), second_count(3), second_count("500 µs")
    (90.0, 90.0, 3.0, 0.0005)
    """
    return _read(amount, "s", f"{what} {amount!r} is no time", "60s")


def _read(amount: float | str, unit: Unit, complaint: str, example: str) -> float:
    """Raises InputError, with the units that there are, for what is no positive finite amount."""
    factors = {"": 1.0, **{name.lower(): factor for name, factor in FACTORS[unit].items()}}
    value = 0.0
    if isinstance(amount, int | float) and not isinstance(amount, bool):
        value = amount
    elif isinstance(amount, str) and (parts := _AMOUNT.fullmatch(ascii_unit(amount))):
        value = float(parts[1]) * factors.get(parts[2].lower(), 0.0)
    if not 0 < value < inf:
        hint = _nearest(amount, unit) or f"write for example {example}"
        raise InputError(f"{complaint}; {hint} ({' '.join(FACTORS[unit])})")
    return float(value)


def _nearest(amount: object, unit: Unit) -> str | None:
    """`2Gi` and `2G` lack only a letter."""
    parts = _AMOUNT.fullmatch(amount) if isinstance(amount, str) else None
    names = {name.lower(): name for name in FACTORS[unit]}
    wanted = None if parts is None else names.get(f"{parts[2].lower()}b")
    return None if parts is None or wanted is None else f"did you mean {parts[1]}{wanted}?"
