"""Where time comes from: a real timeline, which waits, and a virtual one, which does not.

Times are *run time*: seconds since the run began, 0 at its start; a run that is taken up goes on from where it was.
What a fork, a rendering or an action costs is *cost time*, read by whoever does it, and never subtracted from these.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from heapq import heappop
from typing import Any, Final, Protocol

from attune_sim.executors.agenda import Agenda, Appointment, Call, Entry
from attune_sim.executors.interrupts import Interrupts

Clock = Callable[[], float]
Until = Callable[[], bool]

_MOMENT_S: Final = 50e-6
_LONGEST_S: Final = 0.1  # where a signal may reach another thread, this one sees it only when it wakes


class Timeline(Protocol):
    """Where time comes from. Many runners may share one; who speaks to it from another thread holds its `lock`."""

    lock: AbstractContextManager[Any]
    clock: Clock
    """Seconds of cost time; where it stands still, nothing costs anything."""

    @property
    def origin(self) -> float:
        """What the clock reads at run time 0: how a reading of it is dated."""

    def now(self) -> float:
        """Run time, in seconds."""

    def at(self, due: float, call: Call, argument: Any, *, late: bool = False) -> Appointment:
        """Call `call(argument)` at a moment, after all that is due then if it is `late`."""

    def wake(self) -> None:
        """Something has changed that whoever runs the timeline may wait for."""

    def step(self) -> bool:
        """Do the next thing; false if there is nothing to do or to wait for."""

    def run(self, until: Until, first: Callable[[], None] = lambda: None) -> None:
        """Do `first()` before time passes, then step until `until()` is true, or nothing is left."""


class VirtualTimeline:
    """Time that passes from one appointment to the next and costs none.

    `moment` is what `now()` tells, for who reads it for each of a million attempts, and only to be read.

    >>> timeline = VirtualTimeline()
    >>> _ = timeline.at(3600.0, print, "an hour later")
    >>> timeline.step(), timeline.now(), timeline.step()
    an hour later
    (True, 3600.0, False)
    """

    def __init__(self, now: float = 0.0) -> None:
        self.lock: AbstractContextManager[Any] = nullcontext()
        self.clock: Clock = float  # 0.0, always
        self.moment = now
        self._agenda = Agenda()

    @property
    def origin(self) -> float:
        return -self.moment

    def now(self) -> float:
        return self.moment

    def at(self, due: float, call: Call, argument: Any, *, late: bool = False) -> Appointment:
        return Appointment(self._agenda, max(due, self.moment), call, argument, late=late)

    @property
    def post(self) -> Callable[[float, Call, Any], Entry]:
        """Puts `call(argument)` on the agenda, for who makes many: `due` must not have passed, and who would `cancel` the entry
        must know that it has not come up."""
        return self._agenda.post

    @property
    def cancel(self) -> Callable[[Entry], None]:
        """Takes off an entry that was posted and has not come up yet."""
        return self._agenda.cancel

    def wake(self) -> None:
        """Nobody waits in virtual time."""

    def step(self) -> bool:
        return self.ring(1) == 1

    def ring(self, most: int) -> int:
        """Do the next things, up to so many; how many they were: fewer where nothing is left."""
        entries, cancelled, tidy = self._agenda.entries, self._agenda.cancelled, self._agenda.tidy
        for done in range(most):
            if not entries:
                return done
            self.moment, _, call, argument = heappop(entries)
            if cancelled:
                tidy()
            call(argument)
        return most

    def run(self, until: Until = lambda: False, first: Callable[[], None] = lambda: None) -> None:
        first()
        while not until() and self.step():
            pass

    def clear(self) -> None:
        """Nothing that is on the agenda will be."""
        self._agenda.clear()

    @property
    def due(self) -> float | None:
        """When the next thing is to be done; None if there is nothing."""
        return self._agenda.due

    def __len__(self) -> int:
        """Appointments that are still to come."""
        return len(self._agenda)

    def __repr__(self) -> str:
        return f"<VirtualTimeline at {self.moment:g} s, {len(self)} appointments>"


class _ShortLock:
    """A lock for many threads that need it often and shortly: whoever finds it taken comes back a moment later.

    One that waits in a lock is given it while another one has the interpreter. That one needs the lock again within
    microseconds and has to wait in its turn: every attempt would then be a change of threads.
    """

    __slots__ = ("_acquire", "_release")

    def __init__(self, lock: threading.RLock) -> None:
        self._acquire, self._release = lock.acquire, lock.release

    def __enter__(self) -> None:
        while not self._acquire(blocking=False):
            time.sleep(_MOMENT_S)

    def __exit__(self, *raised: object) -> None:
        self._release()


class RealTimeline:
    """The time of a clock. It stands still at `since` before it is first run, then goes.

    Other threads speak to it under its `lock`, which it gives away while it waits; `short_lock` is the same one. The first Ctrl-C is passed on to
    whoever asked for it with `on_interrupt`; a second one is an ordinary `KeyboardInterrupt`.
    """

    def __init__(self, *, since: float = 0.0, clock: Clock = time.perf_counter) -> None:
        self._lock = threading.RLock()
        self.lock: AbstractContextManager[Any] = self._lock
        self.short_lock = _ShortLock(self._lock)
        self.interrupts = Interrupts()
        self.clock = clock
        self._since = since
        self.origin = 0.0
        self._goes = False
        self._agenda = Agenda()
        self.waiting = self._agenda.entries  # looked at once an item: whether anything is on the agenda
        self._news = threading.Condition(self._lock)
        self._workers: list[Callable[[], bool]] = []
        self._on_interrupt: list[Callable[[], None]] = []
        self._is_waiting = False
        self._on_news: list[Callable[[], None]] = []
        self._failure: BaseException | None = None

    def condition(self) -> threading.Condition:
        """A further condition under its lock."""
        return threading.Condition(self._lock)

    def hold(self, now: float) -> None:
        """Stand still at this moment until it is run: where a run that is taken up goes on from."""
        self._since = now

    def go(self) -> None:
        """Let time pass, if it does not yet."""
        if not self._goes:
            self._goes = True
            self.origin = self.clock() - self._since

    def now(self) -> float:
        return self.clock() - self.origin if self._goes else self._since

    def at(self, due: float, call: Call, argument: Any, *, late: bool = False) -> Appointment:
        made = Appointment(self._agenda, due, call, argument, late=late)
        self.wake()
        return made

    # -- who works on it, and who is told ------------------------------------------------------------------------------

    def work(self, worker: Callable[[], bool]) -> None:
        """Call `worker()` whenever nothing is due: it does something in the thread of the timeline, or returns false."""
        self._workers.append(worker)

    def on_interrupt(self, call: Callable[[], None]) -> None:
        self._on_interrupt.append(call)

    def on_news(self, call: Callable[[], None]) -> None:
        """Call this whenever there may be something new to do: for who waits in another way than `run` does."""
        self._on_news.append(call)

    def wake(self) -> None:
        """Tell the thread that waits that there is something new; the lock must be held."""
        if self._is_waiting:
            self._news.notify_all()
        for call in self._on_news:
            call()

    def nudge(self) -> bool:
        """`wake` for a thread that must not wait for the lock: false where it is taken, and it is to be tried again."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self.wake()
        finally:
            self._lock.release()
        return True

    def fail(self, error: BaseException) -> None:
        """Raise this where the timeline runs: what went wrong in another thread must reach the caller."""
        with self.lock:
            self._failure = self._failure or error
            self.wake()

    # -- running -------------------------------------------------------------------------------------------------------

    def ring_before(self, moment: float) -> None:
        """Call all that comes before what ends at a moment; limits that it has just met do not."""
        while self._agenda.comes_before(moment):
            _, _, call, argument = self._agenda.pop()
            call(argument)

    def ring(self, moment: float) -> None:
        """Call all that was due up to a moment."""
        while (due := self._agenda.due) is not None and due <= moment:
            _, _, call, argument = self._agenda.pop()
            call(argument)

    def settle(self) -> float | None:
        """Pass on what has come up: a failure, an interrupt, what is due. Seconds until the next is due, or None."""
        if self._failure is not None:
            raise self._failure
        if self.interrupts.pending and self._on_interrupt and self.interrupts.take():
            for call in self._on_interrupt:
                call()
        if not self.waiting:
            return None
        self.ring(self.now())
        due = self._agenda.due
        return None if due is None else max(due - self.now(), 0.0)

    def step(self) -> bool:
        wait = self.settle()
        for worker in self._workers:
            if worker():
                return True
        self._wait(_LONGEST_S if wait is None else min(wait, _LONGEST_S))
        return True

    def run(self, until: Until, first: Callable[[], None] = lambda: None) -> None:
        with self.interrupts, self.lock:
            first()
            self.go()
            while not until():
                self.step()

    def _wait(self, seconds: float) -> None:
        with self.interrupts.interruptible():
            if not self.interrupts.pending:
                self._is_waiting = True
                self._news.wait(seconds)
        self._is_waiting = False

    def __repr__(self) -> str:
        return f"<RealTimeline at {self.now():g} s, {len(self._agenda)} appointments>"
