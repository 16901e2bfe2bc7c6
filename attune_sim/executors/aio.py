"""`asyncio`: async actions awaited on one event loop, sync ones in threads.

Workers share one queue of commands: an attempt costs a few steps of a coroutine that goes on, not a task of its own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from attune_sim.engine.events import (
    ActionEnded,
    CancelRequested,
    Command,
    EndRun,
    Event,
    StartAction,
    StartTimer,
    StopAction,
)
from attune_sim.engine.runner import Action, Runner
from attune_sim.executors.calls import Outside, is_async, late
from attune_sim.executors.interrupts import Interrupts
from attune_sim.executors.perform import Clock, cancelled, failed, perform, rung, told

WORKERS: Final = 32
"""Threads for sync actions, at the most."""

_BREATH: Final = 64  # attempts a worker makes before it lets the loop look at timers and other tasks

_LOOK_S: Final = 0.1  # where a signal may reach another thread, the caller's sees it only when it wakes

_Key = tuple[int, str, int | None, int]


class AsyncioExecutor:
    """Performs attempts as coroutines. `run` works inside a running loop too (a notebook): it takes a thread then."""

    name = "asyncio"

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock = clock

    def run(self, runner: Runner) -> EndRun:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self.arun(runner))
        return _in_thread(self, runner)

    async def arun(self, runner: Runner) -> EndRun:
        """Drive a run on the loop that is running; cancelling this coroutine cancels the run, which still ends."""
        return await _Pool(runner, self._clock).to_the_end()

    def __repr__(self) -> str:
        return f"<executor asyncio: coroutines, and up to {WORKERS} sync actions at once>"


def _in_thread(executor: AsyncioExecutor, runner: Runner) -> EndRun:
    """Drive a run on a loop of its own; Ctrl-C in the caller's thread cancels the run there."""
    ended: list[EndRun] = []
    broken: list[BaseException] = []
    main: list[asyncio.Task[Any]] = []
    over = (
        threading.Event()
    )  # an interrupted Thread.join takes the thread for dead on some versions of Python

    async def driven() -> None:
        main.extend(task for task in [asyncio.current_task()] if task is not None)
        ended.append(await executor.arun(runner))

    def drive() -> None:
        try:
            asyncio.run(driven())
        except BaseException as error:
            broken.append(error)
        finally:
            over.set()

    thread = threading.Thread(target=drive, name="attune-sim asyncio", daemon=True)
    with Interrupts() as interrupts:
        thread.start()
        told = False
        while not over.is_set():
            if interrupts.requested and main and not told:
                told = True
                main[0].get_loop().call_soon_threadsafe(main[0].cancel)
            try:
                interrupts.interruptible = True
                over.wait(_LOOK_S)
                interrupts.interruptible = False
            except KeyboardInterrupt:
                interrupts.interruptible = False
                if told:
                    raise  # the second one does not wait for what hangs
    if broken:
        raise broken[0]
    return ended[0]


class _Pool:
    def __init__(self, runner: Runner, clock: Clock) -> None:
        self._runner = runner
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._queue: deque[StartAction] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._unstarted = 0
        self._timers: set[asyncio.TimerHandle] = set()
        self._under_way: dict[_Key, asyncio.Task[None]] = {}
        self._stopped: set[_Key] = set()
        self._ending: asyncio.Future[EndRun] = self._loop.create_future()
        self._async = {ref: action for ref, action in runner.actions.items() if is_async(action)}
        self._outside = Outside()
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="attune-sim worker")

    async def to_the_end(self) -> EndRun:
        try:
            self._take(self._runner.start())
            self._staff(len(self._queue))
            try:
                return await asyncio.shield(self._ending)
            except asyncio.CancelledError:
                self._cancel()
                return await self._ending
        finally:
            for timer in self._timers:
                timer.cancel()
            self._outside.close()
            self._threads.shutdown(wait=False)
            if self._outside.abandoned:
                self._runner.warn_of_abandoned(self._outside.abandoned)

    def _tell(self, event: Event) -> None:
        self._take(self._runner.handle(event))

    def _take(self, commands: list[Command]) -> None:
        for command in commands:
            if type(command) is StartAction:
                self._queue.append(command)
            elif type(command) is StartTimer:
                self._set_timer(command)
            elif type(command) is StopAction:
                key = (command.run, command.task, command.index, command.attempt)
                if key in self._under_way:
                    self._stopped.add(key)
                    self._under_way[key].cancel()
            elif type(command) is EndRun and not self._ending.done():
                self._ending.set_result(command)

    def _set_timer(self, command: StartTimer) -> None:
        def ring() -> None:
            self._timers.discard(handle)
            self._guarded(rung(command))

        handle = self._loop.call_later(command.seconds, ring)
        self._timers.add(handle)

    def _guarded(self, event: Event) -> None:
        """Tell an event from outside of a worker: what observers raise must reach the caller."""
        try:
            self._tell(event)
            self._staff(len(self._queue))
        except BaseException as error:
            self._break(error)

    def _break(self, error: BaseException) -> None:
        if not self._ending.done():
            self._ending.set_exception(error)

    def _staff(self, commands: int) -> None:
        """Workers for so many commands, as far as none is on its way to them."""
        for _ in range(commands - self._unstarted):
            self._unstarted += 1
            worker = self._loop.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        self._unstarted -= 1
        worker = asyncio.current_task()
        assert worker is not None
        done = 0
        try:
            while self._queue and not self._ending.done():
                command = self._queue.popleft()
                if not self._runner.begin(command):
                    continue
                event = await self._perform(command, worker)
                self._tell(event)
                if len(self._queue) > 1:
                    self._staff(len(self._queue) - 1)  # the first one is taken right here
                done += 1
                if done % _BREATH == 0:
                    await asyncio.sleep(0)
        except BaseException as error:
            self._break(error)

    async def _perform(self, command: StartAction, worker: asyncio.Task[None]) -> ActionEnded:
        clock = self._clock
        key = (command.run, command.task, command.index, command.attempt)
        self._under_way[key] = worker
        started = clock()
        try:
            action = self._async.get(command.action)
            if action is None:
                # An event, never an exception: a future refuses some of what an action may raise.
                return await self._loop.run_in_executor(self._threads, perform, self._call, command, clock)
            result = await _awaited(action, command)
        except asyncio.CancelledError:
            if not worker.cancelling():  # the action's own: nobody has asked this worker to stop
                reason = "CancelledError"
                return told(command, "failed", {"error": reason}, reason, started, clock())
            if key not in self._stopped:
                raise  # the loop itself is going down
            self._stopped.discard(key)
            worker.uncancel()
            return told(command, "cancelled", None, "cancelled", started, clock())
        except (MemoryError, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            return failed(command, error, started, clock())
        finally:
            del self._under_way[key]
        return told(command, "succeeded", result, None, started, clock())

    def _call(self, command: StartAction) -> Any:
        return self._outside.call(self._runner.actions[command.action], command)

    def _cancel(self) -> None:
        queued = list(self._queue)
        self._queue.clear()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._tell(CancelRequested(self._runner.workflow.cancellation_policy))
        for command in queued:
            self._tell(cancelled(command, self._clock()))


async def _awaited(action: Action, command: StartAction) -> Any:
    if command.timeout is None:
        return await action(**command.input)
    limit = asyncio.timeout(command.timeout)
    try:
        async with limit:
            return await action(**command.input)
    except TimeoutError:
        if limit.expired():
            raise late(command) from None
        raise  # the action's own
