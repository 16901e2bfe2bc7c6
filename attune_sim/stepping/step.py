"""One moment of a run, as it is kept: plain numbers and texts, so that looking back neither holds on to an object nor makes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from attune_sim.errors import counted

Holding = Literal["shared", "own", "partly", "absent", "constant"]
"""How a fork has one value of the context.

`shared` is the very object; `own` another one, with nothing inside of it that can be written and is somebody else's; `partly` another one
that has such things inside; `absent` none; `constant` what the interpreter has once for all (None, true, small numbers).
"""

HELD_APART: Final[tuple[Holding, ...]] = ("own", "absent", "constant")
"""Ways of having a value in which no other item can be reached through it."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event or a command, in words: its kind, the attempt or task that it is about, and the rest."""

    kind: str
    place: str = ""
    text: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.place, self.text) if part)


@dataclass(frozen=True, slots=True)
class HeapValue:
    """Something in the shared heap.

    `bytes` are its own and those of all behind it that no value before it has; `references` is what `sys.getrefcount` says, without
    those of who looks; `pointed_at` counts the forks (of those looked into) that hold it directly, `shared_by` those that reach
    it. `is_writable` tells that an action could write into it. `depth` 0 is a map of all namespaces, 1 a namespace, 2 a value in one.
    """

    path: str
    kind: str
    depth: int
    bytes: int
    references: int
    pointed_at: int
    shared_by: int
    is_writable: bool


@dataclass(frozen=True, slots=True)
class HeldValue:
    """How a fork has the value at a path of the context, and the bytes of it that are the fork's own."""

    path: str
    held: Holding
    own_bytes: int


@dataclass(frozen=True, slots=True)
class ForkPart:
    """One fork that is alive.

    `own_bytes` are of the objects that only this fork keeps alive, `shared_bytes` of those that others keep alive as well; `points_at`
    are the values of the heap that it holds directly, `values` how it has each value of the context. `state` is `under way`, or
    for a fork that was made ahead (eager) `waiting` or `ended`. `item` is shortened, and without secrets.
    """

    place: str
    task: str
    index: int | None
    attempt: int
    run: int
    state: str
    item: str
    own_bytes: int
    own_objects: int
    shared_bytes: int
    points_at: tuple[str, ...]
    values: tuple[HeldValue, ...]

    def held(self, path: str) -> Holding:
        """How it has the value at this path; `absent` where the context has none."""
        return next((value.held for value in self.values if value.path == path), "absent")


@dataclass(frozen=True, slots=True)
class Moment:
    """What was told at one moment, what followed, and what was alive then.

    `number` counts from 0, which is the beginning of the run; `at_s` is virtual run time. `forks` are those that were looked into,
    `more_forks` counts the others that are alive; `heap` are the values of the shared heap, largest and most pointed at first
    where there are too many (`more_values` counts the others), `heap_bytes` all of it. `status` is None before the last step. `is_whole` is false where there was too much to look through,
    `is_looked_into` where it was passed by, and forks were only counted.
    """

    workload: str
    strategy: str
    dispatch: str
    number: int
    at_s: float
    event: Told
    commands: tuple[Told, ...]
    forks: tuple[ForkPart, ...]
    heap: tuple[HeapValue, ...]
    heap_bytes: int
    more_forks: int = 0
    more_values: int = 0
    status: str | None = None
    is_whole: bool = True
    is_looked_into: bool = True

    @property
    def alive(self) -> int:
        """Forks that are alive."""
        return len(self.forks) + self.more_forks

    @property
    def own_bytes(self) -> int:
        """Bytes that only one of the forks looked into keeps alive, over all of them."""
        return sum(fork.own_bytes for fork in self.forks)

    @property
    def shared_bytes(self) -> int:
        """Bytes of the heap that any of the forks looked into shares: those of the one that shares most."""
        return max((fork.shared_bytes for fork in self.forks), default=0)

    @property
    def references(self) -> dict[str, int]:
        """Reference counts of what is in the shared heap, by path."""
        return {value.path: value.references for value in self.heap}

    def fork(self, place: str) -> ForkPart:
        """The fork of an attempt, as `check[2]`; raises `KeyError` if it is not among those looked into."""
        for fork in self.forks:
            if fork.place == place:
                return fork
        names = ", ".join(one.place for one in self.forks) or "none is alive"
        raise KeyError(f"{place}: not among the forks of step {self.number}: {names}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.number} at {self.at_s:g} s: {self.event}; {counted(self.alive, 'fork')} alive>"
