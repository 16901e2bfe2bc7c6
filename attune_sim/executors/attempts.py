"""One attempt in this process: fork, render, call; what comes of it is one event that carries how long each took."""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attune_sim.contexts.strategy import Fork
from attune_sim.engine.events import (
    ActionEnded,
    CallPrepared,
    OpenFanOut,
    Outcome,
    RetryDue,
    Stage,
    StartAction,
    StartTimer,
    TimeUp,
)
from attune_sim.engine.observe import Watch
from attune_sim.engine.offer import Offer
from attune_sim.errors import ActionError, ActionTimeout, ExpressionError, ResultError
from attune_sim.executors.timeline import Timeline

Action = Callable[..., Any]
_US = 1e6


class Stopped(Exception):
    """Raised by a call that was asked to stop and did."""


class Unprepared(Exception):
    """A context that cannot be forked, or an input that cannot be rendered: how far it came, why, what it took.

    `began` is what the clock read when the attempt began.
    """

    def __init__(self, stage: Stage, reason: str, began: float, fork_us: float) -> None:
        self.stage, self.reason, self.began, self.fork_us = stage, reason, began, fork_us


Ready = tuple[Fork, Mapping[str, Any], float, float, float, float]
"""What an attempt is handed: fork and input, what the clock read when it began, the microseconds that each of the two
took, and what the clock read when both were there. A bare tuple, since there is one an item."""


class _KeptForks:
    """The forks of an eager fan-out: a slot that could not be forked has the reason; one that is not wanted, nothing."""

    __slots__ = ("fork_us", "forks")

    def __init__(self, slots: int) -> None:
        self.forks: list[Fork | Unprepared | None] = [None] * slots
        self.fork_us = array("f", bytes(4 * slots))


