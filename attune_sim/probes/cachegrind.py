"""Machine instructions of a piece of work, counted by valgrind's cachegrind.

A program under cachegrind learns its count only when it ends, and most of that is its start, which moves by some
thousands from run to run. So the program makes everything ready once and then forks: each child does one piece of work
and ends, and valgrind writes the child's total into a log that the program reads. What came before is the same in all
children of one program to the last instruction, so differences of their totals are the work alone.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from attune_sim.collector import collector_at_rest
from attune_sim.errors import ExperimentError

Work = Callable[[], object]
"""Something to count. What it leaves behind is gone with the child that did it."""

_TOTAL: Final = re.compile(r"^==\d+== I\s+refs:\s+([\d,]+)$", re.MULTILINE)
_FIXED_ADDRESSES: Final = (
    "import ctypes, os, sys; ctypes.CDLL(None).personality(0x0040000); os.execvp(sys.argv[1], sys.argv[1:])"
)
"""A program that does `setarch -R`, which ends where a container forbids it: ADDR_NO_RANDOMIZE, then the command."""
_BARE: Final = 3
_SETTLING: Final = (
    24  # the interpreter adapts to a loop over some 20 turns; forking costs the same from then on
)


class Counter(Protocol):
    """Whatever counts instructions: valgrind, or a fake with a script."""

    def counts(self, works: Sequence[Work]) -> list[int]:
        """Instructions of each work, in their order. Raises ExperimentError for one that does not come to its end."""


def is_installed() -> bool:
    """Whether this machine has valgrind."""
    return shutil.which("valgrind") is not None


def under_cachegrind(log: str | os.PathLike[str]) -> tuple[str, ...]:
    """What stands before a command so that its instructions, and those of each child, are counted into the file `log`.

    Caches and branches are not simulated: nobody asks, and without them it is twice as fast. Addresses are not drawn by
    chance, where the system allows that: what hashes by its address would lie in another order every time.
    """
    options = ("--cache-sim=no", "--branch-sim=no", f"--cachegrind-out-file={os.devnull}")
    valgrind = ("valgrind", "--tool=cachegrind", *options, f"--log-file={os.fspath(log)}")
    return (sys.executable, "-I", "-S", "-c", _FIXED_ADDRESSES, *valgrind)


def totals(log: str) -> list[int]:
    """The totals in a log of valgrind, one a process that ended, in the order of their ends.

    >>> totals("==7== Cachegrind, a high-precision tracing profiler\\n==7== \\n==7== I refs:        1,245,356,185\\n")
    [1245356185]
    """
    return [int(total.replace(",", "")) for total in _TOTAL.findall(log)]


def beyond_nothing(counted: Sequence[int]) -> list[int]:
    """From the totals of three children that did nothing, then of others: what each of the others did.

    Between one child and the next the program itself goes on by a constant, by which those that do nothing differ. The
    first of them is left out: it begins a loop.

    >>> beyond_nothing([1_000, 1_007, 1_010, 1_013, 1_116])
    [0, 100]
    """
    _, before, nothing, *done = counted
    return [total - nothing - (nothing - before) * turn for turn, total in enumerate(done, 1)]


class Cachegrind:
    """The counter of a process that runs under `under_cachegrind(log)`.

    Works get no say in each other's count: each is done in a child of its own, from the same state of this process,
    Python's collector at rest. Only where the process forks like on POSIX.
    """

    def __init__(self, log: str | os.PathLike[str]) -> None:
        self._log = Path(log)
        self._settled = False

    def counts(self, works: Sequence[Work]) -> list[int]:
        """Instructions of each work, in their order; an empty function counts as 0.

        Raises ExperimentError for a work that raises, and for a log without totals.
        """
        if not self._settled:
            self._totals([_nothing] * _SETTLING)
            self._settled = True
        return beyond_nothing(self._totals([_nothing] * _BARE + list(works)))

    def _totals(self, works: Sequence[Work]) -> list[int]:
        with collector_at_rest():
            for work in works:
                _done_by_child(work)
        known = totals(self._log.read_text(encoding="utf-8", errors="replace"))
        if len(known) < len(works):
            raise ExperimentError(f"valgrind told {len(known)} totals for {len(works)} pieces of work")
        return known[-len(works) :]


def _done_by_child(work: Work) -> None:
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if status:
        raise ExperimentError(
            f"what was counted did not come to its end (exit code {os.waitstatus_to_exitcode(status)})"
        )


def _nothing() -> None:
    pass
