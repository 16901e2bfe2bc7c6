"""Events and commands in words. What they carry (inputs, results) is left out: it may be large, and secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from attune_sim.engine.events import (
    ActionEnded,
    AttemptLost,
    CallPrepared,
    CancelRequested,
    CloseFanOut,
    Command,
    EndRun,
    Event,
    OpenFanOut,
    RetryDue,
    StartAction,
    StartTimer,
    StopAction,
    TimeUp,
)
from attune_sim.errors import counted, in_one_line
from attune_sim.metrics import elapsed
from attune_sim.stepping.step import Told

BEGUN: Final = Told("Begin", "", "the run starts")
_REASON: Final = 120
_NAMED: Final = 8

Mask = Callable[[str], str]


def told_of_event(event: Event, mask: Mask) -> Told:
    """An event: its kind, the attempt, how it ended."""
    kind = type(event).__name__
    match event:
        case ActionEnded():
            return Told(kind, place_of(event), _ending(event, mask))
        case CallPrepared():
            return Told(kind, place_of(event), f"its input for {event.action} is ready")
        case RetryDue():
            return Told(kind, place_of(event), "the pause before it is over")
        case AttemptLost():
            return Told(kind, place_of(event), "its process died")
        case TimeUp():
            return Told(kind, place_of(event), "its time is over")
        case CancelRequested():
            return Told(kind, "", event.policy)


def _ending(event: ActionEnded, mask: Mask) -> str:
    took = f"{event.outcome} after {elapsed(event.ended - event.started)}"
    if event.error is None:
        return took
    reason = " ".join(mask(event.error).split())
    return f"{took}: {in_one_line(reason if len(reason) <= _REASON else reason[: _REASON - 3] + '...')}"


def told_of_commands(commands: Iterable[Command], mask: Mask) -> tuple[Told, ...]:
    """Commands, one by one; of many starts the first ones."""
    told = [_command(command, mask) for command in commands]
    if len(told) <= _NAMED:
        return tuple(told)
    return (*told[: _NAMED - 1], Told("...", "", f"and {len(told) - _NAMED + 1:,} more"))


def _command(command: Command, mask: Mask) -> Told:
    kind = type(command).__name__
    match command:
        case StartAction():
            return Told(kind, place_of(command), mask(command.action))
        case OpenFanOut():
            offer = command.offer
            return Told(
                kind, offer.task, "a task without items" if offer.plain else counted(len(offer.items), "item")
            )
        case CloseFanOut():
            return Told(kind, command.offer.task)
        case StartTimer():
            return Told(kind, place_of(command), elapsed(command.seconds))
        case StopAction():
            return Told(kind, place_of(command))
        case EndRun():
            reason = "" if command.error is None else f": {in_one_line(mask(command.error))[:_REASON]}"
            return Told(kind, "", f"{command.status}{reason}")


def place_of(
    keyed: ActionEnded
    | CallPrepared
    | RetryDue
    | AttemptLost
    | TimeUp
    | StartAction
    | StartTimer
    | StopAction,
) -> str:
    """An attempt as people write it: `check[2]`, and `check[2] attempt 1` for a retry."""
    run, task, _, index, attempt = keyed.key
    place = task if index is None else f"{task}[{index}]"
    place = f"run {run}: {place}" if run else place
    return f"{place} attempt {attempt}" if attempt else place


def call_place(within: str) -> str:
    """What stands before the paths and attempts of a sub-workflow.

    >>> call_place(""), call_place("call[1]:0:0/deeper:0:1/")
    ('', 'call[1]/deeper/')
    """
    return re.sub(r":\d+:\d+/", "/", within)
