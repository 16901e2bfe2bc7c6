"""Measuring a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attune_sim.amounts import second_count
from attune_sim.api.costs.cost import ContextCost
from attune_sim.api.costs.statement import Statement
from attune_sim.api.runs.running import positive
from attune_sim.api.stopped import stoppable
from attune_sim.errors import InputError

if TYPE_CHECKING:
    from attune_sim.probes.calls import CallCost

SECONDS = 1.0


def context_cost(
    call: Callable[[], object], *, n: int | None = None, seconds: float | str = SECONDS
) -> ContextCost:
    """Measure what a call of any function keeps alive and takes, with the probes that measure forks.

    `.bytes` of live heap and `.blocks` of Python's allocator stay as long as the result of one call is held; `.left_bytes` of
    them stay when it is not: what the call put elsewhere. `.us` are microseconds of one call, from batches, less those of an
    empty function. All is measured in this process, with the collector at rest.

    The call is made again and again, as often as `seconds` (a number, or a text such as "2s") allow; one that takes longer is
    made once. `n` says how often instead: a call with effects (that sends, writes, appends) is to be measured with `n=1`, for
    each call has its effect. `.runs` says how often it was made.

    >>> import attune_sim as at
    >>> cost = at.context_cost(lambda: bytearray(1_000_000), n=3)
    >>> round(cost.bytes / 1e6, 2), cost.runs
    (1.0, 3)

    Raises:
        InputError: `call` is no function that can be called without arguments, or `n` or `seconds` are no such amount.
        Exception: whatever the call raises.
    """
    if not callable(call):
        raise InputError(
            f"context_cost measures a function without arguments, not a {type(call).__name__}; write "
            "at.context_cost(lambda: ...)"
        )
    name = getattr(call, "__name__", type(call).__name__)
    limits = checked_limits(n, seconds)
    return ContextCost(name if name != "<lambda>" else "the call", *_measured(call, lambda: None, *limits))


def statement_cost(
    statement: Statement, *, n: int | None = None, seconds: float | str = SECONDS
) -> ContextCost:
    """What `context_cost` says, of a statement; see there."""
    limits = checked_limits(n, seconds)
    return ContextCost(statement.title, *_measured(statement.run, statement.nothing, *limits))


def checked_limits(n: int | None, seconds: float | str) -> tuple[int | None, float]:
    """How often, and for how long. Raises InputError where they are none."""
    return None if n is None else positive("n", n), second_count(seconds, "seconds")


def _measured(
    call: Callable[[], object], empty: Callable[[], object], n: int | None, seconds: float
) -> tuple[CallCost, str]:
    """The cost, and the remark on the live heap where resident memory stands in for it."""
    from attune_sim.probes.calls import cost_of
    from attune_sim.probes.memory import LIVE_HEAP, Memory

    memory = Memory()
    try:
        with stoppable("the measured call"):
            found = cost_of(call, memory, calls=n, seconds=seconds, empty=empty)
        return found, memory.labels.get(LIVE_HEAP, "")
    finally:
        memory.close()
