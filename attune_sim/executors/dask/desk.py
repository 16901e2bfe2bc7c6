"""A worker's side: what a run has sent to it, and how it performs a batch of attempts.

A desk is a plugin of a Dask worker, one a run. Offers, pieces of contexts, actions and secrets reach it by messages, never through the
data store of Dask, which may write to disk; batches reach it as tasks. It has nothing of the run but that.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import RLock
from typing import Any, Final, NamedTuple
from uuid import uuid4

from distributed import get_worker
from distributed.diagnostics.plugin import WorkerPlugin

import attune_sim
from attune_sim.contexts.strategy import Fork
from attune_sim.engine.events import ActionEnded, StartAction, StopAction
from attune_sim.engine.observe import Watch
from attune_sim.engine.offer import Offer
from attune_sim.executors.attempts import Attempts, cancelled
from attune_sim.executors.dask.parcels import packed, shown_in, unpacked
from attune_sim.executors.local import performing_by
from attune_sim.executors.readied import Action, Readied
from attune_sim.executors.stoppable import StoppableCalls, is_async
from attune_sim.executors.timeline import RealTimeline
from attune_sim.scope import MISSING
from attune_sim.secrecy.secrets import Secrets

_AT_ONCE: Final = 32
"""Async attempts of one batch that are awaited at the same time."""

_LONGEST_S: Final = 0.5
"""Seconds after which a batch that takes longer than was thought gives back what it has not begun."""


class Slot(NamedTuple):
    """One attempt of a batch. `fork` is there where it was made at home, in `fork_us` microseconds, and `call` where the action
    was made ready for it there. Of a plain task the fork is its input, rendered in `render_us` microseconds."""

    slot: int
    attempt: int
    item: Any
    fork: bytes | None = None
    fork_us: float = 0.0
    call: bytes | None = None
    render_us: float | None = None


class Batch(NamedTuple):
    """Attempts over one offer: named by its key, or here itself where it is of one attempt. A range stands for the first attempts
    of so many slots in a row, whose items the offer can make."""

    offer: str | Offer
    slots: Sequence[Slot] | range


class Ending(NamedTuple):
    """How an attempt ended: an `ActionEnded` without its name. Times are readings of the worker's clock, in seconds."""

    slot: int
    outcome: Any
    result: Any
    error: str | None
    started: float
    ended: float
    stage: Any
    fork_us: float
    render_us: float
    action_us: float
    drop_us: float
    raised: Any


class Answer(NamedTuple):
    """What a batch came to: how attempts ended, the slots that were not begun, how long it took in seconds, the calls that were
    left behind, and why the worker is out of memory if it is."""

    endings: Sequence[Ending]
    left: Sequence[int] = ()
    took_s: float = 0.0
    abandoned: int = 0
    out_of_memory: str | None = None


class Greeting(NamedTuple):
    """What a worker answers to a new run; `refused` tells what it could not take, by name, and `counters` what Dask had counted
    there before."""

    incarnation: str
    clock: float
    pid: int
    attune_sim: str
    python: str
    refused: Mapping[str, str]
    counters: Mapping[str, int]


class Arrived:
    """Forks that were made at home, by slot: what stands in the place of a forker that did not travel."""

    def __init__(self) -> None:
        self.forks: dict[int, Fork] = {}

    def fork(self, item: Any, index: int) -> Fork:
        return self.forks.pop(index)

    def fork_plain(self) -> Fork:
        return self.forks.pop(0)


class AsSent:
    """What stands in the place of an input that was rendered at home: the fork that is sent is the input."""

    def render(self, fork: Any, ended: object) -> Any:
        return fork


class MadeReady(Readied):
    """An action whose calls were made ready at home: what stands in its place at a worker."""

    def __init__(self, action: Readied) -> None:
        super().__init__()
        self.is_async, self.is_known = action.is_async, action.is_known
        self.calls: dict[int, Action] = {}

    def call_for(self, command: StartAction) -> Action:
        return self.calls.pop(command.slot)


class _Work(NamedTuple):
    offer: Offer
    items: dict[int, Any]
    calls: dict[int, Action]
    perform: Callable[[StartAction], ActionEnded]
    is_async: bool


