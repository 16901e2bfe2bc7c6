"""The lines of a journal: each is one short list, written and read here and nowhere else.

    ["s", run, task, visit, index, attempt]                                          an attempt began
    ["p", run, task, visit, index, attempt]                                          the input of a sub-workflow was made
    ["e", run, task, visit, index, attempt, outcome, result, error, started, ended]  an attempt ended
    ["e", ..., ended, stage, retry]                                                  so did one whose preparation failed, or
                                                                                     of which its task's `on_error` was asked
    ["d", run, task, visit, index, attempt]                                          the pause before it is over
    ["l", run, task, visit, index, attempt]                                          it was lost with a process
    ["t", run, task, visit, index, attempt]                                          its sub-workflow's time was up
    ["c", policy]                                                                    the run was asked to end
    ["x", status]                                                                    the run is over

A million of them are read in a few seconds, so types are checked by hand; a model says what is wrong with a line only
once one is (`damage`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attune_sim.engine.events import (
    ActionEnded,
    AttemptLost,
    CallPrepared,
    CancelRequested,
    Event,
    RetryDue,
    StartAction,
    TimeUp,
)

_OUTCOMES: Final = ("succeeded", "failed", "timed_out", "cancelled")
_STAGES: Final = ("fork", "render", "action")
_POLICIES: Final = ("allow_finish", "cancel_running")
_STATUSES: Final = ("succeeded", "failed", "cancelled")
_KINDS: Final[Mapping[type, str]] = {CallPrepared: "p", RetryDue: "d", AttemptLost: "l", TimeUp: "t"}
_VERDICTS: Final = (bool, str, type(None))
_ATTEMPTS: Final = ("s", "p", "d", "l", "t")
_EVENTS: Final[Mapping[Any, type[RetryDue | AttemptLost | TimeUp]]] = {
    "d": RetryDue,
    "l": AttemptLost,
    "t": TimeUp,
}
_SHORT, _ENDED, _ENDED_EARLY = 6, 11, 13


class Damaged(Exception):
    """A line that no attune-sim has written."""


def line_of_start(command: StartAction) -> list[Any]:
    return ["s", *command.key]


def line_of(event: Event, result: Any = None) -> list[Any]:
    """The line of an event; `result` is what is to be written as that of an attempt."""
    if type(event) is ActionEnded:
        line = ["e", event.run, event.task, event.visit, event.index, event.attempt]
        line += (event.outcome, result, event.error, event.started, event.ended)
        return line if event.stage == "action" and event.retry is None else [*line, event.stage, event.retry]
    if isinstance(event, CancelRequested):
        return ["c", event.policy]
    return [_KINDS[type(event)], *event.key]


def line_of_end(status: str) -> list[Any]:
    return ["x", status]


def entry_of(line: Any) -> tuple[str, Any]:
    """The kind of a line and what it says: the key of an attempt for `s` and `p`, the status for `x`, else an event.

    Raises `Damaged` where its parts are not of the right types.
    """
    if type(line) is list:
        length = len(line)
        if length == _SHORT:
            kind, run, task, visit, index, attempt = line
            if kind in _ATTEMPTS and _is_attempt(run, task, visit, index, attempt):
                if kind in _EVENTS:
                    return kind, _EVENTS[kind](task, visit, index, attempt, run)
                return kind, (run, task, visit, index, attempt)
        elif length == _ENDED or length == _ENDED_EARLY:  # noqa: SIM109  # once an item
            return "e", _end_of(line, length)
        elif length == 2 and line[0] == "c" and line[1] in _POLICIES:
            return "c", CancelRequested(line[1])
        elif length == 2 and line[0] == "x" and line[1] in _STATUSES:
            return "x", line[1]
    raise Damaged


def _is_attempt(run: Any, task: Any, visit: Any, index: Any, attempt: Any) -> bool:
    return (
        type(run) is int
        and type(task) is str
        and type(visit) is int
        and (type(index) is int or index is None)
        and type(attempt) is int
    )


def _end_of(line: list[Any], length: int) -> ActionEnded:
    stage: Any = "action"
    retry: Any = None
    if length == _ENDED:
        kind, run, task, visit, index, attempt, outcome, result, error, started, ended = line
    else:
        kind, run, task, visit, index, attempt, outcome, result, error, started, ended, stage, retry = line
    if (
        kind != "e"
        or not _is_attempt(run, task, visit, index, attempt)
        or outcome not in _OUTCOMES
        or not (error is None or type(error) is str)
        or not (type(started) is float or type(started) is int)
        or not (type(ended) is float or type(ended) is int)
        or stage not in _STAGES
        or type(retry) not in _VERDICTS
    ):
        raise Damaged
    return ActionEnded(task, visit, index, attempt, outcome, result, error, started, ended, run, stage, retry)
