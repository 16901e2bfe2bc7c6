"""Taking a run up again: its recorded events are told anew, and what had begun without an end is begun again.

Nothing that has ended is forked or rendered. The one exception are calls of sub-workflows whose child has run: the
journal does not hold their input, so it is made again. In which order the rest goes on is told in `outstanding`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from attune_sim.collector import collector_at_rest
from attune_sim.engine.events import (
    ActionEnded,
    AttemptKey,
    AttemptLost,
    CallPrepared,
    CancelRequested,
    Command,
    Event,
    OpenFanOut,
    StartAction,
)
from attune_sim.engine.runner import Runner, Steps
from attune_sim.errors import EventError, ExpressionError, JournalError, ResultError
from attune_sim.journal.file import Recorded
from attune_sim.journal.outstanding import Key, Outstanding
from attune_sim.secrecy.secrets import Secrets


class ReplayListener(Protocol):
    """Hears what is told again of the workflow itself."""

    def started(self, command: StartAction) -> None:
        """An attempt was asked for."""

    def ended(self, event: ActionEnded) -> None:
        """It ended."""


class Replay:
    """One replay. `passed` is told the run time as it goes by, `listener` what happens."""

    def __init__(
        self,
        steps: Steps,
        recorded: Recorded,
        secrets: Secrets,
        *,
        passed: Callable[[float], None] = lambda now: None,
        listener: ReplayListener | None = None,
    ) -> None:
        self._steps, self._recorded, self._secrets = steps, recorded, secrets
        self._passed, self._listener = passed, listener
        self._left = Outstanding(None if listener is None else listener.started)

    def run(self, steps: Steps, runner: Runner) -> list[Command]:
        """The commands that are left to perform. `steps` is what goes on, and is told every attempt that had begun without
        an end. Raises `JournalError` if the record does not fit the workflow."""
        left = self._left
        left.note(self._steps.start())
        # Nearly all that is made meanwhile is kept: to look through it for garbage again and again is in vain.
        with collector_at_rest():
            self._tell_all()
        for run, task, visit, index, attempt in list(left.begun):
            self._take_loss(AttemptLost(task, visit, index, attempt, run), steps)
        wanted = [command for command in left if runner.wants(command)]
        opened = [OpenFanOut(offer, runner.unfinished(offer)) for offer in left.opened]
        return [*opened, *wanted] if left.ending is None else [*opened, *wanted, left.ending]

    def _tell_all(self) -> None:
        takes: dict[str, Callable[[Any], None]] = {
            "s": self._left.begin,
            "e": self._take_end,
            "p": self._take_call,
            "l": self._take_loss,
            "x": self._take_ending,
        }
        take, others = takes.get, self._tell
        number, path = 1, self._recorded.path
        try:
            for number, (kind, entry) in enumerate(self._recorded.entries(), 2):  # noqa: B007  # told below
                take(kind, others)(entry)
        except EventError as error:
            reason = f"does not fit this workflow, these actions and these secrets: {error}"
            raise JournalError(f"{path}:{number}: {reason}") from error

    def _take_ending(self, status: str) -> None:
        """The end of a run follows from its events, and has to be the one that was written."""
        self._left.settle()
        ending = self._left.ending
        if ending is None or ending.status != status:
            told = "goes on" if ending is None else f"has {ending.status}"
            raise EventError(f"the run is written to have {status}, and by its events it {told}")

    def _take_end(self, event: ActionEnded) -> None:
        key = (event.run, event.task, event.visit, event.index, event.attempt)
        # A call whose input could not be made is answered in its place, like one that begins.
        is_call = event.stage != "action" and self._left.call(key) is not None
        if not is_call:
            self._left.drop(key)
        if (
            self._secrets or self._recorded.renamed
        ):  # those of its moment: they grow as sub-workflows are given theirs
            event.result = self._restored(event)
        self._passed(event.ended)
        if self._listener is not None and not event.run:
            self._listener.ended(event)
        commands = self._steps.handle(event)
        if is_call:
            self._left.answer(key, commands)
        else:
            self._left.note(commands)

    def _restored(self, event: ActionEnded) -> Any:
        try:
            return self._recorded.restored(event.result, self._secrets)
        except (JournalError, RecursionError) as error:
            raise EventError(f"the result of task {event.task!r} cannot be read: {error}") from None

    def _take_call(self, attempt: Key) -> None:
        key = AttemptKey(*attempt)
        call = self._left.call(key)
        if call is None:
            raise EventError(f"nothing was asked for by task {key.task!r}, whose sub-workflow cannot begin")
        try:
            input = call.offer.prepare(call.slot).input
        except (ExpressionError, ResultError) as error:
            raise EventError(f"the sub-workflow of task {key.task!r} cannot begin: {error}") from None
        prepared = CallPrepared(key.task, key.visit, key.index, key.attempt, call.action, input, key.run)
        self._left.answer(key, self._steps.handle(prepared))

    def _take_loss(self, event: AttemptLost, steps: Steps | None = None) -> None:
        self._left.drop(event.key)
        self._left.note_again((steps or self._steps).handle(event))

    def _tell(self, event: Event) -> None:
        self._left.settle()
        if not isinstance(event, CancelRequested):
            self._left.drop(event.key)
        self._left.note(self._steps.handle(event))

    def __repr__(self) -> str:
        return f"<Replay of {self._recorded.path!r}: {self._left!r}>"


class TakenUp:
    """A run that begins where its record ends. `steps` is what goes on: it may write down what it is told."""

    def __init__(self, steps: Steps, replay: Replay, runner: Runner) -> None:
        self._steps, self._replay, self._runner = steps, replay, runner
        self.begin, self.handle = steps.begin, steps.handle

    def start(self) -> list[Command]:
        return self._replay.run(self._steps, self._runner)

    def __repr__(self) -> str:
        return f"<TakenUp {self._steps!r}>"