class Attempts:
    """Prepares and performs attempts in this process, on a timeline that gives run time and the clock of cost time.

    With `eager`, all slots of a fan-out are forked when it opens and let go when it closes; a slot that cannot be forked
    fails alone, when its turn comes. Where a strategy does not promise that two threads may fork at once, one waits for the
    other. Hooks are called under the lock of the timeline.
    """

    def __init__(self, watch: Watch, timeline: Timeline, *, eager: bool = False) -> None:
        self._watch, self._timeline, self._eager = watch, timeline, eager
        self.clock = timeline.clock
        self._tells_attempts = bool(watch.preparing or watch.prepared or watch.calling)
        self._tells_forks = bool(watch.forked)
        self._is_watched = self._tells_attempts or self._tells_forks
        self._fork_lock = threading.Lock()
        self._kept: dict[
            int, _KeptForks
        ] = {}  # by the identity of the offer, which lives as long as it is open

    # -- forks that are made before they are needed --------------------------------------------------------------------

    def open(self, command: OpenFanOut) -> None:
        """Fork what has not ended, if forks are to exist from the start."""
        offer = command.offer
        if not self._eager or offer.plain or offer.calls:
            return
        kept = self._kept[id(offer)] = _KeptForks(len(offer.items))
        for slot in range(len(offer.items)) if command.left is None else command.left:
            try:
                kept.forks[slot], kept.fork_us[slot] = self._fork(offer, slot)
            except Unprepared as failed:
                kept.forks[slot] = failed

    def close(self, offer: Offer) -> None:
        """Let go of what was kept."""
        self._kept.pop(id(offer), None)

    # -- preparing -----------------------------------------------------------------------------------------------------

    def preparing(self, offer: Offer) -> Callable[[StartAction], Ready]:
        """What makes fork and input of the attempts over an offer, and raises `Unprepared`.

        What is the same for all slots is looked up here, once.
        """
        template = offer.input
        is_usual = offer.concurrent and not (self._is_watched or self._kept or offer.plain)
        if template is None or offer.result_of is not None or not is_usual:
            return self.prepare
        clock, items, last = self.clock, offer.items, offer.ended
        fork_item, render = offer.forker.fork, template.render

        def prepare(command: StartAction) -> Ready:
            slot, fork_us = command.slot, None
            began = clock()
            try:
                fork = fork_item(items[slot], slot)
                forked = clock()
                fork_us = (forked - began) * _US
                input = render(fork, last)
            except (ExpressionError, ResultError) as error:
                if fork_us is not None:
                    raise Unprepared("render", str(error), began, fork_us) from None
                reason = str(offer.cannot_fork(slot, error))
                raise Unprepared("fork", reason, began, (clock() - began) * _US) from None
            ready = clock()
            return fork, input, began, fork_us, (ready - forked) * _US, ready

        return prepare

    def prepare(self, command: StartAction) -> Ready:
        """Fork and input of an attempt. Raises `Unprepared`. What hooks take is no part of the figures."""
        offer, clock = command.offer, self.clock
        began = clock()
        if self._tells_attempts:
            self._tell_preparing(command)
        fork, fork_us = self._kept_fork(command, began) if self._kept else self._fork(offer, command.slot)
        forked = clock()
        try:
            input = offer.render(fork)
        except (ExpressionError, ResultError) as error:
            raise Unprepared("render", str(error), began, fork_us) from None
        render_us = (clock() - forked) * _US
        if self._tells_attempts:
            self._tell_prepared(command, fork, input)
        return fork, input, began, fork_us, render_us, clock()

    def _tell_preparing(self, command: StartAction) -> None:
        if not command.offer.run:
            with self._timeline.lock:
                for hook in self._watch.preparing:
                    hook(command.task, command.index)

    def _tell_prepared(self, command: StartAction, fork: Fork, input: Mapping[str, Any]) -> None:
        with self._timeline.lock:
            if not command.offer.run:
                for hook in self._watch.prepared:
                    hook(command.task, command.index, fork, input)
            if not command.offer.calls:
                for calling in self._watch.calling:
                    calling(command)

    def _kept_fork(self, command: StartAction, began: float) -> tuple[Fork, float]:
        """The fork that was made for a first attempt when its fan-out opened; a retry, and who has none, forks anew."""
        kept = self._kept.get(id(command.offer)) if command.attempt == 0 else None
        fork = None if kept is None else kept.forks[command.slot]
        if kept is None or fork is None:
            return self._fork(command.offer, command.slot)
        if isinstance(fork, Unprepared):
            raise Unprepared(fork.stage, fork.reason, began, fork.fork_us)
        return fork, kept.fork_us[command.slot]

    def _fork(self, offer: Offer, slot: int) -> tuple[Fork, float]:
        clock = self.clock
        began = clock()
        try:
            if offer.concurrent:
                fork = offer.fork(slot)
            else:
                with self._fork_lock:
                    fork = offer.fork(slot)
        except ResultError as error:
            raise Unprepared("fork", str(error), began, (clock() - began) * _US) from None
        fork_us = (clock() - began) * _US
        if self._tells_forks and not offer.run:
            with self._timeline.lock:
                for hook in self._watch.forked:
                    hook(offer.task, None if offer.plain else slot, fork, fork_us)
        return fork, fork_us

    def prepared_call(self, command: StartAction) -> CallPrepared | ActionEnded:
        """What answers the start of a sub-workflow: its input, or why there is none."""
        started = self._timeline.now()
        try:
            _, input, *_ = self.prepare(command)
        except Unprepared as failed:
            return self.unprepared(command, failed, started)
        key = command.key
        return CallPrepared(key.task, key.visit, key.index, key.attempt, command.action, input, key.run)

    # -- performing ----------------------------------------------------------------------------------------------------

    def performing(self, offer: Offer, action: Action) -> Callable[[StartAction], ActionEnded]:
        """What performs the attempts over an offer: it prepares, calls, and tells how the attempt ended.

        The timeline must go already. `MemoryError` and `KeyboardInterrupt` come through, nothing else that an action raises.
        """
        task, visit, run, plain = offer.task, offer.visit, offer.run, offer.plain
        prepare, clock, origin = self.preparing(offer), self.clock, self._timeline.origin

        def perform(command: StartAction) -> ActionEnded:
            try:
                # The fork has a name, so that it lives as long as its attempt.
                fork, input, began, fork_us, render_us, called = prepare(command)  # noqa: RUF059
            except Unprepared as failed:
                return self.unprepared(command, failed, failed.began - origin)
            outcome: Outcome = "succeeded"
            result = error = None
            try:
                result = action(**input)
            except (MemoryError, KeyboardInterrupt):
                raise
            except BaseException as raised:
                outcome, result, error = ended_by(raised, offer.action, input)
            ended = clock()
            return ActionEnded(
                task, visit, None if plain else command.slot, command.attempt, outcome, result, error,
                began - origin, ended - origin, run, "action", None, fork_us, render_us, (ended - called) * _US,
            )  # fmt: skip

        return perform

    def awaiting(self, offer: Offer, action: Action) -> Callable[[StartAction], Awaitable[ActionEnded]]:
        """The same for an action that is awaited, on the loop that is running; the cancelling of its task comes through."""
        task, visit, run, plain = offer.task, offer.visit, offer.run, offer.plain
        prepare, clock, origin = self.preparing(offer), self.clock, self._timeline.origin
        limit = offer.timeout

        async def perform(command: StartAction) -> ActionEnded:
            try:
                # The fork has a name, so that it lives as long as its attempt.
                fork, input, began, fork_us, render_us, called = prepare(command)  # noqa: RUF059
            except Unprepared as failed:
                return self.unprepared(command, failed, failed.began - origin)
            outcome: Outcome = "succeeded"
            result = error = None
            try:
                result = await (action(**input) if limit is None else _limited(action, input, limit))
            except (MemoryError, KeyboardInterrupt, GeneratorExit):
                raise
            except BaseException as raised:
                if isinstance(raised, asyncio.CancelledError) and _is_being_stopped():
                    raise
                outcome, result, error = ended_by(raised, offer.action, input)
            ended = clock()
            return ActionEnded(
                task, visit, None if plain else command.slot, command.attempt, outcome, result, error,
                began - origin, ended - origin, run, "action", None, fork_us, render_us, (ended - called) * _US,
            )  # fmt: skip

        return perform

    def unprepared(self, command: StartAction, failed: Unprepared, started: float) -> ActionEnded:
        """The event of an attempt whose action was never called."""
        event = without_call(command, "failed", failed.reason, started, self._timeline.now())
        event.stage, event.fork_us = failed.stage, failed.fork_us
        return event


