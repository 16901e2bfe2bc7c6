"""What a call that was stopped leaves behind."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from attune_sim.errors import InputError, Interrupted

if TYPE_CHECKING:
    from attune_sim.api.advice.advice import Advice
    from attune_sim.api.claims.claims import Claims, OriginalBenchmarks
    from attune_sim.api.comparisons.comparison import Comparison
    from attune_sim.api.runs.run import Run
    from attune_sim.api.simulation.plan import Plan
    from attune_sim.api.simulation.simulation import Simulation
    from attune_sim.isolation import Isolation

    Result: TypeAlias = (
        Run | Comparison | Claims | OriginalBenchmarks | Advice | Simulation | Plan | Isolation
    )


class _Kept:
    """The one thing that a process keeps for its user, as a notebook keeps `_`: what would be lost with the exception."""

    result: Result | None = None


_kept = _Kept()


def last() -> Result:
    """What there is of the call that was stopped last, by Ctrl-C or a notebook's stop button: of an `at.run`, `at.resume`,
    `at.compare`, `at.sweep`, `at.claims`, `at.advise`, `at.simulate`, `at.plan` or `at.check_isolation`.

    Raises:
        InputError: none was stopped, or it had come to nothing yet.

    >>> last()  # doctest: +SKIP
    <Run baseline: cancelled, ...>
    """
    if _kept.result is None:
        raise InputError(
            "nothing has been stopped that had come to anything: at.last() gives what a stopped call leaves"
        )
    return _kept.result


class Resumable:
    """A result that may be one part of what was asked for, and can go on with the rest. A mixin."""

    _rest: Callable[[], Any] | None = None

    def resume(self) -> Self:
        """Go on where it was stopped: what is here stays, and only what is missing is done. Gives back the whole.

        Raises:
            InputError: it was not stopped, or not in this process: elsewhere the same call with the same `store` goes on.
            Interrupted: it was stopped once more; its `result` goes on in the same way.
        """
        if self._rest is None:
            raise InputError(
                "nothing to go on with: only what was stopped can be resumed, and in the process that stopped it; "
                "elsewhere the same call with the same store goes on"
            )
        whole: Self = self._rest()
        return whole

    def goes_on_by(self, rest: Callable[[], Any]) -> None:
        """What `resume` is to do; told by whoever stopped it."""
        object.__setattr__(self, "_rest", rest)  # results may be frozen


def stopped(what: str, result: Result | None, rest: Callable[[], Any] | None = None) -> Interrupted:
    """The exception of a call that was stopped; its result, if there is any, is kept for `last`, and `rest` is how it goes on."""
    _kept.result = result
    if result is None:
        return Interrupted(what)
    if rest is not None and isinstance(result, Resumable):
        result.goes_on_by(rest)
        return Interrupted(f"{what}; at.last() gives what there is, and its .resume() goes on", result)
    return Interrupted(f"{what}; at.last() gives what there is", result)


@contextmanager
def stoppable(what: str) -> Iterator[None]:
    """Around what leaves nothing behind where it is stopped: that is told in a line then, without the way to it."""
    try:
        yield
    except Interrupted as halt:
        raise halt if halt.result is not None else stopped(str(halt), None) from None
    except KeyboardInterrupt:
        raise stopped(f"{what} was stopped", None) from None


class AwaitedStop(CancelledError):
    """What a loop of asyncio wants of a call that was stopped: a `KeyboardInterrupt` would tear the loop down."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it."""
        return [f"CancelledError: {self}"]
