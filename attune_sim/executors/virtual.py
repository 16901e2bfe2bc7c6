"""`virtual`: nothing is called and nobody waits. Attempts end as they are told to, after durations that cost no time.

Events at the same moment come in the order in which they were started, so that a run is repeatable to the letter.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from attune_sim.engine.events import (
    ActionEnded,
    Command,
    EndRun,
    Event,
    Outcome,
    StartAction,
    StartTimer,
)
from attune_sim.engine.runner import Runner
from attune_sim.executors.calls import late
from attune_sim.executors.perform import rung, told


class Foretold(NamedTuple):
    """How an attempt will end, and after how many virtual seconds."""

    outcome: Outcome = "succeeded"
    result: Any = None
    error: str | None = None
    duration: float = 1.0


class VirtualExecutor:
    """Drives a run in virtual time; `foretell(command)` says how each attempt ends. `now` is the virtual clock.

    An attempt that would outlast its timeout ends as `timed_out` at that moment.
    """

    name = "virtual"

    def __init__(self, foretell: Callable[[StartAction], Foretold]) -> None:
        self._foretell = foretell
        self._agenda: list[tuple[float, bool, int, Event]] = []
        self._order = count()
        self.now: float = 0

    def run(self, runner: Runner) -> EndRun:
        ending = self._put(runner.start())
        while ending is None:
            self.now, _, _, event = heapq.heappop(self._agenda)
            ending = self._put(runner.handle(event))
        return ending

    def __repr__(self) -> str:
        return f"<executor virtual: {self.now:g} s told>"

    def _put(self, commands: list[Command]) -> EndRun | None:
        for command in commands:
            if type(command) is StartAction:
                event = self._attempt(command)
                heapq.heappush(self._agenda, (event.ended, False, next(self._order), event))
            elif type(command) is StartTimer:
                due = self.now + command.seconds
                # What ends at the very moment of a limit has ended in time, as an action that takes just its timeout.
                heapq.heappush(self._agenda, (due, command.limits, next(self._order), rung(command)))
            elif type(command) is EndRun:
                return command
        return None

    def _attempt(self, command: StartAction) -> ActionEnded:
        outcome, result, error, duration = self._foretell(command)
        if command.timeout is not None and duration > command.timeout:
            reason = str(late(command))
            return told(command, "timed_out", {"error": reason}, reason, self.now, self.now + command.timeout)
        return told(command, outcome, result, error, self.now, self.now + duration)
