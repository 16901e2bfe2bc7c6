"""`threads`: a pool of worker threads over one queue of attempts. The drive is told under the lock of the timeline."""

from __future__ import annotations

import threading
from typing import Final

from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.executors.drive import Drive
from attune_sim.executors.local import LocalPerformer
from attune_sim.executors.timeline import RealTimeline

WORKERS: Final = 32
"""Threads at the most: more of them only wait for each other. A window beyond it is served as threads come free."""


class ThreadsPerformer(LocalPerformer):
    """Performs up to `workers` attempts at once; sync actions as they are, async ones on an event loop of its own.

    Everything but the attempts themselves happens under the one lock. Workers wait for `_ready`, the thread of the
    timeline for its own news: with one condition for both, a word meant for a worker could be lost on the other.
    """

    def __init__(self, timeline: RealTimeline, workers: int = WORKERS) -> None:
        super().__init__(timeline)
        self.start = self._take_on
        self._limit = workers
        self._ready = timeline.condition()
        self._idle = self._threads = self._on_their_way = 0
        self._hands = 0  # workers that are telling an event, and will take the next attempt themselves
        self._left = False

    def enter(self, drive: Drive) -> None:
        super().enter(drive)
        self._timeline.on_interrupt(drive.cancel)

    def _take_on(self, command: StartAction) -> None:
        """Queue it and see to it that it finds a worker."""
        self._queue.append(command)
        unserved = len(self._queue) - self._hands
        if unserved <= 0:
            return
        if self._idle:
            self._ready.notify()
        if unserved > self._idle + self._on_their_way and self._threads < self._limit:
            self._threads += 1
            self._on_their_way += 1
            name = f"attune-sim worker {self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        try:
            event: ActionEnded | None = None
            while (command := self._next(event)) is not None:
                event = self._performing(command.offer)(command)
        except BaseException as error:  # a bug or an observer's exception: the caller must hear of it
            self._timeline.fail(error)

    def _next(self, event: ActionEnded | None) -> StartAction | None:
        """Tell what has ended and take the next attempt, waiting for one; None once the run is over."""
        drive, queue, timeline = self._drive, self._queue, self._timeline
        with timeline.short_lock:
            if event is None:  # it has just begun
                self._on_their_way -= 1
            else:
                self._hands = 1
                if timeline.waiting:  # what was due before comes before
                    timeline.ring_before(event.ended)
                drive.tell(event)
                self._hands = 0
            while not (self._left or drive.ending is not None):
                if queue and not timeline.interrupts.pending:
                    command = queue.popleft()
                    drive.job.steps.begin(command)
                    return command
                self._idle += 1
                self._ready.wait()
                self._idle -= 1
            self._ready.notify_all()
            return None

    def leave(self) -> None:
        with self._timeline.lock:
            self._left = True
            self._ready.notify_all()
        super().leave()
