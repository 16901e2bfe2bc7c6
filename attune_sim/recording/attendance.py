"""Being there whenever an action is called and whenever an attempt ends, those of sub-workflows included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from attune_sim.engine.events import ActionEnded, AttemptKey, Command, Event, StartAction
from attune_sim.engine.runner import Steps
from attune_sim.executors.readied import Action, Readied
from attune_sim.executors.stoppable import is_async

Input = Mapping[str, Any]


class Attendant(Protocol):
    """Who is told. What `ended` raises ends the run; `called` and `returned` must not raise."""

    def called(self, command: StartAction, input: Input) -> None:
        """An action is about to be called with this input, in whatever thread."""

    def returned(self, command: StartAction, input: Input) -> None:
        """It came back, or raised; not told of one that was given up."""

    def ended(self, command: StartAction, event: ActionEnded) -> None:
        """An attempt ended, one that could not be prepared too; nobody has acted on it yet."""


class Attended(Readied):
    """An action with an attendant: as late, and as asynchronous, as the one behind it."""

    def __init__(self, action: Action, attendance: Attendance) -> None:
        super().__init__()
        self._action, self._attendance = action, attendance
        self.is_async = is_async(action)
        self.is_known = isinstance(action, Readied) and action.is_known

    def call_for(self, command: StartAction) -> Action:
        action = self._action.call_for(command) if isinstance(self._action, Readied) else self._action
        return self._attendance.attending(command, action, awaited=self.is_async)

    def __repr__(self) -> str:
        return f"<attended {self._action!r}>"


class Attendance:
    """Stands around the actions and the steps of one run, for an attendant."""

    def __init__(self, attendant: Attendant) -> None:
        self._attendant = attendant
        self._under_way: dict[AttemptKey, StartAction] = {}

    def actions(self, actions: Mapping[str, Action]) -> dict[str, Action]:
        """The actions, attended."""
        return {ref: Attended(action, self) for ref, action in actions.items()}

    def steps(self, steps: Steps) -> Steps:
        """The steps, attended."""
        return _Steps(steps, self.ended)

    def attending(self, command: StartAction, action: Action, *, awaited: bool) -> Action:
        """The call of an attempt that is about to begin."""
        self._under_way[command.key] = command
        around: Callable[[Attendant, StartAction, Action], Action] = _awaited if awaited else _called
        return around(self._attendant, command, action)

    def ended(self, event: ActionEnded) -> None:
        # What was never begun, and calls of sub-workflows, are no attempts of an action.
        if (command := self._under_way.pop(event.key, None)) is not None:
            self._attendant.ended(command, event)


def _called(attendant: Attendant, command: StartAction, action: Action) -> Action:
    def call(**input: Any) -> Any:
        attendant.called(command, input)
        try:
            return action(**input)
        finally:
            attendant.returned(command, input)

    return call


def _awaited(attendant: Attendant, command: StartAction, action: Action) -> Action:
    async def call(**input: Any) -> Any:
        attendant.called(command, input)
        try:
            return await action(**input)
        finally:
            attendant.returned(command, input)

    return call


class _Steps:
    def __init__(self, inner: Steps, ended: Callable[[ActionEnded], None]) -> None:
        self._inner, self._ended = inner, ended

    def start(self) -> list[Command]:
        return self._inner.start()

    def begin(self, command: StartAction) -> None:
        self._inner.begin(command)

    def handle(self, event: Event) -> list[Command]:
        if type(event) is ActionEnded:
            self._ended(event)
        return self._inner.handle(event)

    def __repr__(self) -> str:
        return f"<attended {self._inner!r}>"
