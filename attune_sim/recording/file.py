"""What the attempts of one run came to, as a file that only its owner can read.

    head     one line of JSON an attempt, in the order in which they ended: an `Entry`, and how many bytes follow
    ending   these bytes: outcome, result and reason as a pickle; none where an action can answer by itself

It is written by one process and read by others of the same user, and is never kept: an input stands there as a keyed digest.
"""

from __future__ import annotations

import os
import pickle
from array import array
from collections.abc import Iterator
from functools import cached_property
from itertools import repeat
from typing import Any, NamedTuple, Self

import orjson

from attune_sim.engine.events import Outcome, StartAction
from attune_sim.errors import ExperimentError


class Ending(NamedTuple):
    """How an attempt ended: its result, and why it did not succeed."""

    outcome: Outcome
    result: Any
    error: str | None

    def __repr__(self) -> str:
        return f"<Ending: {self.outcome}>"  # the others may hold secrets


class Place(NamedTuple):
    """An attempt, by names that are the same in every run of one definition."""

    within: str
    task: str
    visit: int
    index: int | None  # type: ignore[assignment]  # a tuple's method of this name is no use here
    attempt: int

    @classmethod
    def of(cls, command: StartAction) -> Place:
        offer = command.offer
        return cls(offer.within, offer.task, offer.visit, command.index, command.attempt)

    def __str__(self) -> str:
        """How messages call it: `task 'check', item 3`, the tasks whose calls are around it first."""
        around = [part.partition(":")[0] for part in self.within.split("/") if part]
        names = ": ".join(f"task {name!r}" for name in (*around, self.task))
        item = "" if self.index is None else f", item {self.index}"
        visit = f", visit {self.visit + 1}" if self.visit else ""
        return f"{names}{item}{visit}{f', attempt {self.attempt + 1}' if self.attempt else ''}"


class Entry(NamedTuple):
    """What is noted of an attempt.

    `digest` tells its input from others (of one that could not be prepared: the reason, and `stage` says how far it came);
    `wrote` that the action left it another one than it was.
    """

    place: Place
    stage: str
    digest: str
    wrote: bool


class RecordingWriter:
    """Writes a recording, with the rights of its owner alone. Use it with `with`.

    Raises:
        OSError: there is such a file already, or it cannot be written.
    """

    def __init__(self, path: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        self._file = os.fdopen(os.open(path, flags, 0o600), "wb")

    def add(self, entry: Entry, ending: bytes) -> None:
        place, *rest = entry
        self._file.write(orjson.dumps([*place, *rest, len(ending)]) + b"\n" + ending)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def __repr__(self) -> str:
        return f"<RecordingWriter {self._file.name!r}>"


class Recording:
    """A recording, by its path. It travels as that, and is read where it arrives: an attempt finds its ending in O(1).

    The endings stay in the file; 16 bytes an attempt say where.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def arrived(cls, *given: Any) -> Self:
        """The same, read at once: before anything is measured, and before there is a limit on memory."""
        recording = cls(*given)
        assert recording._visits is not None
        return recording

    def ending(self, command: StartAction) -> Ending | None:
        """How the attempt ended, made anew from its bytes; None for one that could not be prepared.

        Raises ExperimentError if it was not made then.
        """
        return self.at(Place.of(command))

    def at(self, place: Place) -> Ending | None:
        """The same, of the attempt at a place."""
        visit = self._visits.get(place[:3])
        found = None if visit is None else visit.get(place.index or 0, place.attempt)
        if found is None:
            raise ExperimentError(f"{place}: was not begun when the actions were recorded")
        at, size = found
        return pickle.loads(os.pread(self._fd, size, at)) if size else None

    def entries(self) -> Iterator[Entry]:
        """Every entry, in the order in which the attempts ended."""
        return (entry for entry, _, _ in self._lines())

    def _lines(self) -> Iterator[tuple[Entry, int, int]]:
        with open(self.path, "rb") as file:
            while line := file.readline():
                *place, stage, digest, wrote, size = orjson.loads(line)
                yield Entry(Place(*place), stage, digest, wrote), file.tell(), size
                file.seek(size, os.SEEK_CUR)

    @cached_property
    def _fd(self) -> int:
        return os.open(self.path, os.O_RDONLY)

    @cached_property
    def _visits(self) -> dict[tuple[Any, ...], _Visit]:
        visits: dict[tuple[Any, ...], _Visit] = {}
        for entry, at, size in self._lines():
            place = entry.place
            visits.setdefault(place[:3], _Visit()).add(place.index or 0, place.attempt, at, size)
        return visits

    def __reduce__(self) -> tuple[Any, ...]:
        return (Recording.arrived, (self.path,))

    def __repr__(self) -> str:
        return f"<Recording {self.path!r}>"


class _Visit:
    """Where the endings of one visit of a task lie: of first attempts by slot, of the few others by slot and attempt."""

    __slots__ = ("_at", "_more", "_size")

    def __init__(self) -> None:
        self._at, self._size = array("q"), array("q")
        self._more: dict[tuple[int, int], tuple[int, int]] = {}

    def add(self, slot: int, attempt: int, at: int, size: int) -> None:
        if attempt:
            self._more[slot, attempt] = at, size
            return
        missing = slot + 1 - len(self._at)
        self._at.extend(repeat(0, missing))
        self._size.extend(repeat(0, missing))
        self._at[slot], self._size[slot] = at, size

    def get(self, slot: int, attempt: int) -> tuple[int, int] | None:
        if attempt:
            return self._more.get((slot, attempt))
        known = slot < len(self._at) and self._at[slot]  # nothing lies at 0: the head of an entry comes first
        return (self._at[slot], self._size[slot]) if known else None
