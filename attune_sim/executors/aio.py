"""`asyncio`: async actions awaited on one event loop, sync ones in threads.

Workers share one queue of attempts: an attempt costs a few steps of a coroutine that goes on, not a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Final

from attune_sim.engine.events import ActionEnded, StartAction, StopAction
from attune_sim.engine.offer import Offer
from attune_sim.executors.attempts import cancelled, reason_of, without_call
from attune_sim.executors.drive import Drive
from attune_sim.executors.local import LocalPerformer
from attune_sim.executors.stoppable import absorbed, is_async
from attune_sim.executors.timeline import RealTimeline

WORKERS: Final = 32
"""Threads for sync actions, at the most."""

_BREATH: Final = 64  # attempts a worker makes before it lets the loop look at timers and other tasks


class AsyncioPerformer(LocalPerformer):
    """Performs attempts as coroutines on the loop that is running, and tells in its thread how they ended."""

    def __init__(self, timeline: RealTimeline) -> None:
        super().__init__(timeline)
        self._workers: set[asyncio.Task[None]] = set()
        self._on_their_way = 0
        self._under_way: dict[asyncio.Task[None], StartAction] = {}
        self._stopped: set[asyncio.Task[None]] = set()
        self._awaited: dict[int, Callable[[StartAction], Awaitable[ActionEnded]]] = {}
        """By the identity of an open offer: what performs its attempts."""
        self._is_left = False
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="attune-sim worker")

    def enter(self, drive: Drive) -> None:
        super().enter(drive)
        self._loop = asyncio.get_running_loop()
        # Without the lock, as long as all that is told, and all hooks, are called in this thread.
        self._tell: Callable[[ActionEnded], None] = drive.tell

    def staff(self, served: int = 0) -> None:
        """Workers for what is queued, as far as none is on its way to it."""
        for _ in range(len(self._queue) - served - self._on_their_way):
            self._on_their_way += 1
            worker = self._loop.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        self._on_their_way -= 1
        worker = asyncio.current_task()
        assert worker is not None
        drive, queue, timeline = self._drive, self._queue, self._timeline
        clock = timeline.clock
        begin, under_way, offer = drive.job.steps.begin, self._under_way, None
        try:
            for done in count(1):
                if not queue or drive.ending is not None:
                    return
                command = under_way[worker] = queue.popleft()
                if command.offer is not offer:
                    offer, awaited = command.offer, self._awaiting(command.offer)
                begin(command)
                began = clock()
                try:
                    event = await awaited(command)
                except asyncio.CancelledError as error:
                    event = self._stopped_event(worker, command, began, error)
                if worker.cancelling():
                    await absorbed(worker)
                del under_way[worker]  # a stop that follows from this end is not meant for what comes next
                tell = self._tell  # and then called, faster than as a method
                if timeline.waiting:  # what was due before comes before
                    self._ring_before(event.ended)
                tell(event)
                if len(queue) > 1 + self._on_their_way:
                    self.staff(served=1)  # the first one is taken right here
                if not done % _BREATH:
                    await self._breath()
        except BaseException as error:  # what observers raise must reach the caller
            self._timeline.fail(error)
        finally:
            under_way.pop(worker, None)

    async def _breath(self) -> None:
        self._on_their_way += 1  # no other worker is wanted in its place
        await asyncio.sleep(0)
        self._on_their_way -= 1

    def _ring_before(self, moment: float) -> None:
        with self._timeline.lock:
            self._timeline.ring_before(moment)

    def _tell_under_lock(self, event: ActionEnded) -> None:
        with self._timeline.lock:
            self._drive.tell(event)

    def _awaiting(self, offer: Offer) -> Callable[[StartAction], Awaitable[ActionEnded]]:
        """What performs the attempts over an offer, on this loop if its action is awaited, else in a thread."""
        if (known := self._awaited.get(id(offer))) is not None:
            return known
        action = self._drive.job.actions[offer.action]
        if is_async(action):
            return self._awaited.setdefault(id(offer), self._attempts.awaiting(offer, action))
        self._tell = self._tell_under_lock
        perform, loop, threads = self._performing(offer), self._loop, self._threads
        # A thread gives an event, never an exception: a future refuses some of what an action may raise.
        return self._awaited.setdefault(
            id(offer), lambda command: loop.run_in_executor(threads, perform, command)
        )

    def close(self, offer: Offer) -> None:
        self._awaited.pop(id(offer), None)
        super().close(offer)

    def _stopped_event(
        self, worker: asyncio.Task[None], command: StartAction, began: float, error: asyncio.CancelledError
    ) -> ActionEnded:
        """The end of an attempt that was stopped, or of one whose action cancelled the task that it runs in."""
        if self._is_left:
            raise error  # the loop itself is going down
        worker.uncancel()
        now, began = self._timeline.now(), began - self._timeline.origin
        if worker in self._stopped:
            self._stopped.discard(worker)
            return cancelled(command, now, began)
        return without_call(command, "failed", reason_of(error, command.action, {}), began, now)

    def _stop_begun(self, command: StopAction) -> None:
        for worker, begun in self._under_way.items():
            if begun.key == command.key:
                self._stopped.add(worker)
                worker.cancel()

    def leave(self) -> None:
        self._is_left = True
        self._threads.shutdown(wait=False)
        super().leave()
