"""Taking a run up again: its recorded events are told anew, and what had begun without an end is begun again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from attune_sim.engine.events import (
    ActionEnded,
    AttemptLost,
    CancelRequested,
    Command,
    EndRun,
    Event,
    RetryDue,
    StartAction,
    StartTimer,
    TimeUp,
)
from attune_sim.engine.journal import Recorded
from attune_sim.engine.secrets import Secrets
from attune_sim.errors import EventError, JournalError

_Key = tuple[int, str, int, int | None, int]


class Told(Protocol):
    """What a replay needs of a runner."""

    secrets: Secrets

    def handle(self, event: Event) -> list[Command]: ...
    def told(self, event: Event) -> list[Command]: ...
    def wanted(self, one: StartAction | StartTimer) -> bool: ...


class Replay:
    """One replay. `outstanding` are the commands that nothing has answered yet, in the order in which they were given."""

    def __init__(self, runner: Told, commands: Iterable[Command]) -> None:
        self._runner = runner
        self._outstanding: dict[_Key, StartAction | StartTimer] = {}
        self._begun: dict[_Key, StartAction] = {}
        self._ending: EndRun | None = None
        self._note(commands)

    def run(self, recorded: Recorded) -> list[Command]:
        """The commands that are left to perform. Raises `JournalError` if the record does not fit the workflow."""
        try:
            for line in recorded.lines():
                # The secrets grow as sub-workflows are given theirs: each line is read with those of its moment.
                self._take(recorded.entry(line, self._runner.secrets))
            self._begin_again()
        except EventError as error:
            raise JournalError(
                f"{recorded.path}: does not fit this workflow, these actions and these secrets: {error}"
            ) from error
        left: list[Command] = [one for one in self._outstanding.values() if self._runner.wanted(one)]
        return [*left, self._ending] if self._ending is not None else left

    def __repr__(self) -> str:
        over = ", over" if self._ending is not None else ""
        return f"<Replay: {len(self._outstanding)} outstanding, {len(self._begun)} begun{over}>"

    def _begin_again(self) -> None:
        for key, lost in self._begun.items():
            if not self._runner.wanted(lost):
                continue
            self._outstanding.pop(key, None)
            event = AttemptLost(lost.task, lost.visit, lost.index, lost.attempt, lost.run)
            self._note(self._runner.handle(event))

    def _take(self, entry: Event | StartAction | str) -> None:
        if isinstance(entry, str):
            return  # the run is over; its end follows from its events
        if isinstance(entry, StartAction):
            self._begun[_key(entry)] = entry
            return
        if not isinstance(entry, CancelRequested):
            self._outstanding.pop(_key(entry), None)
            self._begun.pop(_key(entry), None)
        self._note(self._runner.told(entry))

    def _note(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if isinstance(command, StartAction | StartTimer):
                self._outstanding[_key(command)] = command
            elif isinstance(command, EndRun):
                self._ending = command


def _key(one: StartAction | StartTimer | ActionEnded | RetryDue | AttemptLost | TimeUp) -> _Key:
    return (one.run, one.task, one.visit, one.index, one.attempt)
