"""Amounts as people write them: `2GiB`, `64 MB`, `60s`, `1.5min`, `12/h`, `20%`."""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf, isclose, nan
from typing import Final

from attune_sim.errors import InputError
from attune_sim.metrics import FACTORS, Unit, ascii_unit

_AMOUNT: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", re.ASCII)

_SAME: Final = 1e-11


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
    value = nan
    if isinstance(amount, int | float) and not isinstance(amount, bool):
        value = amount
    elif isinstance(amount, str) and (parts := _AMOUNT.fullmatch(ascii_unit(amount))):
        # As a person multiplies: 82.59 ms are 0.08259 s, to the last digit.
        value = float(Decimal(parts[1]) * Decimal(str(factors.get(parts[2].lower(), nan))))
    if not 0 < value < inf:
        hint = _nearest(amount, unit) or f"write for example {example}"
        above = " above 0" if value <= 0 else ""
        raise InputError(f"{complaint}{above}; {hint} ({' '.join(FACTORS[unit])})")
    return float(value)


def _nearest(amount: object, unit: Unit) -> str | None:
    """`2Gi` and `2G` lack only a letter."""
    parts = _AMOUNT.fullmatch(amount) if isinstance(amount, str) else None
    names = {name.lower(): name for name in FACTORS[unit]}
    wanted = None if parts is None else names.get(f"{parts[2].lower()}b")
    return None if parts is None or wanted is None else f"did you mean {parts[1]}{wanted}?"


def number_of(text: float | str, what: str) -> float:
    """A plain finite number.

    >>> number_of("2.1", "alpha")
    2.1
    >>> number_of("2,1", "alpha")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: alpha '2,1' is no number; write for example 2.5
    """
    try:
        value = inf if isinstance(text, bool) else float(text)
    except (TypeError, ValueError):
        value = inf
    if not -inf < value < inf:
        raise InputError(f"{what} {text!r} is no number; write for example 2.5")
    return value


def share_of(text: float | str, what: str) -> float:
    """A part of all, as `20%` or `0.2`.

    >>> share_of("20%", "share"), share_of(0.2, "share"), share_of("0%", "share")
    (0.2, 0.2, 0.0)
    >>> share_of("120%", "share")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: share '120%' is no share; write for example 20%, or 0.2
    """
    percent = isinstance(text, str) and text.strip().endswith("%")
    try:
        value = number_of(text.strip()[:-1] if isinstance(text, str) and percent else text, what)
    except InputError:
        value = inf
    value = value / 100 if percent else value
    if not 0 <= value <= 1:
        raise InputError(f"{what} {text!r} is no share; write for example 20%, or 0.2")
    return value


def rate_of(text: float | str, what: str) -> float:
    """How often in a second, as `12/h`, `50/s`, `1/5min`, or a plain number of times a second.

    >>> rate_of("12/h", "rate") * 3600, rate_of("1/5min", "rate") * 300, rate_of(0.5, "rate")
    (12.0, 1.0, 0.5)
    >>> rate_of("12 per hour", "rate")
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: rate '12 per hour' is no rate; write for example 12/h, or 50/s
    """
    times, slash, each = text.partition("/") if isinstance(text, str) else (text, "", "")
    try:
        value = number_of(times, what) / (second_count(_one(each), what) if slash else 1.0)
    except InputError:
        value = 0.0
    if not 0 < value < inf:
        raise InputError(f"{what} {text!r} is no rate; write for example 12/h, or 50/s")
    return value


def _one(unit: str) -> str:
    """`h` is `1h`."""
    return f"1{unit.strip()}" if unit.strip()[:1].isalpha() else unit


def time_text(seconds: float) -> str:
    """A time as it can be typed: as many seconds come of it, to twelve digits.

    >>> time_text(0.08), time_text(300), time_text(0.1234567), time_text(90)
    ('80ms', '5min', '123.4567ms', '90s')
    """
    for unit, factor in list(FACTORS["s"].items())[::-1]:
        shown = _shown(seconds / factor)
        is_round = factor <= 1 or "." not in shown  # 90 s are read faster than 1.5 min
        if float(shown) >= 1 and is_round and isclose(float(shown) * factor, seconds, rel_tol=_SAME):
            return f"{shown}{unit}"
    return f"{_shown(seconds)}s"


def rate_text(rate: float) -> str:
    """A rate as it can be typed: the same one comes of it, to twelve digits.

    >>> rate_text(50), rate_text(12 / 3600), rate_text(1 / 300)
    ('50/s', '12/h', '12/h')
    """
    for unit in ("s", "min", "h", "d"):
        shown = _shown(rate * FACTORS["s"][unit])
        if float(shown) >= 1 and isclose(float(shown) / FACTORS["s"][unit], rate, rel_tol=_SAME):
            return f"{shown}/{unit}"
    return f"{_shown(rate)}/s"


def _shown(value: float) -> str:
    """Without an exponent."""
    return f"{Decimal(f'{value:.12g}'):f}"