class Desk(WorkerPlugin):  # type: ignore[misc]  # which has no types
    """What one run has at one worker, and the performing of its batches, in whatever thread of the worker asks."""

    def __init__(self, *, is_ours: bool) -> None:
        self._is_ours = is_ours
        self.incarnation = uuid4().hex
        self.secrets = Secrets({})
        self._actions: dict[str, Action] = {}
        self._data: dict[str, bytes] = {}
        self._pieces: dict[str, Any] = {}
        self._works: dict[str, _Work] = {}
        self._stopped: set[tuple[Any, ...]] = set()
        self._lock = RLock()
        self._calls = StoppableCalls()
        # Its times are readings of the clock: the home knows what they mean.
        self._timeline = RealTimeline(since=time.perf_counter())
        self._timeline.go()
        self._attempts = Attempts(Watch(), self._timeline, secrets=self.secrets)

    # -- messages ------------------------------------------------------------------------------------------------------

    def learn(self, actions: Mapping[str, bytes]) -> dict[str, str]:
        """Take actions; why some cannot be used here, by name."""
        refused = {}
        for ref, data in actions.items():
            try:
                self._actions[ref] = unpacked(data, self.secrets)
            except Exception as error:
                refused[ref] = f"{type(error).__name__}: {error}"
        return refused

    def bring(self, secrets: Mapping[str, Any], data: Mapping[str, bytes]) -> None:
        """Take further secrets, offers and pieces."""
        with self._lock:
            self.secrets.add(secrets)
            self._data.update(data)

    def forget(self, keys: Iterable[str]) -> None:
        """Let go of offers that are closed. Pieces stay: the next fan-out may need them."""
        with self._lock:
            for key in keys:
                if (work := self._works.pop(key, None)) is not None:
                    self._attempts.close(work.offer)
                self._data.pop(key, None)

    def stop(self, keys: Iterable[tuple[Any, ...]]) -> None:
        """End these attempts, begun or not: coroutines are cancelled, sync actions go on."""
        for run, task, visit, index, attempt in keys:
            self._stopped.add((run, task, visit, index, attempt))
            self._calls.stop(StopAction(task, visit, index, attempt, run))

    def teardown(self, worker: Any) -> None:
        self._calls.close()

    # -- batches -------------------------------------------------------------------------------------------------------

    def perform(self, data: bytes) -> bytes:
        """Perform a batch, and pack what came of it."""
        began, abandoned = time.perf_counter(), self._calls.abandoned
        batch: Batch = unpacked(data, self.secrets, self._piece)
        work = self._work(batch.offer)
        slots = batch.slots
        if type(slots) is range:
            slots = [Slot(slot, 0, MISSING) for slot in slots]
        for slot in slots:
            work.items[slot.slot] = slot.item
            if slot.fork is not None:
                assert isinstance(work.offer.forker, Arrived)
                work.offer.forker.forks[slot.slot] = unpacked(slot.fork, self.secrets, self._piece)
            if slot.call is not None:
                work.calls[slot.slot] = unpacked(slot.call, self.secrets)
        try:
            endings, left = self._all(work, slots) if work.is_async else self._in_turn(work, slots)
            answer = Answer(endings, left)
        except MemoryError as error:
            answer = Answer((), out_of_memory=f"MemoryError: {error}")
        finally:
            for slot in slots:
                work.items.pop(slot.slot, None)
        took, gone = time.perf_counter() - began, self._calls.abandoned - abandoned
        return self._packed(answer._replace(took_s=took, abandoned=gone))

    def _in_turn(self, work: _Work, slots: Sequence[Slot]) -> tuple[list[Ending], list[int]]:
        """One after the other; what would come too late is given back."""
        until = time.perf_counter() + _LONGEST_S
        endings: list[Ending] = []
        for n, slot in enumerate(slots):
            if n and time.perf_counter() > until:
                return endings, [left.slot for left in slots[n:]]
            endings.append(self._one(work, slot))
        return endings, []

    def _all(self, work: _Work, slots: Sequence[Slot]) -> tuple[list[Ending], list[int]]:
        """All at once, on the one event loop of the desk."""
        if len(slots) == 1:
            return [self._one(work, slots[0])], []
        with ThreadPoolExecutor(min(len(slots), _AT_ONCE)) as pool:
            return list(pool.map(lambda slot: self._one(work, slot), slots)), []

    def _one(self, work: _Work, slot: Slot) -> Ending:
        command = StartAction(work.offer, slot.slot, slot.attempt)
        if tuple(command.key) in self._stopped:
            event = cancelled(command, self._timeline.now())
        else:
            event = work.perform(command)
        return Ending(
            slot.slot, event.outcome, event.result, event.error, event.started, event.ended, event.stage,
            event.fork_us if slot.fork is None else slot.fork_us,
            event.render_us if slot.render_us is None else slot.render_us, event.action_us, event.drop_us, event.raised,
        )  # fmt: skip

    def _work(self, named: str | Offer) -> _Work:
        """An offer, opened and ready: once a worker."""
        if isinstance(named, Offer):
            return self._ready(named)
        with self._lock:
            if named not in self._works:
                self._works[named] = self._ready(unpacked(self._data[named], self.secrets, self._piece))
            return self._works[named]

    def _ready(self, offer: Offer) -> _Work:
        items: dict[int, Any] = {}
        calls: dict[int, Action] = {}
        if type(offer.items) is not range:
            object.__setattr__(offer, "items", items)
        action = self._actions[offer.action]
        if isinstance(action, MadeReady):
            action = MadeReady(action)
            calls = action.calls
        perform = performing_by(self._attempts, lambda: self._calls, offer, action)
        return _Work(offer, items, calls, perform, is_async(action))

    def _piece(self, key: str) -> Any:
        """A value of the context: one object for all that read it here."""
        with self._lock:
            if key not in self._pieces:
                self._pieces[key] = unpacked(self._data[key], self.secrets, self._piece)
            return self._pieces[key]

    # -- answers -------------------------------------------------------------------------------------------------------

    def _packed(self, answer: Answer) -> bytes:
        try:
            data = packed(answer, self.secrets).data
            if not self._is_showing(data):
                return data
        except MemoryError:
            raise
        except Exception:  # whatever a result raises when it is pickled
            pass
        return packed(answer._replace(endings=list(map(self._sendable, answer.endings))), self.secrets).data

    def _sendable(self, ending: Ending) -> Ending:
        """The ending; a failure that says so where its result cannot be sent, or would lie in the store of Dask with a secret."""
        try:
            if not self._is_showing(packed(ending, self.secrets).data):
                return ending
            why = "a secret is part of a value that cannot be taken apart"
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
        reason = f"the result cannot be sent home from its worker: {why}"
        return ending._replace(outcome="failed", result={"error": reason}, error=reason)

    def _is_showing(self, data: bytes) -> bool:
        return bool(self.secrets) and not self._is_ours and shown_in(data, self.secrets) is not None

    def __repr__(self) -> str:
        return f"<Desk of a run: {len(self._works)} offers>"


