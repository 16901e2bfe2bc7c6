"""Sub-workflows under way: which attempt called each, how long it may take, how long it has taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from attune_sim.engine.events import ActionEnded, AttemptKey, StartAction, StartTimer, TimeUp

MAX_DEPTH: Final = 50
"""Sub-workflows inside sub-workflows before the run says that it recurses without end."""

_ENOUGH: Final = 0.999  # of its limit: an attempt that timed out after so long did so because of it


@dataclass(slots=True)
class Call:
    """One sub-workflow under way.

    `limit` is the time in seconds that it may take, or that a sub-workflow around it may (None: any); `owner` is the
    run that is over then. `began` and `ended` are the times of its own attempts so far.
    """

    command: StartAction = field(repr=False)
    limit: float | None
    owner: int
    began: float | None = None
    ended: float = 0.0


class Calls:
    """All of them, by the number of their run."""

    def __init__(self) -> None:
        self._by_run: dict[int, Call] = {}
        self._limited: dict[AttemptKey, int] = {}

    def add(self, run: int, command: StartAction) -> list[StartTimer]:
        """Note a call. Gives the timer that its timeout asks for."""
        around = self._by_run.get(command.run)
        limit, owner = (around.limit, around.owner) if around else (None, run)
        if command.timeout is not None and (limit is None or command.timeout < limit):
            limit, owner = command.timeout, run
        self._by_run[run] = Call(command, limit, owner)
        if command.timeout is None:
            return []
        self._limited[command.key] = run
        return [
            StartTimer(
                command.task,
                command.visit,
                command.index,
                command.attempt,
                command.timeout,
                command.run,
                limits=True,
            )
        ]

    def pop(self, run: int) -> Call:
        call = self._by_run.pop(run)
        self._limited.pop(call.command.key, None)
        return call

    def ref(self, run: int) -> str | None:
        """What the run was called by; None for one that nothing called."""
        call = self._by_run.get(run)
        return None if call is None else call.command.action

    def __contains__(self, run: int) -> bool:
        return run in self._by_run

    def limited(self, timer: TimeUp | StartTimer) -> int | None:
        """The run that a timer limits; None once it has ended."""
        return self._limited.get(timer.key)

    def limit(self, run: int) -> float | None:
        """The longest that an attempt in this run can take: longer than that, the run would be over."""
        return self._by_run[run].limit if run in self._by_run else None

    def note(self, event: ActionEnded) -> int | None:
        """Note an attempt that ended in a sub-workflow; the run whose time was up with it, or None."""
        self._span(event.run, event.started, event.ended)
        call = self._by_run[event.run]
        took = event.ended - event.started
        if event.outcome == "timed_out" and call.limit is not None and took >= call.limit * _ENOUGH:
            return call.owner
        return None

    def _span(self, run: int, began: float, ended: float) -> None:
        while run in self._by_run:
            call = self._by_run[run]
            call.began = began if call.began is None else call.began
            call.ended = ended
            run = call.command.run

    def below(self, run: int) -> list[int]:
        """The run and all that it called, directly or not, the innermost first."""
        found = {run}
        for called, call in self._by_run.items():  # who calls is numbered before who is called
            if call.command.run in found:
                found.add(called)
        return sorted(found, reverse=True)

    def called_by(self, run: int, task: str, index: int | None) -> int | None:
        """The run that this task, or item of it, has called."""
        wanted = (run, task, index)
        return next(
            (
                called
                for called, call in self._by_run.items()
                if (call.command.run, call.command.task, call.command.index) == wanted
            ),
            None,
        )

    def depth(self, run: int) -> int:
        """How many workflows are around what this run would call, itself included."""
        return 1 + sum(1 for _ in self._around(run))

    def __repr__(self) -> str:
        calls = (
            f"{run} by {call.command.task!r} of {call.command.run}" for run, call in self._by_run.items()
        )
        return f"<Calls: {', '.join(calls) or 'none'}>"

    def _around(self, run: int) -> Iterator[int]:
        while run in self._by_run:
            run = self._by_run[run].command.run
            yield run
