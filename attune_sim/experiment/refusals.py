"""Whether an allocation was refused: told by what the C library left behind, never by what an error says.

A refused `malloc` or `mmap` leaves ENOMEM in the errno of its thread, whoever called it and whatever that makes of it. It
stays until another call fails, so it is cleared wherever that costs nothing, and is read as soon as something went wrong.
"""

from __future__ import annotations

import ctypes
import dis
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from attune_sim.executors.timeline import RealTimeline

_RAISE: Final = dis.opmap["RAISE_VARARGS"]


class ThreadErrno:
    """The errno of the thread that asks. Where the C library does not show it, nothing is ever refused.

    >>> errno = ThreadErrno()
    >>> errno.clear()
    >>> errno.says_refused()
    False
    """

    def __init__(self) -> None:
        # PyDLL keeps the interpreter's lock: between two threads there would be two errnos.
        location = getattr(ctypes.PyDLL(None), "__errno_location", None) if os.name == "posix" else None
        if location is not None:
            location.restype = ctypes.POINTER(ctypes.c_int)
        self._location: Callable[[], Any] | None = location

    def says_refused(self) -> bool:
        """Whether the last call that failed in this thread failed for want of memory."""
        return self._location is not None and self._location()[0] == errno.ENOMEM

    def clear(self) -> None:
        """What comes from here on is new."""
        if self._location is not None:
            self._location()[0] = 0


@dataclass(frozen=True, slots=True)
class Escape:
    """What ended a run from within: one line, and how it came about.

    `out_of_memory`: the interpreter raised a MemoryError, or an allocation had just been refused. `by_hand`: a
    MemoryError of a `raise` statement, which says nothing unless memory was nearly used up.
    """

    reason: str
    out_of_memory: bool
    by_hand: bool = False

    @classmethod
    def of(cls, error: BaseException, was_refused: bool) -> Escape:
        """Made after the limit was lifted: the line needs memory."""
        is_memory, by_hand = isinstance(error, MemoryError), raised_by_hand(error)
        text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
        return cls(text[:500], was_refused or (is_memory and not by_hand), is_memory and by_hand)


def raised_by_hand(error: BaseException) -> bool:
    """Whether a `raise` statement raised it, rather than the interpreter or a library in C.

    >>> try:
    ...     raise MemoryError
    ... except MemoryError as error:
    ...     raised_by_hand(error)
    True
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_code[trace.tb_lasti] == _RAISE


class Refusals:
    """An observer that notes which failures of items came from a refused allocation: `failure` is the first of them.

    It has no moment in the life of an item that succeeds. A refusal that an action got over is therefore forgotten only
    when somebody calls `forget`, at the next sample.
    """

    def __init__(self) -> None:
        self.errno = ThreadErrno()
        self.failure: str | None = None
        self.at_failure = False

    def item_failed(self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str) -> None:
        if self.errno.says_refused():
            self.failure = self.failure or error
        self.forget()

    def note(self) -> None:
        """Something is about to end the run: look whether an allocation was refused just before, in this thread."""
        self.at_failure = self.at_failure or self.errno.says_refused()

    def forget(self) -> None:
        """What was refused to this thread so far did not matter."""
        self.errno.clear()

    def was_short(self, escape: Escape | None, *, near: bool) -> bool:
        """Whether a run ended, or lost items, because memory was short; `near`: the address space came close to its limit."""
        if escape is None:
            return near and self.failure is not None
        return escape.out_of_memory or (escape.by_hand and near)


class RefusalsByAttempt(Refusals):
    """The same for attempts that other threads perform, where two more calls an attempt do not count: each begins afresh.

    A new thread of a small address space is refused a pool of its own by the C library, which then does without.
    """

    def calling(self, command: object) -> None:
        self.forget()


class NotingTimeline(RealTimeline):
    """A timeline that looks for a refusal in the thread in which a run broke, before the error travels to another one."""

    def __init__(self, refusals: Refusals) -> None:
        super().__init__()
        self._refusals = refusals

    def fail(self, error: BaseException) -> None:
        self._refusals.note()
        super().fail(error)
