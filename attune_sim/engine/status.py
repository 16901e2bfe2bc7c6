"""The statuses of a task and of an item, and every move between them, in one table.

Rules
    1. What was asked for is `pending` until an attempt of it starts, unless its `when` is false: then it is `skipped`.
    2. `running` means that some attempt is with the executor. Between a failed attempt and its retry it is `delayed`.
    3. A rendering error fails without an attempt: `pending` may become `failed`.
    4. Cancelling ends what has not started; what runs ends by itself, whatever its outcome.
    5. `succeeded`, `failed`, `timed_out`, `skipped` and `cancelled` are final, but for this: a task that has succeeded with a
       result that the context cannot take has failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attune_sim.errors import EventError

PENDING: Final = "pending"
RUNNING: Final = "running"
DELAYED: Final = "delayed"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
TIMED_OUT: Final = "timed_out"
SKIPPED: Final = "skipped"
CANCELLED: Final = "cancelled"

STATUSES: Final = (PENDING, RUNNING, DELAYED, SUCCEEDED, FAILED, TIMED_OUT, SKIPPED, CANCELLED)

MOVES: Final[Mapping[tuple[str, str], str]] = {
    (PENDING, "start"): RUNNING,
    (PENDING, "skip"): SKIPPED,
    (PENDING, "succeed"): SUCCEEDED,  # an empty fan-out
    (PENDING, "fail"): FAILED,
    (PENDING, "time_out"): TIMED_OUT,
    (PENDING, "cancel"): CANCELLED,
    (RUNNING, "succeed"): SUCCEEDED,
    (RUNNING, "fail"): FAILED,
    (RUNNING, "time_out"): TIMED_OUT,
    (RUNNING, "pause"): DELAYED,
    (RUNNING, "cancel"): CANCELLED,
    (SUCCEEDED, "refuse"): FAILED,
    (DELAYED, "start"): RUNNING,
    (DELAYED, "fail"): FAILED,
    (DELAYED, "cancel"): CANCELLED,
}

CODE: Final[Mapping[str, int]] = {status: code for code, status in enumerate(STATUSES)}
"""Statuses as small numbers, so that a million items keep theirs in a `bytearray`."""

_CODED: Final = {(CODE[status], move): CODE[after] for (status, move), after in MOVES.items()}


def code_after(code: int, move: str, what: str, name: str | int) -> int:
    """The code after a move of the task, or the item, of that name; raises `EventError` for one that the table does not have.

    >>> STATUSES[code_after(CODE["running"], "succeed", "task", "a")]
    'succeeded'
    >>> code_after(CODE["succeeded"], "start", "item", 3)
    Traceback (most recent call last):
        ...
    attune_sim.errors.EventError: item 3 cannot start: it is succeeded
    """
    after = _CODED.get((code, move))
    if after is None:
        raise EventError(f"{what} {name!r} cannot {move.replace('_', ' ')}: it is {STATUSES[code]}")
    return after
