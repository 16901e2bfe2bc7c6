"""`virtual`: nothing is called and nobody waits. Attempts end as they are told to, after durations that cost no time.

Events at the same moment come in the order in which they were started, so that a run is repeatable to the letter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from attune_sim.engine.events import ActionEnded, AttemptKey, Outcome, StartAction, StopAction
from attune_sim.executors.attempts import cancelled, late, without_call
from attune_sim.executors.local import LocalPerformer
from attune_sim.executors.preparing import Unprepared
from attune_sim.executors.timeline import Appointment


class Foretold(NamedTuple):
    """How an attempt will end, and after how many virtual seconds."""

    outcome: Outcome = "succeeded"
    result: Any = None
    error: str | None = None
    duration: float = 1.0


class VirtualPerformer(LocalPerformer):
    """Puts the end of each attempt on the agenda of the timeline; `foretell(command)` says how it ends, and `delay(command)`
    after how many seconds one ends that could not be prepared.

    An attempt that would outlast its timeout ends as `timed_out` at that moment; one that is stopped leaves the agenda.
    """

    def __init__(
        self,
        foretell: Callable[[StartAction], Foretold],
        delay: Callable[[StartAction], float] = lambda command: 0.0,
    ) -> None:
        super().__init__()
        self.start = self._take_on
        self._foretell, self._delay = foretell, delay
        self._under_way: dict[AttemptKey, tuple[StartAction, Appointment]] = {}

    def _take_on(self, command: StartAction) -> None:
        self._drive.job.steps.begin(command)
        event = self._event(command)
        appointment = self._drive.timeline.at(event.ended, self._end, event)
        self._under_way[command.key] = command, appointment

    def _event(self, command: StartAction) -> ActionEnded:
        now = self._drive.timeline.now()
        try:
            self._attempts.prepare(command)
        except Unprepared as failed:
            event = self._attempts.unprepared(command, failed, now)
            event.ended = now + self._delay(command)
            return event
        outcome, result, error, duration = self._foretell(command)
        if command.timeout is not None and duration > command.timeout:
            outcome, error, duration = "timed_out", str(late(command.timeout)), command.timeout
            result = {"error": error}
        event = without_call(command, outcome, error or "", now, now + duration)
        event.result, event.error = result, error
        return event

    def _end(self, event: ActionEnded) -> None:
        self._under_way.pop(event.key, None)
        self._drive.tell(event)

    def _stop_begun(self, command: StopAction) -> None:
        if (begun := self._under_way.pop(command.key, None)) is not None:
            attempt, appointment = begun
            appointment.cancel()
            now = self._drive.timeline.now()
            event = cancelled(attempt, now, appointment.argument.started)
            self._drive.timeline.at(now, self._drive.tell, event)
