"""Performing one attempt: what the action returns or raises becomes an event, with the times of a clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attune_sim.engine.events import ActionEnded, Outcome, RetryDue, StartAction, StartTimer, TimeUp
from attune_sim.errors import ActionError, ActionTimeout

Clock = Callable[[], float]


class Stopped(Exception):
    """Raised by a call that was asked to stop and did."""


def perform(call: Callable[[StartAction], Any], command: StartAction, clock: Clock) -> ActionEnded:
    """Make the call and tell how it ended. Lets `MemoryError` and `KeyboardInterrupt` through, and nothing else."""
    started = clock()
    try:
        result = call(command)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Stopped:
        return told(command, "cancelled", None, "cancelled", started, clock())
    except BaseException as error:
        return failed(command, error, started, clock())
    return told(command, "succeeded", result, None, started, clock())


def told(
    command: StartAction, outcome: Outcome, result: Any, error: str | None, started: float, ended: float
) -> ActionEnded:
    """The event that answers a command."""
    return ActionEnded(
        command.task,
        command.visit,
        command.index,
        command.attempt,
        outcome,
        result,
        error,
        started,
        ended,
        command.run,
    )


def failed(command: StartAction, error: BaseException, started: float, ended: float) -> ActionEnded:
    """The event of an attempt that raised: timed out for `ActionTimeout`, else failed, with a one-line reason."""
    outcome: Outcome = "timed_out" if isinstance(error, ActionTimeout) else "failed"
    reason = reason_of(error, command)
    result = (
        error.result if isinstance(error, ActionError) and error.result is not None else {"error": reason}
    )
    return told(command, outcome, result, reason, started, ended)


def cancelled(command: StartAction, now: float) -> ActionEnded:
    """The event of an attempt that was interrupted, or never begun."""
    return told(command, "cancelled", None, "cancelled", now, now)


def rung(timer: StartTimer) -> RetryDue | TimeUp:
    """The event that answers a timer."""
    event = TimeUp if timer.limits else RetryDue
    return event(timer.task, timer.visit, timer.index, timer.attempt, timer.run)


def reason_of(error: BaseException, command: StartAction) -> str:
    """One line that says what went wrong; the type is named where the message alone would not tell."""
    if isinstance(
        error, SystemExit
    ):  # it wants to end the whole program; it ends the attempt, like any other
        return f"the action called sys.exit({'' if error.code is None else repr(error.code)})"
    text = " ".join(str(error).split())
    if isinstance(error, ActionError):
        return text or "failed without a reason"
    if isinstance(error, TypeError) and "argument" in text:
        return f"action {command.action!r} was given {sorted(command.input)}: {text}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