# -- what a cluster calls: it never raises, since Dask would log the arguments -----------------------------------------


class Sealed:
    """Something that a message carries, whose repr says nothing of it."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def __repr__(self) -> str:
        return "<sealed>"


async def greet(token: str, content: Sealed, is_ours: bool, dask_worker: Any = None) -> Greeting:
    """Set up the desk of a run on this worker, with actions and secrets; its cluster may be the run's own."""
    desk = Desk(is_ours=is_ours)
    packed_actions, secrets = content.content
    desk.bring(secrets, {})
    refused = desk.learn(packed_actions)
    await dask_worker.plugin_add(plugin=desk, name=token)
    return Greeting(
        desk.incarnation,
        time.perf_counter(),
        os.getpid(),
        attune_sim.__version__,
        platform.python_version(),
        refused,
        _counters(dask_worker),
    )


def bring(token: str, incarnation: str, content: Sealed, dask_worker: Any = None) -> bool:
    """Hand secrets, offers and pieces to the desk; false if it is not there (any more)."""
    desk = _desk(dask_worker, token, incarnation)
    if desk is not None:
        desk.bring(*content.content)
    return desk is not None


def tell(token: str, verb: str, keys: Sequence[Any], dask_worker: Any = None) -> None:
    """`stop` attempts or `forget` offers."""
    desk = dask_worker.plugins.get(token)
    if isinstance(desk, Desk):
        with suppress(Exception):
            if verb == "stop":
                desk.stop(keys)
            else:
                desk.forget(keys)


async def leave(token: str, dask_worker: Any = None) -> dict[str, int]:
    """Take the desk away; what Dask has counted at this worker."""
    with suppress(Exception):
        await asyncio.wait_for(dask_worker.plugin_remove(name=token), 5)
    return _counters(dask_worker)


def _counters(worker: Any) -> dict[str, int]:
    """What Dask has counted at a worker since it came, and what its process holds."""
    counted = {
        "dask_incoming_bytes": "transfer_incoming_bytes_total",
        "dask_outgoing_bytes": "transfer_outgoing_bytes_total",
    }
    grown = {"grown_bytes": int(worker.monitor.get_process_memory())}
    return grown | {name: int(getattr(worker, counter, 0)) for name, counter in counted.items()}


def perform(token: str, incarnation: str, number: int, data: bytes) -> tuple[int, bytes | None]:
    """The task of a batch. Answers None in place of a packed `Answer` where the desk is not there: another process has taken
    the place of the worker."""
    desk = _desk(get_worker(), token, incarnation)
    return number, None if desk is None else desk.perform(data)


def _desk(worker: Any, token: str, incarnation: str) -> Desk | None:
    desk = worker.plugins.get(token)
    return desk if isinstance(desk, Desk) and desk.incarnation == incarnation else None
