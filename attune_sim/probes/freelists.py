"""Python's free lists: memory of small objects that is kept for the next ones instead of being given back.

A full collection empties them, and a run fills them again: some 20 KB of live heap that no item holds. They are therefore
filled before a run is watched.
"""

from __future__ import annotations

from typing import Any, Final

_KEPT: Final = 100  # floats; lists, dicts and their keys: 80 (CPython 3.11)
_TUPLES: Final = range(1, 12)


def fill_free_lists() -> None:
    """Make small objects of the kinds that are kept, and let go of all of them together."""
    made: list[Any] = [float(number) + 0.5 for number in range(_KEPT)]
    made += [[number] for number in range(_KEPT)]
    made += [{"number": number} for number in range(_KEPT)]
    made += [tuple(range(size)) for size in _TUPLES for _ in range(_KEPT)]
    made.clear()
