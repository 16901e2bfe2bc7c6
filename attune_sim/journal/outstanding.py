"""What is left of a run that is told again: the commands that nothing has answered yet, in the order in which they would have
been carried out, had nothing happened.

What was lost comes first, as it had begun first, and what a sub-workflow starts with stands where its call stood. A run that
takes one attempt after the other therefore comes to the same end, whatever races in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

from attune_sim.engine.events import CloseFanOut, Command, EndRun, OpenFanOut, StartAction, StartTimer
from attune_sim.engine.offer import Offer
from attune_sim.errors import EventError

Key = tuple[Any, ...]
"""An attempt key, or a bare tuple of the same parts: one is made for every line."""


class Outstanding:
    """Commands by the attempt that they are for. `begun` are attempts without an end, in the order in which they began,
    `opened` the offers that are open, `ending` the end of the run; `started` is told every attempt that is asked for."""

    def __init__(self, started: Callable[[StartAction], None] | None = None) -> None:
        self.begun: dict[Key, None] = {}
        self.opened: dict[Offer, None] = {}
        self.ending: EndRun | None = None
        self._started = started
        self._waiting: dict[Key, StartAction | StartTimer] = {}
        self._again: dict[Key, StartAction | StartTimer] = {}  # after a loss: before all that waits
        self._held: deque[Command] = deque()  # behind the last call that waits, whose answer comes before it

    def note(self, commands: list[Command]) -> None:
        """Commands that follow from an event; what stands behind a call is held until that is answered, as a drive does."""
        for place, command in enumerate(commands):
            kind = type(command)
            if kind is StartAction:
                offer, slot = command.offer, command.slot  # type: ignore[union-attr]
                index = None if offer.plain else slot
                self._waiting[offer.run, offer.task, offer.visit, index, command.attempt] = command  # type: ignore[union-attr,assignment]
                if self._started is not None and not offer.run:
                    self._started(command)  # type: ignore[arg-type]
                if offer.calls:
                    self._held.extendleft(reversed(commands[place + 1 :]))
                    return
            else:
                self._note_other(command)

    def _note_other(self, command: Command) -> None:
        match command:
            case StartTimer():
                self._waiting[command.key] = command
            case OpenFanOut(offer):
                self.opened[offer] = None
            case CloseFanOut(offer):
                self.opened.pop(offer, None)
            case EndRun():
                self.ending = command

    def note_again(self, commands: list[Command]) -> None:
        """What begins anew because it was lost."""
        for command in commands:
            assert isinstance(command, StartAction), "a loss is answered by a new attempt"
            self._again[command.key] = command
            if self._started is not None and not command.run:
                self._started(command)

    def begin(self, key: Key) -> None:
        """An attempt has begun. Raises `EventError` if nothing had asked for it."""
        if key not in self._waiting:
            self.settle()
            if key not in self._waiting:
                raise EventError(f"task {key[1]!r} began an attempt that nothing had asked for")
        self.begun[key] = None

    def drop(self, key: Key) -> None:
        """It is answered."""
        if self._held:
            self.settle()
        self._waiting.pop(key, None)
        self.begun.pop(key, None)

    def call(self, key: Key) -> StartAction | None:
        """The call of a sub-workflow that waits for its input to be made."""
        if key not in self._waiting:
            self.settle()
        command = self._waiting.get(key)
        return command if _is_call(command) else None

    def answer(self, key: Key, commands: list[Command]) -> None:
        """What follows from the answer to a call, before all that was asked for behind it."""
        while (behind := self._waiting.popitem())[0] != key:
            self._held.appendleft(behind[1])
        self._held.extendleft(reversed(commands))
        is_call = False
        while self._held and not is_call:
            command = self._held.popleft()
            is_call = _is_call(command)
            self.note([command])

    def settle(self) -> None:
        """Nothing answers the last call any more: what is held, and what is made again, finds its place."""
        if self._again:
            self._waiting = {**self._again, **self._waiting}
            self._again = {}
        while self._held:
            self.note([self._held.popleft()])

    def __iter__(self) -> Iterator[StartAction | StartTimer]:
        self.settle()
        return iter(self._waiting.values())

    def __repr__(self) -> str:
        over = ", over" if self.ending is not None else ""
        return f"<Outstanding: {len(self._again) + len(self._waiting)}, {len(self.begun)} begun{over}>"


def _is_call(command: Command | None) -> TypeGuard[StartAction]:
    return type(command) is StartAction and command.offer.calls
