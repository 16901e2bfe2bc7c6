"""How figures of claims are said."""

from __future__ import annotations

from math import isfinite

from attune_sim.metrics import format_bytes, format_us


def amount(value: float, unit: str) -> str:
    """A figure as a person reads it.

    >>> amount(1_060_000.0, "bytes"), amount(26_512.0, "times"), amount(0.9996, "share"), amount(25_000.0, "count")
    ('1.06 MB', '26,500 times', '100 %', '25,000')
    """
    if not isfinite(value):
        return "–"
    match unit:
        case "bytes":
            return format_bytes(value)
        case "us":
            return format_us(value)
        case "share":
            return f"{value:.3g}" if value > 10 else f"{100 * value:.3g} %".replace("1e+02", "100")
        case "times":
            return f"{three(value)} times"
    return three(value)


def three(value: float) -> str:
    """Three digits that count, no more.

    >>> three(26_512.0), three(3.14159), three(0.0042), three(101.2)
    ('26,500', '3.14', '0.0042', '101')
    """
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"
