"""What one fork alone keeps alive, found by following references; and what the pools around it waste.

Python's allocator cuts pools of 16 KiB into blocks of one size. Pages count whole pools; the head of a pool, and its end
where no further block fits, belong to no object: 0.3 to 3 % of what is in the blocks, by their size. See
`Objects/obmalloc.c`, `POOL_SIZE` and `POOL_OVERHEAD`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Final

_POOL: Final = 16 * 1024
_POOL_HEAD: Final = 48
_LARGEST: Final = 512  # larger blocks are malloc's
_MALLOC_HEAD: Final = 8
_ALIGN: Final = 16
_CODE: Final = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType)
"""What belongs to the program and not to its data."""

_HEADS: Final = {kind: sys.getsizeof(kind()) for kind in (dict, list)}
"""Containers whose entries lie in a block of their own."""


@dataclass(frozen=True, slots=True)
class Walked:
    """Bytes that blocks take, and bytes that their pools waste beside them."""

    blocks: float
    waste: float


def owned(forks: Iterable[Any], shared: Iterable[Any]) -> list[Walked]:
    """For each fork what it keeps alive and neither `shared` does nor the first of the forks, which is left out.

    What C and Rust extensions do not tell the garbage collector is not seen.

    >>> base = {"text": "x" * 1000}
    >>> [walked.blocks for walked in owned([[base, 1 << 70], [base, 2 << 70]], [base])]
    [128.0]
    """
    first, *others = forks
    known: set[int] = set()
    for _ in _reached([*shared, first], known):
        pass
    return [_sum(_reached([fork], set(known))) for fork in others]


def _reached(roots: list[Any], known: set[int]) -> Iterator[Any]:
    """Everything behind the roots that is not known yet."""
    pending = roots
    while pending:
        one = pending.pop()
        if id(one) in known or isinstance(one, _CODE):
            continue
        known.add(id(one))
        yield one
        pending += gc.get_referents(one)


def _sum(objects: Iterable[Any]) -> Walked:
    blocks = waste = 0.0
    for size in (size for one in objects for size in _sizes(one)):
        blocks += rounded(size)
        waste += wasted(size)
    return Walked(blocks, waste)


def _sizes(one: Any) -> Iterator[int]:
    size, head = sys.getsizeof(one), _HEADS.get(type(one))
    if head is None or size <= head:
        yield size
    else:
        yield head
        yield size - head


def rounded(size: int) -> int:
    """Bytes of the block that an object of so many bytes is given.

    >>> rounded(56), rounded(28), rounded(1000)
    (64, 32, 1008)
    """
    more = 0 if size <= _LARGEST else _MALLOC_HEAD
    return -(-(size + more) // _ALIGN) * _ALIGN


def wasted(size: int) -> float:
    """Bytes of a pool that belong to no block, for one block in it.

    >>> round(wasted(64), 2), round(wasted(512), 2), wasted(1000)
    (0.25, 16.52, 0.0)
    """
    if size > _LARGEST:
        return 0.0
    fit = (_POOL - _POOL_HEAD) // rounded(size)
    return _POOL / fit - rounded(size)
