"""Driving a job on an event loop: the one that is running, or one of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from attune_sim.engine.events import EndRun
from attune_sim.executors.aio import AsyncioPerformer
from attune_sim.executors.drive import Drive, Job
from attune_sim.executors.executor import Executor
from attune_sim.executors.timeline import RealTimeline

_LOOK_S: Final = 0.1  # where a signal may reach another thread, the caller's sees it only when it wakes


class AsyncioExecutor(Executor):
    """Drives jobs on an event loop. `run` works inside a running loop too (a notebook): it takes a thread then."""

    __slots__ = ()

    def run(self, job: Job, timeline: RealTimeline | None = None, **options: Any) -> EndRun:
        timeline = timeline or RealTimeline()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return _on_own_loop(self.arun(job, timeline))
        return _in_thread(self, job, timeline)

    async def arun(self, job: Job, timeline: RealTimeline | None = None, **options: Any) -> EndRun:
        """Drive a run on the loop that is running; cancelling this coroutine cancels the run, which still ends."""
        timeline = timeline or RealTimeline()
        performer = AsyncioPerformer(timeline)
        return await drive_on_loop(Drive(job, timeline, performer), timeline, performer)


def _on_own_loop(running: Coroutine[Any, Any, EndRun]) -> EndRun:
    """`asyncio.run` for a coroutine that goes on to its end where an action stops the loop under it."""
    begun: list[asyncio.Task[EndRun]] = []

    async def first() -> EndRun:
        begun.extend(task for task in [asyncio.current_task()] if task is not None)
        return await running

    async def again() -> EndRun:
        return await begun[0]

    with asyncio.Runner() as runner:
        going_on = first
        while True:
            try:
                return runner.run(going_on())
            except (RuntimeError, SystemExit):  # the latter from what an action has left behind on the loop
                if begun[0].done():
                    raise
                going_on = again


async def drive_on_loop(drive: Drive, timeline: RealTimeline, performer: AsyncioPerformer) -> EndRun:
    """Begin a run and bring it to its end on the loop that is running."""
    timeline.go()
    try:
        with timeline.lock:
            drive.begin()
        return await _to_the_end(drive, timeline, performer)
    finally:
        performer.leave()


async def _to_the_end(drive: Drive, timeline: RealTimeline, performer: AsyncioPerformer) -> EndRun:
    """Wait on the loop: for what is due, for what went wrong, and for the end."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    timeline.on_news(lambda: _note(loop, news))
    is_cancelled = False
    while drive.ending is None:
        try:
            with timeline.lock:
                seconds = timeline.settle()
            performer.staff()
            news.clear()
            if drive.ending is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await news.wait()
        except asyncio.CancelledError:
            if is_cancelled:
                raise  # whoever cancels twice does not wait for what hangs
            is_cancelled = True
            timeline.interrupts.note()
            with timeline.lock:
                drive.cancel()
    return drive.ending


def _note(loop: asyncio.AbstractEventLoop, news: asyncio.Event) -> None:
    loop.call_soon_threadsafe(news.set)


def _in_thread(executor: AsyncioExecutor, job: Job, timeline: RealTimeline) -> EndRun:
    """Drive a run on a loop of its own; Ctrl-C in the caller's thread cancels the run there."""
    ended: list[EndRun] = []
    broken: list[BaseException] = []
    main: list[asyncio.Task[Any]] = []
    over = (
        threading.Event()
    )  # an interrupted Thread.join takes the thread for dead on some versions of Python

    async def driven() -> EndRun:
        main.extend(task for task in [asyncio.current_task()] if task is not None)
        return await executor.arun(job, timeline)

    def drive() -> None:
        try:
            ended.append(_on_own_loop(driven()))
        except BaseException as error:
            broken.append(error)
        finally:
            over.set()

    thread = threading.Thread(target=drive, name="attune-sim asyncio", daemon=True)
    with timeline.interrupts as interrupts:
        thread.start()
        while not over.is_set():
            if main and interrupts.take():
                main[0].get_loop().call_soon_threadsafe(main[0].cancel)
            with interrupts.interruptible():
                if not interrupts.pending:
                    over.wait(_LOOK_S)
    if broken:
        raise broken[0]
    return ended[0]
