"""The journal of a run: every event written down before the engine acts on it, so that the run can be taken up again.

The first line is the header: what runs, and with what. Then one short list a line:

    ["s", run, task, visit, index, attempt]                                          an attempt began
    ["e", run, task, visit, index, attempt, outcome, result, error, started, ended]  it ended
    ["d", run, task, visit, index, attempt]                                          the pause before it is over
    ["l", run, task, visit, index, attempt]                                          it was lost with a process
    ["t", run, task, visit, index, attempt]                                          its sub-workflow's time was up
    ["c", policy]                                                                    the run was asked to end
    ["x", status]                                                                    the run is over

Each is one write(2): a killed process loses nothing that was written. Secrets are masked (see `secrets`). What the
header holds is told in `header`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Final

from attune_sim.engine.definition import workflow_of
from attune_sim.engine.events import (
    ActionEnded,
    AttemptLost,
    CancelRequested,
    Event,
    RetryDue,
    StartAction,
    TimeUp,
)
from attune_sim.engine.secrets import Secrets
from attune_sim.errors import JournalError, ResultError
from attune_sim.jsonl import Writer, encode, not_json, read
from attune_sim.workflow import Workflow

VERSION: Final = 1

SYNC_EVERY: Final = 10_000
"""Lines between two fdatasyncs: a power cut loses at most so many, or those of the last `SYNC_SECONDS`."""

SYNC_SECONDS: Final = 0.1


class Journal:
    """The writing end. A new run writes its header with `begin`; one that is taken up goes on behind what is there.

    Raises `InputError` where the file cannot be written or another run has it.
    """

    def __init__(self, path: str | PathLike[str], *, clock: Callable[[], float] | None = None) -> None:
        pace = {"sync_seconds": SYNC_SECONDS, "clock": clock} if clock else {}
        self._writer = Writer(path, sync_every=SYNC_EVERY, begins=b'{"journal":', **pace)  # type: ignore[arg-type]
        self.path = self._writer.path
        self.empty = self._writer.size == 0

    def begin(self, header: Mapping[str, Any]) -> None:
        """Write the header of a new run, secrets already masked. Raises `JournalError` if the file holds a run."""
        if not self.empty:
            raise JournalError(f"{self.path}: holds a run already; resume it, or give another path")
        if (reason := not_json(header)) is not None:
            raise JournalError(f"{self.path}: what the run is given cannot be written: {reason}")
        self._writer.write({"journal": VERSION, **header})
        self._writer.sync()
        self.empty = False

    def started(self, command: StartAction) -> None:
        self._writer.append(
            encode(["s", command.run, command.task, command.visit, command.index, command.attempt])
        )

    def event(self, event: Event, secrets: Secrets) -> None:
        """Write an event, its secrets masked. Raises `ResultError`, naming the task, if its result is not JSON; then nothing was written."""
        if isinstance(event, ActionEnded):
            result = event.result
            if (reason := not_json(result)) is not None:
                raise ResultError(
                    f"task {event.task!r}: its result cannot be written to the journal: {reason}"
                )
            if secrets:
                result = secrets.masked(result)
            line = ["e", event.run, event.task, event.visit, event.index, event.attempt]
            line += [event.outcome, result, event.error, event.started, event.ended]
            self._writer.append(encode(line))
        elif isinstance(event, CancelRequested):
            self._writer.append(encode(["c", event.policy]))
        else:
            line = [_KINDS[type(event)], event.run, event.task, event.visit, event.index, event.attempt]
            self._writer.append(encode(line))

    def ended(self, status: str) -> None:
        self._writer.append(encode(["x", status]))
        self._writer.sync()

    def close(self) -> None:
        self._writer.close()

    def __repr__(self) -> str:
        return f"<Journal {str(self.path)!r}>"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The reading end: a header, and how to read what came after it."""

    path: str
    header: Mapping[str, Any]
    moved: Mapping[str, str] = field(default_factory=dict)
    """Texts in results that mean something else now, such as the address of a server that was started anew."""

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Recorded:
        """Raises `JournalError` if the file is no journal, or of a version that this attune-sim does not read."""
        header = next(read(path), None)
        if not isinstance(header, dict) or "journal" not in header:
            raise JournalError(f"{path}: is no journal of a run (its first line holds no header)")
        if header["journal"] != VERSION:
            raise JournalError(
                f"{path}: is a journal of version {header['journal']}; this attune-sim reads {VERSION}"
            )
        return cls(str(path), header)

    @property
    def workflow(self) -> Workflow:
        """The workflow as it was when the run began."""
        return workflow_of(self.header["workflow"])

    def lines(self) -> Iterator[Any]:
        """Every line behind the header."""
        lines = read(self.path)
        next(lines)
        return lines

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        with open(self.path, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 100))
            return file.read().rstrip(b"\n").rpartition(b"\n")[2].startswith(b'["x",')

    def __repr__(self) -> str:
        return f"<Recorded {self.path!r}: {'over' if self.over else 'not over'}>"

    def entry(self, line: Any, secrets: Secrets) -> Event | StartAction | str:
        """What a line says, its secrets restored."""
        entry = entry_of(line, secrets, self.path)
        if self.moved and isinstance(entry, ActionEnded):
            entry.result = _moved(entry.result, self.moved)
        return entry


_KINDS: Final[Mapping[type, str]] = {RetryDue: "d", AttemptLost: "l", TimeUp: "t"}


def _moved(value: Any, moved: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _moved(one, moved) for key, one in value.items()}
    if isinstance(value, list):
        return [_moved(one, moved) for one in value]
    if isinstance(value, str):
        for before, now in moved.items():
            value = value.replace(before, now)
    return value


def entry_of(line: Any, secrets: Secrets, path: str) -> Event | StartAction | str:
    """What a line says: an event, the start of an attempt (as `StartAction` without input), or the final status."""
    match line:
        case ["s", run, task, visit, index, attempt]:
            return StartAction(task, visit, index, attempt, "", {}, None, run)
        case ["e", run, task, visit, index, attempt, outcome, result, error, started, ended]:
            restored = secrets.restored(result)
            return ActionEnded(task, visit, index, attempt, outcome, restored, error, started, ended, run)
        case ["d", run, task, visit, index, attempt]:
            return RetryDue(task, visit, index, attempt, run)
        case ["l", run, task, visit, index, attempt]:
            return AttemptLost(task, visit, index, attempt, run)
        case ["t", run, task, visit, index, attempt]:
            return TimeUp(task, visit, index, attempt, run)
        case ["c", policy]:
            return CancelRequested(policy)
        case ["x", status]:
            return str(status)
    raise JournalError(f"{path}: a line means nothing to this attune-sim: {json.dumps(line)[:80]}")
