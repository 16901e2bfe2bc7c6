"""Amounts as people write them: `2GiB`, `64 MB`, `60s`, `1.5min`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attune_sim.errors import InputError
from attune_sim.metrics import FACTORS

_AMOUNT: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", re.ASCII)


def byte_count(amount: int | str, what: str = "size") -> int:
    """Bytes from a number or a text.

    >>> byte_count("2GiB"), byte_count("1.5 KB"), byte_count(512)
    (2147483648, 1500, 512)
    >>> byte_count("2 gigs", "memory_limit")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: memory_limit '2 gigs' is no number of bytes; write for example 2GiB (B KB MB GB KiB MiB GiB)
    """
    found = _read(amount, FACTORS["bytes"])
    if found is None:
        units = " ".join(FACTORS["bytes"])
        raise InputError(f"{what} {amount!r} is no number of bytes; write for example 2GiB ({units})")
    return int(found)


def second_count(amount: float | str, what: str = "time") -> float:
    """Seconds from a number or a text.

    >>> second_count("90s"), second_count("1.5min"), second_count(3)
    (90.0, 90.0, 3.0)
    """
    found = _read(amount, FACTORS["s"])
    if found is None:
        raise InputError(f"{what} {amount!r} is no time; write for example 60s ({' '.join(FACTORS['s'])})")
    return found


def _read(amount: float | str, units: Mapping[str, float]) -> float | None:
    if isinstance(amount, int | float) and not isinstance(amount, bool):
        return float(amount) if 0 < amount < float("inf") else None
    if not isinstance(amount, str):
        return None
    found = _AMOUNT.fullmatch(amount)
    by_name = {"": 1.0, **{name.lower(): factor for name, factor in units.items()}}
    if found is None or found[2].lower() not in by_name:
        return None
    return float(found[1]) * by_name[found[2].lower()] or None
