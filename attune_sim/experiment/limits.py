"""A worker's limits, and its ties to the parent: what keeps one cell from harming a machine or outliving its parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_OOM_SCORE: Final = "/proc/self/oom_score_adj"
_NEAR: Final = (
    0.9  # what was refused may have been large, and the refused call itself leaves no trace in VmPeak
)


def in_binary(size: int) -> str:
    """Bytes in the unit in which people give limits.

    >>> in_binary(4 * 2**30), in_binary(512 * 2**20), in_binary(1000)
    ('4 GiB', '512 MiB', '1,000 bytes')
    """
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size:,} bytes"


def tie_to_parent(parent: int) -> None:
    """Die when the parent dies, and be the first to go when the system is out of memory (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)
        with contextlib.suppress(OSError), open(_OOM_SCORE, "w") as file:
            file.write("1000")


class MemoryLimit:
    """A limit on the address space of this process.

    `lift` takes it away again: what follows (reading, sizing, telling) may have the memory that it needs. It is made
    before the limit is set, because where it is called there may be no memory left to make anything.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.lift: Callable[[], None] = lambda: None

    @staticmethod
    def is_available() -> bool:
        """Whether this system has such limits."""
        return find_spec("resource") is not None

    def set(self, in_use: int | None) -> None:
        """From now on, where there are such limits. Raises MemoryError if more address space is in use already."""
        if not self.is_available():
            return
        import resource

        if in_use is not None and in_use > self.limit_bytes:
            raise MemoryError(f"{in_use:,} bytes were in use before the first item")

        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = self.limit_bytes if soft == resource.RLIM_INFINITY else min(soft, self.limit_bytes)
        lift = partial(resource.setrlimit, resource.RLIMIT_AS, (soft, hard))
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
            self.lift = lift

    def is_near(self, peak_address_space: int | None) -> bool:
        """Whether a peak of the address space came close to the limit; one that is unknown did not."""
        return (peak_address_space or 0) >= _NEAR * self.limit_bytes
