"""Actions that answer from a recording: nothing is called a second time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from attune_sim.engine.events import StartAction
from attune_sim.errors import ActionError, ActionTimeout, ExperimentError
from attune_sim.executors.attempts import Stopped
from attune_sim.executors.readied import Action, Readied
from attune_sim.recording.file import Ending, Place, Recording


class Replayed(Readied):
    """One action as it was recorded: its result is made anew for each attempt, a failure is raised again.

    An action that was a coroutine function still is one.
    """

    def __init__(self, ref: str, recording: Recording, *, is_async: bool = False) -> None:
        super().__init__()
        self._ref, self._recording, self.is_async = ref, recording, is_async

    def call_for(self, command: StartAction) -> Action:
        call = _call(self._recording.ending(command), command)
        return _awaited(call) if self.is_async else call

    def __repr__(self) -> str:
        return f"<Replayed {self._ref!r}>"


def _call(ending: Ending | None, command: StartAction) -> Action:
    if ending is None:
        return _raising(
            ExperimentError(f"{Place.of(command)}: was not called when the actions were recorded")
        )
    return _returning(ending.result) if ending.outcome == "succeeded" else _raising(_failure(ending))


def _returning(result: Any) -> Action:
    def call(**input: Any) -> Any:
        return result

    return call


def _raising(error: Exception) -> Action:
    def call(**input: Any) -> NoReturn:
        raise error

    return call


def _awaited(call: Action) -> Action:
    async def awaited(**input: Any) -> Any:
        return call(**input)

    return awaited


_ERRORS: Final[dict[str, Callable[[str, Any], Exception]]] = {
    "failed": ActionError,
    "timed_out": ActionTimeout,
    "cancelled": lambda reason, result: Stopped(),
}


def _failure(ending: Ending) -> Exception:
    """What makes of an attempt again what was made of it."""
    return _ERRORS[ending.outcome](ending.error or "", ending.result)
