"""Numbers that depend on nothing but their names: what makes two simulations meet the same chance.

A draw is found by the name of what it is for (seed, cycle, task, visit, attempt, slot), never by the order in which things
happen. So two settings of one simulation differ by the setting alone: common random numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from attune_sim.canonical import as_json

Hashes = NDArray[np.uint64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


def generator(*names: int | str) -> np.random.Generator:
    """A generator of its own for these names.

    >>> generator(0, "check", 3).random() == generator(0, "check", 3).random()
    True
    """
    return np.random.default_rng([_word(name) for name in names])


def _word(name: int | str) -> int:
    """A number from 0; one below 0 has another than all above it."""
    if isinstance(name, str):
        return crc32(name.encode())
    return name if name >= 0 else (1 << 64) - name


def hashes(values: Iterable[Any], *names: int | str) -> Hashes:
    """One number of 64 bits for each value: of whole numbers and texts by what they are, of others by their JSON."""
    words = np.fromiter((_of(value) for value in values), dtype=np.uint64)
    return mixed(words, *names)


def mixed(words: Hashes, *names: int | str) -> Hashes:
    """The words, thoroughly mixed with each other's bits and with the names."""
    seed = np.uint64(np.random.SeedSequence([_word(name) for name in names]).generate_state(1, np.uint64)[0])
    with np.errstate(over="ignore"):
        x = words * _STEP + seed  # the finalizer of splitmix64
        x = (x ^ (x >> np.uint64(30))) * _FIRST
        x = (x ^ (x >> np.uint64(27))) * _SECOND
        return x ^ (x >> np.uint64(31))


def uniform(words: Hashes) -> NDArray[np.float64]:
    """A number in (0, 1) from each hash."""
    return ((words >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def normal(words: Hashes) -> NDArray[np.float64]:
    """A standard normal number from each hash (Box and Muller)."""
    angle = 2 * np.pi * uniform(mixed(words, "angle"))
    return np.asarray(np.sqrt(-2 * np.log(uniform(words))) * np.cos(angle))


def _of(value: Any) -> int:
    if type(value) is int and 0 <= value < 1 << 63:
        return value
    text = value.encode() if type(value) is str else as_json(value)
    return crc32(text) | 1 << 63  # apart from every whole number
