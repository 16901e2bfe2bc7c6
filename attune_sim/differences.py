"""Where two values of JSON differ, and how a long difference is shown in little room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, Final, TypeAlias

from attune_sim.paths import below

Difference: TypeAlias = tuple[str, Any, Any]
"""The place of a difference, and what stands there in the one and in the other."""


class _Absent:
    def __repr__(self) -> str:
        return "(absent)"


ABSENT: Final = _Absent()
"""What a difference has in place of a value that is not there."""


def differences(
    left: Any, right: Any, place: str = "", *, kinds: tuple[type, ...] = (bool, int, float)
) -> Iterator[Difference]:
    """Where two values differ: maps key by key, lists of one length entry by entry.

    Equal values of different `kinds` differ, so that 1, 1.0 and true are three values; with `kinds=(bool,)`, 1 and 1.0
    are the same.

    >>> list(differences({"a": [1, 2], "b": 1}, {"a": [1, 3], "b": 1.0, "c": None}))
    [('a[1]', 2, 3), ('b', 1, 1.0), ('c', (absent), None)]
    """
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in dict.fromkeys([*left, *right]):
            pair = left.get(key, ABSENT), right.get(key, ABSENT)
            yield from differences(*pair, below(place, key), kinds=kinds)
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, pair in enumerate(zip(left, right, strict=True)):
            yield from differences(*pair, below(place, index), kinds=kinds)
    elif left != right or any(isinstance(left, kind) != isinstance(right, kind) for kind in kinds):
        yield place, left, right


def windows(left: str, right: str, width: int) -> tuple[str, str]:
    """Both texts; of long ones as much as fits into `width`, from a little before the place where they begin to differ.

    >>> windows("0123456789abcdef", "0123456789abcdeX", width=6)
    ('...def', '...deX')
    """
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
    start = max(0, alike - width // 3) if max(len(left), len(right)) > width else 0
    return _window(left, start, width), _window(right, start, width)


def _window(text: str, start: int, width: int) -> str:
    shown = text[start : start + width]
    return f"{'...' if start else ''}{shown}{'...' if start + width < len(text) else ''}"
