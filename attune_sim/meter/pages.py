"""Anonymous pages of this process, counted by the kernel, and how to make their number tell what is allocated.

A page is counted when something is written to it for the first time. What is allocated shows therefore only once the
holes are filled that lie between what was allocated before: `filled_holes` does so, and holds them filled.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

_ROLLUP: Final = "/proc/self/smaps_rollup"
_ANONYMOUS: Final = re.compile(rb"^Anonymous:\s*(\d+) kB", re.MULTILINE)
_PEAK: Final = re.compile(rb"^VmHWM:\s*(\d+) kB", re.MULTILINE)
_RESIDENT: Final = re.compile(rb"^VmRSS:\s*(\d+) kB", re.MULTILINE)

_LOT: Final = 64 * 1024
_MOST_LOTS: Final = 4_000  # a quarter of a gigabyte: holes of one size are never as large
_PYTHON_SIZES: Final = range(16, 513, 16)  # of Python's own allocator, which rounds up to 16 bytes
_C_SIZES: Final = (4072, 2040, 1016, 504, 248, 120, 56, 24)  # of malloc, its 8 bytes of header left out
_BYTES_HEAD: Final = 33  # what a bytes object takes beside its bytes
_PR_SET_THP_DISABLE: Final = 41
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_APART: Final = 16 * 1024
_TOGETHER: Final = 31 * 1024 * 1024  # nearly the most that malloc takes


def anonymous() -> int:
    """Bytes of anonymous pages now.

    They are counted page by page (`smaps_rollup`), because what `status` says of them is up to 32 pages a processor
    late. Raises OSError where there is no such file.
    """
    return _read(_ROLLUP, _ANONYMOUS)


def resident() -> int:
    """Bytes of all resident pages now."""
    return _read("/proc/self/status", _RESIDENT)


def peak() -> int:
    """The most resident bytes since `reset_peak`."""
    return _read("/proc/self/status", _PEAK)


def reset_peak() -> None:
    """Let the peak begin anew (proc(5), `clear_refs`). Raises OSError where that is not allowed."""
    with open("/proc/self/clear_refs", "wb", buffering=0) as file:
        file.write(b"5")


def only_small_pages() -> None:
    """Let no huge page, of which one byte is used, be counted in full."""
    ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)


def large_blocks_apart() -> None:
    """Let malloc give a large block for which it has no room pages of its own, which go back to the system with it: a text that a copy passes through, and
    the shorter ones that it grew from, leave no holes then, of which the next fork would fill some part."""
    _mallopt(_M_MMAP_THRESHOLD, _APART)


def large_blocks_together() -> None:
    """Let malloc keep what is given back to it, large blocks too, as it does where a process has run for long, whatever the
    environment says."""
    _mallopt(_M_MMAP_THRESHOLD, _TOGETHER)
    _mallopt(_M_TRIM_THRESHOLD, 2 * _TOGETHER)


def _mallopt(option: int, size: int) -> None:
    """Set an option of malloc, where it is one that has options."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(option, size)


def _read(path: str, line: re.Pattern[bytes]) -> int:
    with open(path, "rb", buffering=0) as file:
        found = line.search(file.read(8192))
    if found is None:
        raise OSError(f"{path} does not tell {line.pattern!r}")
    return int(found[1]) * 1024


@contextmanager
def filled_holes() -> Iterator[None]:
    """Inside, what is allocated takes pages of its own: the holes of both allocators are filled, size by size."""
    libc = _libc()
    libc.malloc_trim(0)
    mallocs: list[int] = []
    kept = [_filled(size, _block) for size in _PYTHON_SIZES]
    for size in _C_SIZES:
        mallocs += _filled(size, libc.malloc)
    try:
        yield
    finally:
        del kept
        for address in mallocs:
            libc.free(address)


def _block(size: int) -> object:
    """An object that Python's allocator gives so many bytes."""
    if size >= 48:
        return bytes(size - _BYTES_HEAD)
    return object() if size == 16 else size << 32


def _filled(size: int, take: Callable[[int], Any]) -> list[Any]:
    """Take blocks of one size until nearly all of a lot of them needed pages of their own."""
    count = _LOT // size
    lots: list[list[Any]] = []
    while len(lots) < _MOST_LOTS:
        lot: list[Any] = [None] * count
        before = anonymous()
        for place in range(count):
            lot[place] = take(size)
        lots.append(lot)
        if anonymous() - before >= _LOT * 3 // 4:
            break
    return [block for lot in lots for block in lot]


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]
    return libc
