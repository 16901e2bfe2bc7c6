"""`threads`: a pool of worker threads over one queue of commands. The conductor is told under one lock."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from itertools import count
from typing import Any, Final

from attune_sim.engine.events import (
    CancelRequested,
    Command,
    EndRun,
    Event,
    StartAction,
    StartTimer,
    StopAction,
)
from attune_sim.engine.runner import Runner
from attune_sim.executors.calls import Outside
from attune_sim.executors.interrupts import Interrupts
from attune_sim.executors.perform import Clock, cancelled, perform, rung

WORKERS: Final = 32
"""Threads at the most: more of them only wait for each other. A window beyond it is served as threads come free."""

_LONGEST_S: Final = 0.1  # where a signal may reach another thread, the caller's sees it only when it wakes


class ThreadsExecutor:
    """Performs up to `workers` attempts at once; sync actions as they are, async ones on an event loop of its own."""

    name = "threads"

    def __init__(self, workers: int = WORKERS, clock: Clock = time.perf_counter) -> None:
        self._workers = workers
        self._clock = clock

    def run(self, runner: Runner) -> EndRun:
        with Interrupts() as interrupts:
            return _Pool(runner, self._workers, self._clock, interrupts).to_the_end()

    def __repr__(self) -> str:
        return f"<executor threads: up to {self._workers} attempts at once>"


class _Pool:
    """The workers of one run. Everything but `perform` happens under the one lock.

    Workers wait for `_ready`, the caller's thread for `_news`: with one condition for both, a word meant for a worker
    could wake the caller and be lost.
    """

    def __init__(self, runner: Runner, workers: int, clock: Clock, interrupts: Interrupts) -> None:
        self._runner = runner
        self._interrupts = interrupts
        self._limit = workers
        self._clock = clock
        self._queue: deque[StartAction] = deque()
        self._timers: list[tuple[float, int, StartTimer]] = []
        self._order = count()
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._news = threading.Condition(self._lock)
        self._idle = 0
        self._threads = 0
        self._fresh = 0  # threads that were started and have not come to the queue yet
        self._ending: EndRun | None = None
        self._broken: BaseException | None = None
        self._outside = Outside()
        self._told = False  # that the run is to be cancelled

    def to_the_end(self) -> EndRun:
        """Wait in the caller's thread: for timers, for Ctrl-C and for the end."""
        with self._lock:
            self._take(self._runner.start())
            while self._ending is None and self._broken is None:
                if self._interrupts.requested and not self._told:
                    self._told = True
                    self._cancel()
                    self._ready.notify_all()
                elif self._timers and self._timers[0][0] <= self._clock():
                    _, _, timer = heapq.heappop(self._timers)
                    self._tell(rung(timer))
                else:
                    self._wait()
            self._ready.notify_all()
        self._outside.close()
        if self._broken is not None:
            raise self._broken
        assert self._ending is not None
        if self._outside.abandoned:
            self._runner.warn_of_abandoned(self._outside.abandoned)
        return self._ending

    def _wait(self) -> None:
        interrupts = self._interrupts
        due = self._timers[0][0] - self._clock() if self._timers else _LONGEST_S
        try:
            interrupts.interruptible = True
            if not interrupts.requested or self._told:
                self._news.wait(min(max(due, 0.0), _LONGEST_S))
            interrupts.interruptible = False
        except KeyboardInterrupt:
            interrupts.interruptible = False
            if self._told:
                raise  # the second one

    def _tell(self, event: Event, hands: int = 0) -> None:
        self._take(self._runner.handle(event), hands)

    def _take(self, commands: list[Command], hands: int = 0) -> None:
        """Queue commands and see to it that each finds a worker; `hands` of them are free right here."""
        for command in commands:
            if type(command) is StartAction:
                self._queue.append(command)
            elif type(command) is StartTimer:
                heapq.heappush(self._timers, (self._clock() + command.seconds, next(self._order), command))
                self._news.notify()
            elif type(command) is StopAction:
                self._outside.stop(command)
            elif type(command) is EndRun:
                self._ending = command
                self._news.notify()
        unserved = len(self._queue) - hands
        if unserved > 0:
            self._ready.notify(unserved)
        for _ in range(min(unserved - self._idle - self._fresh, self._limit - self._threads)):
            self._threads += 1
            self._fresh += 1
            threading.Thread(
                target=self._work, name=f"attune-sim worker {self._threads}", daemon=True
            ).start()

    def _work(self) -> None:
        event: Event | None = None
        try:
            while True:
                with self._lock:
                    if event is None:
                        self._fresh -= 1
                    else:
                        self._tell(event, hands=1)
                    command = self._next()
                if command is None:
                    return
                event = perform(self._call, command, self._clock)
        except BaseException as error:  # a bug or an observer's exception: the caller must hear of it
            with self._lock:
                self._broken = self._broken or error
                self._news.notify()

    def _next(self) -> StartAction | None:
        """The next command, waiting for one; None once the run is over."""
        while self._ending is None and self._broken is None:
            if self._queue and (self._told or not self._interrupts.requested):
                command = self._queue.popleft()
                if self._runner.begin(command):
                    return command
                continue
            self._idle += 1
            self._ready.wait()
            self._idle -= 1
        return None

    def _call(self, command: StartAction) -> Any:
        return self._outside.call(self._runner.actions[command.action], command)

    def _cancel(self) -> None:
        queued = list(self._queue)
        self._queue.clear()
        self._timers.clear()
        self._tell(CancelRequested(self._runner.workflow.cancellation_policy))
        for command in queued:
            self._tell(cancelled(command, self._clock()))
