"""The workers as the performer sees them: what each has in hand, and how large its next batch may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from attune_sim.engine.events import StartAction
from attune_sim.executors.dask.news import Guest

TARGET_S: Final = 0.05
"""Seconds of work that a batch should be: much more than its way takes, and short enough to wait for."""

MOST_ITEMS: Final = 1_000
MOST_BYTES: Final = 4_000_000

_AHEAD: Final = 4
"""Batches that a thread of a worker has at once: one that is performed, and those that wait while others are on their way."""

_WEIGHT: Final = 0.3
"""Of the last batch, in what is thought of the next one."""


@dataclass(slots=True, eq=False)
class InHand:
    """A batch at a worker: its attempts by slot, when it was handed over, in seconds of run time, the calls that were made
    ready for attempts, and whether it has to be the only one there."""

    number: int
    post: Post
    commands: dict[int, StartAction]
    handed: float
    calls: dict[int, bytes]
    is_alone: bool = False


@dataclass(slots=True, eq=False)
class Post:
    """A worker and what it has in hand; `secrets` are the places of those that it was sent."""

    guest: Guest
    batches: dict[int, InHand] = field(default_factory=dict)
    in_flight: int = 0
    secrets: set[str] = field(default_factory=set)

    @property
    def is_full(self) -> bool:
        ahead = _AHEAD * max(self.guest.threads, 1)
        return len(self.batches) >= ahead or any(batch.is_alone for batch in self.batches.values())


@dataclass(slots=True)
class Pace:
    """What an attempt over one offer takes: seconds at a worker, and bytes on the way there; None: not known yet."""

    seconds: float | None = None
    bytes: float | None = None

    def note_time(self, seconds: float) -> None:
        self.seconds = seconds if self.seconds is None else _moved(self.seconds, seconds)

    def note_bytes(self, size: float) -> None:
        self.bytes = size if self.bytes is None else _moved(self.bytes, size)

    @property
    def batch(self) -> int:
        """Items of a batch: one, until it is known what one takes."""
        if self.seconds is None:
            return 1
        by_time = TARGET_S / max(self.seconds, 1e-9)
        by_bytes = MOST_BYTES / max(self.bytes or 1.0, 1.0)
        return int(max(1.0, min(by_time, by_bytes, MOST_ITEMS)))


def _moved(old: float, new: float) -> float:
    return old + _WEIGHT * (new - old)


class Posts:
    """All workers that are there."""

    def __init__(self) -> None:
        self._posts: dict[Guest, Post] = {}

    def add(self, guest: Guest) -> None:
        self._posts[guest] = Post(guest)

    def remove(self, guest: Guest) -> Post | None:
        return self._posts.pop(guest, None)

    def freest(self, *, idle: bool = False) -> Post | None:
        """The worker with the fewest attempts a thread that may have a further batch, or one that has none; None: there is no such."""
        free = [post for post in self._posts.values() if not (post.batches if idle else post.is_full)]
        return min(free, key=lambda post: post.in_flight / max(post.guest.threads, 1), default=None)

    def room(self, post: Post, waiting: int) -> int:
        """Attempts that a worker may be handed at the most: its share of all that are open, less what it has in flight."""
        share = -(-(waiting + self.in_flight) // len(self._posts))
        return max(1, share - post.in_flight)

    @property
    def in_flight(self) -> int:
        """Attempts that workers have in hand."""
        return sum(post.in_flight for post in self._posts.values())

    def __len__(self) -> int:
        return len(self._posts)

    def __repr__(self) -> str:
        return f"<Posts: {len(self)} workers, {self.in_flight} attempts in flight>"
