"""A run that is stepped through, and looked back at."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.stepping.state import Step
from attune_sim.errors import InputError, Interrupted, counted, did_you_mean
from attune_sim.stepping.step import Told
from attune_sim.stepping.stepping import Stepping, Wanted, always

if TYPE_CHECKING:
    import pandas as pd

IN_PASSING: Final = 3_000_000
"""Objects that are followed on the way to a step that was asked for, which takes seconds; later steps on that way are passed by."""


class Stepper:
    """A run on its way, made by `at.step`; a notebook shows it as a picture of the step that it stands at.

    `next(stepper)` or `.next()` handles the next event, `.back()` and `.goto(n)` look at other steps, `.until("task")` goes on to the step
    at which a task starts, `.run()` to the end. `.state` is the step it stands at, `.steps` are all that were taken. A step that was taken is kept as numbers
    and texts: looking back calls no action, and holds on to no object of the run. What the run has come to is `.status`
    (None while it goes on) and `.output`.

    Looking takes time in proportion to the context. On a long way (`.run()`, `.until()`, `.goto()`) only the first steps and the last one are looked into then: of
    those that were passed by, forks are counted.

    A scenario's real parts live as long as the run; `.close()`, or a `with` block, ends them before.

    >>> import attune_sim as at
    >>> stepper = at.step("baseline", items=2)
    >>> stepper.run().status, len(stepper.steps) > 2
    ('succeeded', True)
    >>> stepper.back().number == len(stepper.steps) - 2
    True
    """

    def __init__(self, stepping: Stepping, parts: ExitStack) -> None:
        self._stepping = stepping
        self._place = -1
        self._steps: list[Step] = []
        self._end = weakref.finalize(self, _close, stepping, parts)

    # -- onwards -------------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        if not self._forward():
            raise StopIteration
        return self.state

    def next(self) -> Step:
        """Handle one event, or go on to a step that was taken already. Raises `InputError` behind the last one."""
        if not self._forward():
            raise InputError(self._why_no_more())
        return self.state

    def until(self, task: str) -> Step:
        """Go on to the next step at which this task starts: where its forks are made first.

        Raises:
            InputError: there is no such task, or it does not start any more.
        """
        tasks = self._tasks()
        if task not in tasks:
            guess = did_you_mean(str(task), tasks)
            hint = f" ({guess})" if guess else ""
            raise InputError(f"there is no task {task!r}{hint}; choose from: {', '.join(tasks)}")

        def starts(event: Told, commands: Iterable[Told], status: str | None) -> bool:
            return any(one.kind == "OpenFanOut" and one.place == task for one in commands)

        passing = self._passing(starts)
        while self._forward(passing):
            state = self.state
            if starts(state.event, state.commands, state.status):
                return state
        raise InputError(f"task {task!r} does not start any more: {self._why_no_more()}")

    def run(self) -> Stepper:
        """Go on to the end of the run. Ctrl-C stops between two events, or in an action, which is called anew when the run goes on."""
        passing = self._passing(lambda event, commands, status: status is not None)
        while self._forward(passing):
            pass
        return self

    def _passing(self, is_wanted: Wanted) -> Wanted:
        """Of several steps, look into those that are wanted, and into the others while that has not taken too much."""
        began = self._stepping.followed

        def passing(event: Told, commands: tuple[Told, ...], status: str | None) -> bool:
            return is_wanted(event, commands, status) or self._stepping.followed - began < IN_PASSING

        return passing

    def _forward(self, is_wanted: Wanted = always) -> bool:
        if self._place + 1 == len(self._steps):
            self._take(is_wanted)
        if self._place + 1 == len(self._steps):
            return False
        self._place += 1
        return True

    def _take(self, is_wanted: Wanted) -> None:
        """Take the next step of the run, if there is one; real parts end with the run."""
        if not self._end.alive:
            return
        try:
            self._stepping.advance(is_wanted)
        except KeyboardInterrupt:
            taken = counted(len(self._stepping.steps), "step")
            raise Interrupted(f"stopped after {taken} were taken; the next one goes on", self) from None
        self._steps += map(Step.of, self._stepping.steps[len(self._steps) :])
        if self._stepping.is_over:
            self._end()

    # -- looking back --------------------------------------------------------------------------------------------------

    def back(self) -> Step:
        """Look at the step before. Raises `InputError` at the first one."""
        if self._place <= 0:
            where = "step 0, the beginning of the run" if self._place == 0 else "the place before step 0"
            raise InputError(f"there is nothing before {where}; next(stepper) goes on")
        self._place -= 1
        return self.state

    def goto(self, number: int) -> Step:
        """Look at step `number` (from 0); the run goes on as far as that takes. Raises `InputError` if it has no such step."""
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise InputError(f"a step is a whole number from 0, not {number!r}")
        passing = self._passing(lambda event, commands, status: len(self._stepping.steps) == number)
        while len(self._steps) <= number:
            taken = len(self._steps)
            self._take(passing)
            if len(self._steps) == taken:
                raise InputError(f"there is no step {number}: {self._why_no_more()}")
        self._place = number
        return self.state

    @property
    def state(self) -> Step:
        """The step it stands at. Raises `InputError` before the first one."""
        if self._place < 0:
            raise InputError("no step was taken yet; next(stepper) takes the first one")
        return self._steps[self._place]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step that was taken, the beginning first."""
        return tuple(self._steps)

    @property
    def status(self) -> str | None:
        """`succeeded`, `failed` or `cancelled`; None while the run goes on."""
        return self._stepping.session.state.status

    @property
    def output(self) -> Any:
        """The workflow's result, once it has succeeded."""
        return self._stepping.session.state.output

    @property
    def frame(self) -> pd.DataFrame:
        """One row a step that was taken: its event, what was alive, and bytes: of all forks looked into (`own_bytes`), of what they share."""
        from attune_sim.frame.steps import steps_frame

        return steps_frame(self._steps)

    @property
    def forks(self) -> pd.DataFrame:
        """One row a fork that was alive at a step: its bytes, and how many values of the context it has in which way."""
        from attune_sim.frame.steps import forks_frame

        return forks_frame(self._steps)

    # -- its end -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End what the run holds on to: real parts, connections, threads. Steps that were taken can still be looked at."""
        self._end()

    def __enter__(self) -> Stepper:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # -- words ---------------------------------------------------------------------------------------------------------

    def _tasks(self) -> list[str]:
        spec = self._stepping.session.spec
        return list(dict.fromkeys(task.name for one in (spec.workflow, *spec.called) for task in one.walk()))

    def _why_no_more(self) -> str:
        if not self._stepping.is_over:
            return "the stepper is closed; at.step(...) makes a new one"
        last = len(self._steps) - 1
        return f"the run has {self.status} with step {last}; .back() and .goto(n) look at the steps from 0 to {last}"

    def __repr__(self) -> str:
        spec = self._stepping.session.spec
        what = f"<Stepper of {self._stepping.name!r}, {spec.strategy_name}, {spec.dispatch}: "
        if self._place < 0:
            return f"{what}not begun; next(stepper) takes the first step>"
        of = f" of {len(self._steps)} taken" if self._place + 1 < len(self._steps) else ""
        alive = counted(self.state.alive, "fork")
        rest = f"the run has {self.status}" if self._is_at_end else "next(stepper) goes on"
        return f"{what}step {self._place}{of}, {alive} alive; {rest}>"

    @property
    def _is_at_end(self) -> bool:
        return self._stepping.is_over and self._place + 1 == len(self._steps)

    def __str__(self) -> str:
        return repr(self) if self._place < 0 else str(self.state)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        return {"text/plain": repr(self)} if self._place < 0 else self.state._repr_mimebundle_()


def _close(stepping: Stepping, parts: ExitStack) -> None:
    with parts:
        stepping.close()
