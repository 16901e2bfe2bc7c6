"""Calling what may never come back: a sync action with a timeout, or a coroutine outside of an event loop.

A Python thread cannot be stopped. A sync action that has a timeout therefore runs in a daemon thread; past its time it
is abandoned there and counted, and the next one gets a fresh thread.
"""

from __future__ import annotations

import asyncio
import inspect
import queue
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from types import FunctionType
from typing import Any, Final

from attune_sim.engine.events import AttemptKey, StartAction, StopAction
from attune_sim.executors.attempts import Stopped, late
from attune_sim.executors.readied import Action, Readied

_GRACE: Final = 1.0  # seconds that a coroutine has to clean up after it was cancelled
_MOMENT: Final = (
    0.2  # seconds that a run waits at its end for its loop to be closed; mostly there is nothing to wait for
)


def is_async(action: Callable[..., Any]) -> bool:
    """Whether calling the action gives something to await: coroutine functions, also behind `__call__` or `partial`.

    >>> async def fetch(url): ...
    >>> is_async(fetch), is_async(len)
    (True, False)
    """
    if type(action) is FunctionType and not action.__dict__:  # the rule; the others may be marked, or wrapped
        return bool(action.__code__.co_flags & inspect.CO_COROUTINE)
    if isinstance(action, Readied):
        return action.is_async
    while hasattr(action, "func"):  # functools.partial
        action = action.func
    return inspect.iscoroutinefunction(action) or inspect.iscoroutinefunction(type(action).__call__)


class StoppableCalls:
    """Makes calls in threads of its own, for one performer. `abandoned` counts calls that were left behind."""

    def __init__(self) -> None:
        self.abandoned = 0
        self._lock = threading.Lock()
        self._idle: list[_Daemon] = []
        self._loop: _Loop | None = None
        self._awaited: dict[AttemptKey, Future[Any]] = {}
        self._stopped: set[AttemptKey] = set()

    def stop(self, command: StopAction) -> None:
        """Cancel the coroutine of an attempt, if it is one; a sync action cannot be stopped and goes on."""
        future = self._awaited.get(command.key)
        if future is not None:
            self._stopped.add(command.key)
            future.cancel()

    def awaiting(self, action: Action, command: StartAction) -> Action:
        """An async action as something that is called and returns: it raises what the action raises, and `ActionTimeout`
        past the timeout of the attempt."""
        return lambda **input: self._await(action(**input), command)

    def limited(self, action: Action, timeout: float) -> Action:
        """The same for a sync action."""
        return lambda **input: self._in_daemon(lambda: action(**input), timeout)

    def returning(self, action: Action, call: Action, command: StartAction) -> Action:
        """What `action` gives to be called for an attempt, as something that is called and returns; it raises `ActionTimeout` if
        it takes too much real time."""
        if is_async(action):
            return self.awaiting(call, command)
        if command.timeout is None or (isinstance(action, Readied) and action.is_known):
            return call
        return self.limited(call, command.timeout)

    def _in_daemon(self, job: Callable[[], Any], timeout: float) -> Any:
        with self._lock:
            daemon = self._idle.pop() if self._idle else _Daemon()
        answers = daemon.submit(job)
        try:
            result, error = answers.get(timeout=timeout)
        except queue.Empty:
            self._leave(daemon)
            raise late(timeout) from None
        except KeyboardInterrupt:
            self._leave(daemon)
            raise
        with self._lock:
            self._idle.append(daemon)
        if error is not None:
            raise error
        return result

    def _leave(self, daemon: _Daemon) -> None:
        daemon.leave()
        with self._lock:
            self.abandoned += 1

    def _await(self, coroutine: Coroutine[Any, Any, Any], command: StartAction) -> Any:
        key = command.key
        future = self._awaited[key] = asyncio.run_coroutine_threadsafe(
            contained(coroutine), self._running_loop()
        )
        try:
            return future.result(command.timeout)
        except CancelledError:
            if key in self._stopped:
                raise Stopped from None
            raise  # the action's own
        except ContainedExit as contained_exit:
            raise contained_exit.error from None
        except TimeoutError:
            if future.done():
                raise  # the action's own
            future.cancel()
            raise late(command.timeout) from None
        except KeyboardInterrupt:
            future.cancel()
            raise
        finally:
            del self._awaited[key]

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            self._loop = self._loop or _Loop()
            return self._loop.loop

    def close(self) -> None:
        """Let go of the threads; what was abandoned stays behind as a daemon."""
        with self._lock:
            loop, self._loop = self._loop, None
            idle, self._idle = self._idle, []
        if loop is not None:
            loop.close()
        for daemon in idle:
            daemon.leave()


def left_behind(calls: int) -> str:
    """What a run warns of that left so many calls behind."""
    return (
        f"{calls} action(s) did not end within their timeout and were left running in a daemon thread; "
        "make them async, or give their own calls a timeout, to have them stopped"
    )


class _Loop:
    """An event loop in a daemon thread. It runs until it is closed: an action that stops it stops nothing."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="attune-sim coroutines", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing:
            with suppress(SystemExit, KeyboardInterrupt):  # of what an action has left behind here
                self.loop.run_forever()
        self.loop.close()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._wound_up(), self.loop)
        self._thread.join(_MOMENT)

    async def _wound_up(self) -> None:
        """Let what was cancelled end before the loop stops: a task that is dropped while pending is complained about."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=_GRACE)
        await self.loop.shutdown_asyncgens()
        self._closing = True
        self.loop.call_soon(self.loop.stop)


class ContainedExit(Exception):
    """Holds what a coroutine raised and an event loop must not see: it would end with it."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


async def contained(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What the coroutine gives. What would end an event loop and all that runs on it, or pass for the wish of somebody else, is
    raised as `ContainedExit`."""
    task = asyncio.current_task()
    assert task is not None
    try:
        result = await coroutine
    except (SystemExit, KeyboardInterrupt) as error:
        raise ContainedExit(error) from None
    except asyncio.CancelledError as error:
        if task.cancelling():
            raise
        raise ContainedExit(error) from None
    if task.cancelling():
        await absorbed(task)
    return result


async def absorbed(task: asyncio.Task[Any]) -> None:
    """Undo what an action did that cancelled the task it ran in, and came to its end nonetheless."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    while task.uncancel():
        pass


Answer = tuple[Any, BaseException | None]


class _Daemon:
    """A daemon thread that answers one call at a time."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[Answer]] | None] = (
            queue.SimpleQueue()
        )
        threading.Thread(target=self._work, name="attune-sim action", daemon=True).start()

    def submit(self, job: Callable[[], Any]) -> queue.SimpleQueue[Answer]:
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._jobs.put((job, answers))
        return answers

    def leave(self) -> None:
        """Ends the thread after the call that it is in, if that ever ends."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (taken := self._jobs.get()) is not None:
            job, answers = taken
            try:
                answers.put((job(), None))
            except BaseException as error:
                answers.put((None, error))
            del job, answers, taken