def without_call(
    command: StartAction, outcome: Outcome, reason: str, started: float, ended: float
) -> ActionEnded:
    """The event of an attempt that was not called, or of which nothing more is known than that it is over."""
    key = command.key
    return ActionEnded(
        key.task, key.visit, key.index, key.attempt, outcome, None, reason, started, ended, key.run
    )


def cancelled(command: StartAction, now: float, started: float | None = None) -> ActionEnded:
    """The event of an attempt that was interrupted, or never begun."""
    return without_call(command, "cancelled", "cancelled", now if started is None else started, now)


def due_event(timer: StartTimer) -> RetryDue | TimeUp:
    """The event that answers a timer."""
    event = TimeUp if timer.limits else RetryDue
    return event(timer.task, timer.visit, timer.index, timer.attempt, timer.run)


async def _limited(action: Action, input: Mapping[str, Any], timeout: float) -> Any:
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            return await action(**input)
    except TimeoutError:
        if limit.expired():
            raise late(timeout) from None
        raise  # the action's own


def _is_being_stopped() -> bool:
    """Whether a CancelledError was asked for from outside; else it is the action's own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def late(timeout: float | None) -> ActionTimeout:
    """The error of an attempt that did not end in time."""
    return ActionTimeout(f"timed out after {timeout:g} s")


def ended_by(error: BaseException, action: str, input: Mapping[str, Any]) -> tuple[Outcome, Any, str]:
    """Outcome, result and reason of an attempt that raised: timed out for `ActionTimeout`, else failed."""
    if isinstance(error, Stopped):
        return "cancelled", None, "cancelled"
    reason = reason_of(error, action, input)
    own = error.result if isinstance(error, ActionError) else None
    outcome: Outcome = "timed_out" if isinstance(error, ActionTimeout) else "failed"
    return outcome, {"error": reason} if own is None else own, reason


def reason_of(error: BaseException, action: str, input: Mapping[str, Any]) -> str:
    """One line that says what went wrong; the type is named where the message alone would not tell."""
    if isinstance(
        error, SystemExit
    ):  # it wants to end the whole program; it ends the attempt, like any other
        return f"the action called sys.exit({'' if error.code is None else repr(error.code)})"
    text = " ".join(str(error).split())
    if isinstance(error, ActionError):
        return text or "failed without a reason"
    if isinstance(error, TypeError) and "argument" in text:
        return f"action {action!r} was given {sorted(input)}: {text}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
