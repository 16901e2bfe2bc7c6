"""Pack `synthetic`: results of a given shape and size, and tasks that answer from a script."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from attune_sim.actions.payload import make_payload
from attune_sim.actions.script import Script, made
from attune_sim.engine.events import StartAction
from attune_sim.errors import ActionError, ActionTimeout, InputError
from attune_sim.executors.readied import Action, Readied


def result(shape: str = "records", bytes: int = 10_000, count: int | None = None, seed: int = 0) -> Any:
    """A made-up result; see `attune_sim.actions.payload.make_payload`."""
    try:
        return make_payload(shape, bytes, seed, count)
    except InputError as error:
        raise ActionError(f"synthetic.result: {error}") from None


class Scripted(Readied):
    """One task that answers from a script, under any executor.

    Every answer comes at once, whatever its duration, so that the engine is what is measured.
    """

    def __init__(self, task: str, script: Script, seed: int = 0) -> None:
        super().__init__()
        self.task, self.script, self.seed = task, script, seed
        self._calls = itertools.count()
        self._attempts: dict[int | None, itertools.count[int]] = {}

    def call_for(self, command: StartAction) -> Action:
        """What ends as the script says: it returns the result, or raises ActionError or ActionTimeout."""
        index, call = command.index, next(self._calls)
        attempt = next(self._attempts.setdefault(index, itertools.count()))
        answer = self.script.answer(self.task, call=call, index=index, attempt=attempt)
        value = made(answer.result, f"{self.seed} {self.task} {call if index is None else index}")

        def answering(**input: Any) -> Any:
            if answer.status == "succeeded":
                return value
            error = ActionTimeout if answer.status == "timed_out" else ActionError
            raise error(answer.reason, value)

        return answering

    def anew(self) -> Scripted:
        """The same task for another run: its calls are counted from 0."""
        return Scripted(self.task, self.script, self.seed)

    def after(self, ended: Mapping[int | None, int]) -> Scripted:
        """The same task in a run that goes on: `ended` says how many calls of each item have ended (None: no item)."""
        later, total = self.anew(), sum(ended.values())
        later._calls = itertools.count(total)
        later._attempts = {index: itertools.count(count) for index, count in {**ended, None: total}.items()}
        return later

    def __reduce__(self) -> tuple[Callable[..., Scripted], tuple[Any, ...]]:
        return (Scripted, (self.task, self.script, self.seed))

    def __repr__(self) -> str:
        return f"<Scripted task {self.task!r}: {len(self.script.tasks.get(self.task, ()))} answers>"


def pack() -> Mapping[str, Callable[..., Any]]:
    """The pack: `synthetic.result`."""
    return {"synthetic.result": result}
