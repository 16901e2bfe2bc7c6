"""The frames of a run that was stepped through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import pandas as pd

STEP_COLUMNS: Final = (
    *(
        "step",
        "at_s",
        "event",
        "place",
        "told",
        "commands",
        "forks",
        "own_bytes",
        "shared_bytes",
        "heap_bytes",
    ),
    "status",
)
FORK_COLUMNS: Final = (
    *("step", "task", "index", "attempt", "state", "own_bytes", "own_objects", "shared_bytes"),
    *("shared", "own", "partly", "absent", "points_at"),
)


class Told(Protocol):
    """An event, in words."""

    @property
    def kind(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def text(self) -> str: ...


class Taken(Protocol):
    """A step, as far as a frame tells of it."""

    @property
    def number(self) -> int: ...
    @property
    def at_s(self) -> float: ...
    @property
    def event(self) -> Told: ...
    @property
    def commands(self) -> Sequence[Any]: ...
    @property
    def forks(self) -> Sequence[Any]: ...
    @property
    def alive(self) -> int: ...
    @property
    def own_bytes(self) -> int: ...
    @property
    def shared_bytes(self) -> int: ...
    @property
    def heap_bytes(self) -> int: ...
    @property
    def status(self) -> str | None: ...


def steps_frame(steps: Iterable[Taken]) -> pd.DataFrame:
    """One row a step (`STEP_COLUMNS`). `forks` are alive; `own_bytes` is the sum over those looked into, `shared_bytes` what the one of
    them shares that shares most, `heap_bytes` the whole heap beside forks. `at_s` is virtual."""
    rows = [
        (
            *(step.number, step.at_s, step.event.kind, step.event.place, step.event.text, len(step.commands)),
            *(step.alive, step.own_bytes, step.shared_bytes, step.heap_bytes, step.status or ""),
        )
        for step in steps
    ]
    return pd.DataFrame(rows, columns=list(STEP_COLUMNS))


def forks_frame(steps: Iterable[Taken]) -> pd.DataFrame:
    """One row a fork that was looked into at a step (`FORK_COLUMNS`). `shared`, `own`, `partly` and `absent` count values of the context
    that it has in this way; `index` is missing for a task without items."""
    rows = [
        (
            *(step.number, fork.task, fork.index, fork.attempt, fork.state),
            *(fork.own_bytes, fork.own_objects, fork.shared_bytes),
            *(
                sum(value.held == way for value in fork.values)
                for way in ("shared", "own", "partly", "absent")
            ),
            ", ".join(fork.points_at),
        )
        for step in steps
        for fork in step.forks
    ]
    return pd.DataFrame(rows, columns=list(FORK_COLUMNS)).astype({"index": "Int64"})
