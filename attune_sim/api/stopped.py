"""What a call that was stopped leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attune_sim.errors import InputError, Interrupted

if TYPE_CHECKING:
    from attune_sim.api.advice.advice import Advice
    from attune_sim.api.claims.claims import Claims, OriginalBenchmarks
    from attune_sim.api.comparisons.comparison import Comparison
    from attune_sim.api.runs.run import Run
    from attune_sim.api.simulation.plan import Plan
    from attune_sim.api.simulation.simulation import Simulation

    Result: TypeAlias = Run | Comparison | Claims | OriginalBenchmarks | Advice | Simulation | Plan


class _Kept:
    """The one thing that a process keeps for its user, as a notebook keeps `_`: what would be lost with the exception."""

    result: Result | None = None


_kept = _Kept()


def last() -> Result:
    """What there is of the call that was stopped last, by Ctrl-C or a notebook's stop button: of an `at.run`, `at.resume`,
    `at.compare`, `at.sweep`, `at.claims`, `at.advise`, `at.simulate` or `at.plan`.

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


def stopped(what: str, result: Result | None) -> Interrupted:
    """The exception of a call that was stopped; its result, if there is any, is kept for `last`."""
    _kept.result = result
    return Interrupted(what if result is None else f"{what}; at.last() gives what there is", result)
