"""One attempt in this process: fork, render, call; what comes of it is one event that carries how long each took."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from types import FunctionType
from typing import Any, TypeVar

from attune_sim.engine.events import (
    ActionEnded,
    CallPrepared,
    Outcome,
    RetryDue,
    StartAction,
    StartTimer,
    TimeUp,
)
from attune_sim.engine.observe import Watch
from attune_sim.engine.offer import Offer
from attune_sim.errors import ActionError, ActionTimeout
from attune_sim.executors.keeping import Keepers
from attune_sim.executors.preparing import US, Preparing, Unprepared
from attune_sim.executors.raised import Places
from attune_sim.executors.readied import Action, Readied
from attune_sim.executors.timeline import Timeline
from attune_sim.results import require_view
from attune_sim.secrecy.secrets import Secrets

T = TypeVar("T")


class Stopped(Exception):
    """Raised by a call that was asked to stop and did."""


class Attempts(Preparing):
    """Performs attempts in this process: prepares, calls, and makes one event of what came of it.

    Results that are to stay where they are made are written down without `secrets`.
    """

    def __init__(
        self, watch: Watch, timeline: Timeline, *, eager: bool = False, secrets: Secrets | None = None
    ) -> None:
        super().__init__(watch, timeline, eager=eager)
        self._keepers = Keepers(Secrets({}) if secrets is None else secrets)

    @cached_property
    def _places(self) -> Places:
        """Where actions raised; most runs ask nobody."""
        return Places()

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
        is_measured = self.is_measured

        def perform(command: StartAction, call: Action = action) -> ActionEnded:
            outcome: Outcome = "succeeded"
            error = place = None
            try:
                fork, input, began, fork_us, render_us, called = prepare(command)
            except Unprepared as failed:
                return self.unprepared(command, failed, failed.began - origin)
            if is_measured:
                called = clock()  # without the way here, a tenth of a microsecond
            try:
                result = call(**input)
                ended = clock()
                if plain:  # the view of a fan-out's aggregate is safe
                    require_view(result)
            except (MemoryError, KeyboardInterrupt):
                raise
            except BaseException as raised:
                outcome, result, error = ended_by(raised, offer.action, input)
                place = self._places.of(raised)
                ended = clock()
            del fork, input  # which lived as long as the attempt
            dropped = clock()
            return ActionEnded(
                task, visit, None if plain else command.slot, command.attempt, outcome, result, error,
                began - origin, ended - origin, run, "action", None, fork_us, render_us,
                (ended - called) * US, (dropped - ended) * US, place,
            )  # fmt: skip

        return self._keepers.performing(_readied(perform, action), offer)

    def awaiting(self, offer: Offer, action: Action) -> Callable[[StartAction], Awaitable[ActionEnded]]:
        """The same for an action that is awaited, on the loop that is running; the cancelling of its task comes through."""
        task, visit, run, plain = offer.task, offer.visit, offer.run, offer.plain
        prepare, clock, origin = self.preparing(offer), self.clock, self._timeline.origin
        is_measured, limit = self.is_measured, offer.timeout

        async def perform(command: StartAction, call: Action = action) -> ActionEnded:
            outcome: Outcome = "succeeded"
            error = place = None
            try:
                fork, input, began, fork_us, render_us, called = prepare(command)
            except Unprepared as failed:
                return self.unprepared(command, failed, failed.began - origin)
            if is_measured:
                called = clock()  # without the way here, a tenth of a microsecond
            try:
                result = await (call(**input) if limit is None else _limited(call, input, limit))
                ended = clock()
                if plain:
                    require_view(result)
            except (MemoryError, KeyboardInterrupt):
                raise
            except BaseException as raised:
                if _is_being_stopped(raised):
                    raise
                outcome, result, error = ended_by(raised, offer.action, input)
                place = self._places.of(raised)
                ended = clock()
            del fork, input  # which lived as long as the attempt
            dropped = clock()
            return ActionEnded(
                task, visit, None if plain else command.slot, command.attempt, outcome, result, error,
                began - origin, ended - origin, run, "action", None, fork_us, render_us,
                (ended - called) * US, (dropped - ended) * US, place,
            )  # fmt: skip

        return self._keepers.awaiting(_readied(perform, action), offer)

    def close(self, offer: Offer) -> None:
        self._keepers.close(offer)
        super().close(offer)

    def unprepared(self, command: StartAction, failed: Unprepared, started: float) -> ActionEnded:
        """The event of an attempt whose action was never called."""
        event = without_call(command, "failed", failed.reason, started, self._timeline.now())
        event.stage, event.fork_us = failed.stage, failed.fork_us
        return event


def _readied(perform: Callable[..., T], action: Action) -> Callable[[StartAction], T]:
    """What performs attempts, each with the call that the action is asked for if it wants to be asked."""
    if type(action) is FunctionType or not isinstance(action, Readied):  # the former is the rule
        return perform
    ready = action.ready
    return lambda command: perform(command, ready(command))


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


def _is_being_stopped(raised: BaseException) -> bool:
    """Whether this was asked for from outside, or the coroutine is thrown away; else it is the action's own."""
    if isinstance(raised, GeneratorExit):
        return _current_task() is None
    task = _current_task() if isinstance(raised, asyncio.CancelledError) else None
    return task is not None and task.cancelling() > 0


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop is running
        return None


def late(timeout: float | None) -> ActionTimeout:
    """The error of an attempt that did not end in time."""
    return ActionTimeout(f"timed out after {timeout:g} s")


def ended_by(error: BaseException, action: str, input: Mapping[str, Any]) -> tuple[Outcome, Any, str]:
    """Outcome, result and reason of an attempt that raised: timed out for `ActionTimeout`, else failed."""
    if isinstance(error, Stopped):
        return "cancelled", None, "cancelled"
    reason = reason_of(error, action, input)
    own = error.result if isinstance(error, ActionError) else None
    try:
        require_view(own)
    except Exception:
        own = None
    outcome: Outcome = "timed_out" if isinstance(error, ActionTimeout) else "failed"
    return outcome, {"error": reason} if own is None else own, reason


def reason_of(error: BaseException, action: str, input: Mapping[str, Any]) -> str:
    """One line that says what went wrong; the type is named where the message alone would not tell."""
    if isinstance(
        error, SystemExit
    ):  # it wants to end the whole program; it ends the attempt, like any other
        return f"the action called sys.exit({'' if error.code is None else repr(error.code)})"
    text = _message_of(error)
    if isinstance(error, ActionError):
        return text or "failed without a reason"
    if isinstance(error, TypeError) and "argument" in text:
        return f"action {action!r} was given {sorted(input)}: {text}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _message_of(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())
    except Exception:  # an error of an action's own may fail even at this
        return ""
