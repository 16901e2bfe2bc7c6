"""Taking a run up again: its recorded events are told anew, and what had begun without an end is begun again.

Nothing that has ended is forked or rendered. The one exception are calls of sub-workflows whose child has run: the
journal does not hold their input, so it is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from attune_sim.collector import collector_at_rest
from attune_sim.engine.events import (
    ActionEnded,
    AttemptKey,
    AttemptLost,
    CallPrepared,
    CancelRequested,
    CloseFanOut,
    Command,
    EndRun,
    Event,
    OpenFanOut,
    StartAction,
    StartTimer,
)
from attune_sim.engine.offer import Offer
from attune_sim.engine.runner import Runner, Steps
from attune_sim.errors import EventError, ExpressionError, JournalError, ResultError
from attune_sim.journal.file import Recorded
from attune_sim.secrecy.secrets import Secrets

_Key = tuple[Any, ...]
"""An attempt key, or a bare tuple of the same parts: one is made for every line."""


class ReplayListener(Protocol):
    """Hears what is told again of the workflow itself."""

    def started(self, command: StartAction) -> None:
        """An attempt was asked for."""

    def ended(self, event: ActionEnded) -> None:
        """It ended."""


class Replay:
    """One replay. What is outstanding are the commands that nothing has answered yet, in the order in which they came.

    `passed` is told the run time as it goes by, `listener` what happens.
    """

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
        self._outstanding: dict[_Key, StartAction | StartTimer] = {}
        self._begun: dict[_Key, None] = {}
        self._open: dict[Offer, None] = {}
        self._ending: EndRun | None = None

    def run(self, steps: Steps, runner: Runner) -> list[Command]:
        """The commands that are left to perform. `steps` is what goes on, and is told every attempt that had begun without
        an end. Raises `JournalError` if the record does not fit the workflow."""
        try:
            self._note(self._steps.start())
            # Nearly all that is made meanwhile is kept: to look through it for garbage again and again is in vain.
            with collector_at_rest():
                self._tell_all()
            for key in list(self._begun):
                self._begin_again(key, steps)
        except EventError as error:
            raise JournalError(
                f"{self._recorded.path}: does not fit this workflow, these actions and these secrets: {error}"
            ) from error
        opened = [OpenFanOut(offer, runner.unfinished(offer)) for offer in self._open]
        wanted = [command for command in self._outstanding.values() if runner.wants(command)]
        left: list[Command] = [*opened, *wanted]
        return left if self._ending is None else [*left, self._ending]

    def _begin_again(self, key: _Key, steps: Steps) -> None:
        run, task, visit, index, attempt = key
        self._outstanding.pop(key, None)
        self._note(steps.handle(AttemptLost(task, visit, index, attempt, run)))

    def _tell_all(self) -> None:
        takes: dict[str, Callable[[Any], None]] = {
            "s": self._take_start,
            "e": self._take_end,
            "p": self._take_call,
            "x": self._take_ending,
        }
        for kind, entry in self._recorded.entries():
            takes.get(kind, self._tell)(entry)

    def _take_ending(self, status: str) -> None:
        """Nothing: the end of a run follows from its events."""

    def _take_start(self, key: _Key) -> None:
        if key not in self._outstanding:
            raise EventError(f"task {key[1]!r} began an attempt that nothing had asked for")
        self._begun[key] = None

    def _take_end(self, event: ActionEnded) -> None:
        key = (event.run, event.task, event.visit, event.index, event.attempt)
        self._outstanding.pop(key, None)
        self._begun.pop(key, None)
        if (
            self._secrets or self._recorded.renamed
        ):  # those of its moment: they grow as sub-workflows are given theirs
            event.result = self._recorded.restored(event.result, self._secrets)
        self._passed(event.ended)
        if self._listener is not None and not event.run:
            self._listener.ended(event)
        self._note(self._steps.handle(event))

    def _take_call(self, attempt: _Key) -> None:
        key = AttemptKey(*attempt)
        call = self._outstanding.pop(key, None)
        if not isinstance(call, StartAction) or not call.offer.calls:
            raise EventError(f"nothing was asked for by task {key.task!r}, whose sub-workflow cannot begin")
        try:
            input = call.offer.prepare(call.slot).input
        except (ExpressionError, ResultError) as error:
            raise EventError(f"the sub-workflow of task {key.task!r} cannot begin: {error}") from None
        prepared = CallPrepared(key.task, key.visit, key.index, key.attempt, call.action, input, key.run)
        self._note(self._steps.handle(prepared))

    def _tell(self, event: Event) -> None:
        if not isinstance(event, CancelRequested):
            self._outstanding.pop(event.key, None)
            self._begun.pop(event.key, None)
        self._note(self._steps.handle(event))

    def _note(self, commands: Iterable[Command]) -> None:
        for command in commands:
            kind = type(command)
            if kind is StartAction:
                offer, slot = command.offer, command.slot  # type: ignore[union-attr]
                index = None if offer.plain else slot
                self._outstanding[offer.run, offer.task, offer.visit, index, command.attempt] = command  # type: ignore[union-attr,assignment]
                if self._listener is not None and not offer.run:
                    self._listener.started(command)  # type: ignore[arg-type]
            elif kind is StartTimer:
                self._outstanding[command.key] = command  # type: ignore[union-attr,assignment]
            elif kind is OpenFanOut:
                self._open[command.offer] = None  # type: ignore[union-attr]
            elif kind is CloseFanOut:
                self._open.pop(command.offer, None)  # type: ignore[union-attr]
            elif kind is EndRun:
                self._ending = command  # type: ignore[assignment]

    def __repr__(self) -> str:
        over = ", over" if self._ending is not None else ""
        return f"<Replay: {len(self._outstanding)} outstanding, {len(self._begun)} begun{over}>"


class TakenUp:
    """A run that begins where its record ends. `steps` is what goes on: it may write down what it is told."""

    def __init__(self, steps: Steps, replay: Replay, runner: Runner) -> None:
        self._steps, self._replay, self._runner = steps, replay, runner
        self.begin, self.handle = steps.begin, steps.handle

    def start(self) -> list[Command]:
        return self._replay.run(self._steps, self._runner)

    def __repr__(self) -> str:
        return f"<TakenUp {self._steps!r}>"
