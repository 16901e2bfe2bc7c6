"""Draws that depend on nothing but their names: server 17 of seed 0 is the same in a fleet of 20 and of 20,000."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

Shares = Sequence[tuple[str, float]]
"""Names and their shares, which add up to at most 1; the first name takes the rest."""


def draw(*names: object) -> float:
    """A number in [0, 1), the same for the same names on every machine and Python."""
    digest = hashlib.blake2b("\x1f".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def pick(shares: Shares, *names: object) -> str:
    """One name of `shares`, by a draw.

    >>> pick((("healthy", 0.9), ("failing", 0.1)), "fleet", 0, 17)
    'healthy'
    """
    at = draw("pick", *names)
    for name, share in shares[1:]:
        if at < share:
            return name
        at -= share
    return shares[0][0]
