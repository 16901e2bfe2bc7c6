"""What the conductor is told (events) and what it asks for (commands). Plain values, comparable, no behaviour.

An *attempt* is one call of an action, named by (run, task, visit, index, attempt): `run` is 0 for the workflow itself,
sub-workflows are numbered in the order in which they start; `visit` counts the runs of one task (cycles loop) from 0;
`index` is the place in a fan-out or None; `attempt` counts retries from 0. `AttemptKey` is that name, for all of them.

Treat them as frozen. They are not declared so because a frozen dataclass takes three times as long to make, and two
of them are made for every item. What an attempt is handed and returns may hold secrets: their reprs leave it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from attune_sim.engine.offer import Offer

Outcome = Literal["succeeded", "failed", "timed_out", "cancelled"]
RunStatus = Literal["succeeded", "failed", "cancelled"]
Stage = Literal["fork", "render", "action"]


class AttemptKey(NamedTuple):
    """The name of an attempt among all attempts of a run and of the sub-workflows that it calls."""

    run: int
    task: str
    visit: int
    index: int | None  # type: ignore[assignment]  # a tuple's method of this name is no use here
    attempt: int


class Raised(NamedTuple):
    """Where an action raised. `way` is the traceback as text, None where one like it was told before."""

    file: str
    line: int
    function: str
    way: str | None = None


class _Keyed:
    """Whatever belongs to one attempt."""

    __slots__ = ()

    @property
    def key(self) -> AttemptKey:
        """The attempt that this belongs to."""
        return AttemptKey(self.run, self.task, self.visit, self.index, self.attempt)  # type: ignore[attr-defined]


@dataclass(slots=True)
class _OfAttempt(_Keyed):
    task: str
    visit: int
    index: int | None
    attempt: int
    run: int = 0


@dataclass(slots=True)
class OpenFanOut:
    """Command: attempts over this offer may follow. `left` are the slots that have not ended (None: all of them)."""

    offer: Offer
    left: tuple[int, ...] | None = None


@dataclass(slots=True)
class StartAction:
    """Command: prepare a slot of an offer and call its action. What is asked of it beyond that stands in the offer."""

    offer: Offer
    slot: int
    attempt: int = 0

    @property
    def run(self) -> int:
        return self.offer.run

    @property
    def task(self) -> str:
        return self.offer.task

    @property
    def visit(self) -> int:
        return self.offer.visit

    @property
    def index(self) -> int | None:
        return None if self.offer.plain else self.slot

    @property
    def action(self) -> str:
        return self.offer.action

    @property
    def timeout(self) -> float | None:
        """Seconds that the attempt may take; None: no limit."""
        return self.offer.timeout

    @property
    def place(self) -> str:
        """The attempt among all of a definition's, by names alone: `within` of what it calls."""
        index = "" if self.offer.plain else f"[{self.slot}]"
        return f"{self.offer.within}{self.task}{index}:{self.visit}:{self.attempt}/"

    @property
    def key(self) -> AttemptKey:
        """The attempt that is to start."""
        offer = self.offer
        index = None if offer.plain else self.slot
        return AttemptKey(offer.run, offer.task, offer.visit, index, self.attempt)


@dataclass(slots=True)
class CloseFanOut:
    """Command: nothing more follows over this offer; whatever was kept for it can go."""

    offer: Offer


@dataclass(slots=True)
class StartTimer(_Keyed):
    """Command: answer with `RetryDue` after `seconds`; with `TimeUp` if it `limits` the sub-workflow that the attempt calls."""

    task: str
    visit: int
    index: int | None
    attempt: int
    seconds: float
    run: int = 0
    limits: bool = False


@dataclass(slots=True)
class StopAction(_OfAttempt):
    """Command: interrupt a running attempt, if the performer can (its end must still be told)."""


@dataclass(slots=True)
class EndRun:
    """Command: the run is over; nothing follows. `output` is the run's result, `error` its one-line reason."""

    status: RunStatus
    output: Any = field(repr=False)
    error: str | None = field(repr=False)
    run: int = 0


@dataclass(slots=True)
class ActionEnded(_Keyed):
    """Event: an attempt ended. `started` and `ended` are run time: seconds of the timeline since the run began.

    `stage` tells how far it came: where `fork` or `render` failed, no action was called. `retry` is what the task's
    `on_error` says of the failure (None: it has none or was not asked; text: why it could not be evaluated).
    `fork_us`, `render_us`, `action_us` and `drop_us` (letting go of fork and input) are cost time: microseconds that each
    took where it was done. They are no part of what happened: not compared, not written down, 0 in virtual time. Nor is
    `raised`, the place in the action's code.
    """

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
    stage: Stage = "action"
    retry: bool | str | None = field(default=None, repr=False)
    fork_us: float = field(default=0.0, compare=False, repr=False)
    render_us: float = field(default=0.0, compare=False, repr=False)
    action_us: float = field(default=0.0, compare=False, repr=False)
    drop_us: float = field(default=0.0, compare=False, repr=False)
    raised: Raised | None = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class CallPrepared(_Keyed):
    """Event: the input of an attempt that calls a sub-workflow is there; the sub-workflow may begin."""

    task: str
    visit: int
    index: int | None
    attempt: int
    action: str
    input: Mapping[str, Any] = field(repr=False)
    run: int = 0


@dataclass(slots=True)
class RetryDue(_OfAttempt):
    """Event: the pause before a retry is over."""


@dataclass(slots=True)
class AttemptLost(_OfAttempt):
    """Event: the process died while this attempt was under way. It is made again, as the next attempt; the loss uses
    up none of the task's retries."""


@dataclass(slots=True)
class TimeUp(_OfAttempt):
    """Event: the sub-workflow that this attempt calls has taken as long as the attempt may take."""


@dataclass(slots=True)
class CancelRequested:
    """Event: end the run early. `cancel_running` also interrupts what is running."""

    policy: Literal["allow_finish", "cancel_running"] = "allow_finish"
    run: int = 0


Command = OpenFanOut | StartAction | CloseFanOut | StartTimer | StopAction | EndRun
Event = ActionEnded | CallPrepared | RetryDue | AttemptLost | TimeUp | CancelRequested
