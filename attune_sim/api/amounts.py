"""Amounts as people write them: `2GiB`, `64 MB`, `60s`, `1.5min`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attune_sim.errors import InputError

_BYTES: Final = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_SECONDS: Final = {"": 1.0, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
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
    found = _read(amount, _BYTES)
    if found is None:
        raise InputError(
            f"{what} {amount!r} is no number of bytes; write for example 2GiB (B KB MB GB KiB MiB GiB)"
        )
    return int(found)


def second_count(amount: float | str, what: str = "time") -> float:
    """Seconds from a number or a text.

    >>> second_count("90s"), second_count("1.5min"), second_count(3)
    (90.0, 90.0, 3.0)
    """
    found = _read(amount, _SECONDS)
    if found is None:
        raise InputError(f"{what} {amount!r} is no time; write for example 60s (ms s min h)")
    return found


def _read(amount: float | str, units: Mapping[str, float]) -> float | None:
    if isinstance(amount, int | float) and not isinstance(amount, bool):
        return float(amount) if 0 < amount < float("inf") else None
    if not isinstance(amount, str):
        return None
    found = _AMOUNT.fullmatch(amount)
    by_name = {name.lower(): factor for name, factor in units.items()}
    if found is None or found[2].lower() not in by_name:
        return None
    return float(found[1]) * by_name[found[2].lower()] or None
