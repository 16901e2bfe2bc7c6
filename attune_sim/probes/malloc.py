"""glibc's malloc learns while a program runs: one state of it for all that is measured.

At first it gives each block of over 128 KB pages of its own, which go back to the system with it. With the first such block that is let
go it learns to keep blocks of that size, and up to twice as much of what is given back to it (mallopt(3), M_MMAP_THRESHOLD).
What a process happened to let go of before would decide what its forks cost: those of `pickle` over 400 texts took 59,000
new pages or 106,000, and a quarter longer. It may be set by the environment too, and Dask does so in a process that starts a cluster.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_KEPT: Final = 31 * 2**20
"""Bytes: it learns nothing from blocks of over 32 MB, and keeps twice as much."""


def teach_malloc() -> None:
    """Bring malloc to where that of a process comes that has run for long. Another library's learns nothing by it.

    It holds for the process, and to its end: a program of our own calls it as it begins, and nothing does that may run in a user's process.

    >>> teach_malloc()
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _KEPT)
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * _KEPT)
