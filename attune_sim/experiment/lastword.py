"""The last word of a worker that a fatal signal ends: which signal, and whether an allocation had just been refused.

A library that does not check its `malloc` writes to address 0; one that does may call `abort`. Both look from outside
like any other crash, and only the errno of the thread that crashed tells them apart. A handler reads it, writes one row
that was made in advance and one that says how far the run had come, and lets the signal do what it would have done.

The handler is Python and needs the interpreter's lock. In a thread that cannot get it the handler would wait for ever,
so the parent can see from outside that one is at it, and for how long it is willing to wait is the parent's affair.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from attune_sim.experiment.refusals import ThreadErrno

FATAL: Final = tuple(
    getattr(signal.Signals, name)
    for name in ("SIGSEGV", "SIGBUS", "SIGILL", "SIGABRT")
    if hasattr(signal.Signals, name)
)

_RESETHAND: Final = -0x80000000  # the flag's bit, in a signed int
_MASK_BYTES: Final = 128
# Blocks of every size class of Python's allocator, and some that lie beside it.
_RESERVED: Final = (*(size for size in range(8, 480, 16) for _ in range(8)), *(4096,) * 16)
# Real-time signals that nobody sends. While a handler runs they are blocked in its thread, which /proc shows: the first
# three and one of the others, by which the signal is known. No program blocks just these.
_MARKS: Final = (45, 57, 60)
_MARK_OF: Final = dict(zip(FATAL, range(50, 54), strict=False))


def is_available() -> bool:
    """Whether this system has what a last word takes: Linux has."""
    return sys.platform.startswith("linux")


class _Action(ctypes.Structure):
    """`struct sigaction` of Linux's C libraries."""

    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_ubyte * _MASK_BYTES),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


class _Limit(ctypes.Structure):
    _fields_ = (("soft", ctypes.c_ulong), ("hard", ctypes.c_ulong))


class LastWord:
    """Handlers of the fatal signals of this process, which write to a descriptor.

    All that they need is made here, because where they run there may be no memory left. They stay for as long as this
    object lives. A process that was forked off this one inherits them, and says nothing.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._process = descriptor, os.getpid()
        self._errno = ThreadErrno()
        self._reserve: list[bytes] | None = [bytes(size) for size in _RESERVED]
        self._rows = {
            (number, refused): _row(number, refused) for number in FATAL for refused in (True, False)
        }
        python, libc = ctypes.pythonapi, ctypes.PyDLL(None)
        self._drop_exception = python.PyErr_Clear
        self._drop_exception.restype = None
        self._raise, self._set_limit = getattr(libc, "raise"), libc.setrlimit
        self._limit = ctypes.byref(_highest_limit())
        self._handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(self._say)
        self._sigaction = libc.sigaction
        self._reached: Callable[[], tuple[int, int, float]] | None = None

    def count(self, reached: Callable[[], tuple[int, int, float]]) -> None:
        """Say at the end too how many items had ended, and how many forks were made in how many microseconds: `reached()`."""
        self._reached = reached

    def arm(self) -> None:
        """From now on, for all threads."""
        for number in FATAL:
            action = _Action(ctypes.cast(self._handler, ctypes.c_void_p).value, _mask(number), _RESETHAND)
            self._sigaction(int(number), ctypes.byref(action), None)

    def _say(self, number: int) -> None:
        # The order counts. A library may crash with an exception set, under which no call succeeds; what calls are made
        # of takes a few bytes, and there may be none; and nothing that is called before errno is read may fail.
        self._drop_exception()
        self._reserve = None
        self._set_limit(_ADDRESS_SPACE, self._limit)
        refused = self._errno.says_refused()
        if os.getpid() == self._process:
            os.write(self._descriptor, self._rows[number, refused])
            self._say_how_far()
        # The handler is gone (RESETHAND) and the signal is blocked until it returns: then this ends the process.
        self._raise(number)

    def _say_how_far(self) -> None:
        with contextlib.suppress(Exception):  # whatever broke down, the signal has to end the process
            if self._reached is not None:
                os.write(self._descriptor, _REACHED % self._reached())


_REACHED: Final = b'{"row":"reached","items_done":%d,"forks":%d,"fork_us":%.3f}\n'
_ADDRESS_SPACE: Final = 9  # RLIMIT_AS of Linux


def _highest_limit() -> _Limit:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    return _Limit(
        hard % 2 ** (8 * ctypes.sizeof(ctypes.c_ulong)), hard % 2 ** (8 * ctypes.sizeof(ctypes.c_ulong))
    )


def _row(number: int, refused: bool) -> bytes:
    # A line of its own, even where another thread was writing one.
    return b'\n{"row":"dying","signal":%d,"refused":%s}\n' % (number, b"true" if refused else b"false")


def _mask(number: signal.Signals) -> Any:
    mask = (ctypes.c_ubyte * _MASK_BYTES)()
    for blocked in (*_MARKS, _MARK_OF[number]):
        mask[(blocked - 1) // 8] |= 1 << (blocked - 1) % 8
    return mask


def signal_being_handled(process: int, root: Path = Path("/proc")) -> signal.Signals | None:
    """The fatal signal that a thread of a worker is saying its last word about; None if none is, or nobody can tell."""
    return next(
        (number for mask in _blocked(root / str(process) / "task") if (number := _marked(mask))), None
    )


def _blocked(threads: Path) -> Iterator[int]:
    """The signals that each thread of a process blocks, one bit each."""
    try:
        for thread in threads.iterdir():
            lines = (thread / "status").read_text().splitlines()
            yield from (int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:"))
    except OSError:  # it is just ending, or this system shows no threads
        return


def _marked(mask: int) -> signal.Signals | None:
    blocked = {number for number in (*_MARKS, *_MARK_OF.values()) if mask >> (number - 1) & 1}
    return next((number for number, mark in _MARK_OF.items() if blocked == {*_MARKS, mark}), None)
