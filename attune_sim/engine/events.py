"""What the conductor is told (events) and what it asks for (commands). Plain values, comparable, no behaviour.

An *attempt* is one call of an action, named by (task, visit, index, attempt): `visit` counts the runs of one task
(cycles loop) from 0, `index` is the place in a fan-out or None, `attempt` counts retries from 0.
`run` is 0 for the workflow itself; sub-workflows are numbered in the order in which they start.

Treat them as frozen. They are not declared so because a frozen dataclass takes three times as long to make, and two
of them are made for every item. What an attempt is handed and returns may hold secrets: their reprs leave it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["succeeded", "failed", "timed_out", "cancelled"]
RunStatus = Literal["succeeded", "failed", "cancelled"]


@dataclass(slots=True)
class StartAction:
    """Command: call `action` with `input`, for at most `timeout` seconds (None: no limit)."""

    task: str
    visit: int
    index: int | None
    attempt: int
    action: str
    input: Mapping[str, Any] = field(repr=False)
    timeout: float | None = None
    run: int = 0


@dataclass(slots=True)
class StartTimer:
    """Command: answer with `RetryDue` after `seconds`; with `TimeUp` if it `limits` the sub-workflow that the attempt calls."""

    task: str
    visit: int
    index: int | None
    attempt: int
    seconds: float
    run: int = 0
    limits: bool = False


@dataclass(slots=True)
class StopAction:
    """Command: interrupt a running attempt, if the executor can (its end must still be told)."""

    task: str
    visit: int
    index: int | None
    attempt: int
    run: int = 0


@dataclass(slots=True)
class EndRun:
    """Command: the run is over; nothing follows. `output` is the run's result, `error` its one-line reason."""

    status: RunStatus
    output: Any = field(repr=False)
    error: str | None = field(repr=False)
    run: int = 0


@dataclass(slots=True)
class ActionEnded:
    """Event: an attempt ended. `started` and `ended` are seconds of the executor's clock."""

    task: str
    visit: int
    index: int | None
    attempt: int
    outcome: Outcome
    result: Any = field(default=None, repr=False)
    error: str | None = field(default=None, repr=False)
    started: float = 0.0
    ended: float = 0.0
    run: int = 0


@dataclass(slots=True)
class RetryDue:
    """Event: the pause before a retry is over."""

    task: str
    visit: int
    index: int | None
    attempt: int
    run: int = 0


@dataclass(slots=True)
class AttemptLost:
    """Event: the process died while this attempt was under way. It is made again, as the next attempt; the loss uses
    up none of the task's retries."""

    task: str
    visit: int
    index: int | None
    attempt: int
    run: int = 0


@dataclass(slots=True)
class TimeUp:
    """Event: the sub-workflow that this attempt calls has taken as long as the attempt may take."""

    task: str
    visit: int
    index: int | None
    attempt: int
    run: int = 0


@dataclass(slots=True)
class CancelRequested:
    """Event: end the run early. `cancel_running` also interrupts what is running."""

    policy: Literal["allow_finish", "cancel_running"] = "allow_finish"
    run: int = 0


Command = StartAction | StartTimer | StopAction | EndRun
Event = ActionEnded | RetryDue | AttemptLost | TimeUp | CancelRequested
