"""Pack `synthetic`: results of a given shape and size, and tasks that answer from a script."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

from attune_sim.actions.payload import make_payload
from attune_sim.actions.script import Answer, Script, made
from attune_sim.errors import ActionError, ActionTimeout, InputError


def result(shape: str = "records", bytes: int = 10_000, count: int | None = None, seed: int = 0) -> Any:
    """A made-up result; see `attune_sim.actions.payload.make_payload`."""
    try:
        return make_payload(shape, bytes, seed, count)
    except InputError as error:
        raise ActionError(f"synthetic.result: {error}") from None


class Scripted:
    """One task that answers from a script: a callable for any executor.

    `pace` is the time in seconds that a scripted second takes; at 0, the default, every answer comes at once, so that
    the engine is what is measured. `asks_for` tells which arguments beside the input the task was given by
    `scripted_workflow`; they single out the item.
    """

    def __init__(self, task: str, script: Script, *, pace: float = 0.0, seed: int = 0) -> None:
        self.task, self.script, self.pace, self.seed = task, script, pace, seed
        self._calls = itertools.count()
        self._attempts: dict[int | None, itertools.count[int]] = {}

    def __call__(self, **input: Any) -> Any:
        """End as the script says: return the result, or raise ActionError or ActionTimeout."""
        index = input.get(INDEX)
        call = next(self._calls)
        attempt = next(self._attempts.setdefault(index, itertools.count()))
        answer = self.script.answer(self.task, call=call, index=index, attempt=attempt)
        if self.pace and answer.duration:
            time.sleep(self.pace * answer.duration)
        return _ended(answer, f"{self.seed} {self.task} {call if index is None else index}")

    def anew(self) -> Scripted:
        """The same task for another run: its calls are counted from 0."""
        return Scripted(self.task, self.script, pace=self.pace, seed=self.seed)

    def after(self, ended: Mapping[int | None, int]) -> Scripted:
        """The same task in a run that goes on: `ended` says how many calls of each item have ended (None: no item)."""
        later, total = self.anew(), sum(ended.values())
        later._calls = itertools.count(total)
        later._attempts = {index: itertools.count(count) for index, count in {**ended, None: total}.items()}
        return later

    def __reduce__(self) -> tuple[Callable[..., Scripted], tuple[Any, ...]]:
        return (_scripted, (self.task, self.script, self.pace, self.seed))

    def __repr__(self) -> str:
        return f"<Scripted task {self.task!r}: {len(self.script.tasks.get(self.task, ()))} answers>"


INDEX = "scripted_index"
"""The argument by which an item of a scripted fan-out tells its index."""


def _scripted(task: str, script: Script, pace: float, seed: int) -> Scripted:
    return Scripted(task, script, pace=pace, seed=seed)


def _ended(answer: Answer, seed: str) -> Any:
    value = made(answer.result, seed)
    if answer.status == "succeeded":
        return value
    if answer.status == "timed_out":
        raise ActionTimeout(answer.reason, value)
    raise ActionError(answer.reason, value)


def pack() -> Mapping[str, Callable[..., Any]]:
    """The pack: `synthetic.result`."""
    return {"synthetic.result": result}
