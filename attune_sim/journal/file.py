"""The file of a journal: a header that says what runs and with what, then a line an event (`lines`).

Each line is one write(2): a killed process loses nothing that was written. Secrets are masked (see `secrecy`). What the
header holds is told in `header`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Final

from attune_sim.definition import workflow_of
from attune_sim.engine.events import ActionEnded, Event, StartAction
from attune_sim.errors import InputError, JournalError, ResultError
from attune_sim.journal.lines import Damaged, entry_of, line_of, line_of_end, line_of_start
from attune_sim.jsonl import Writer, encode, last, not_json, read
from attune_sim.secrecy.secrets import Secrets
from attune_sim.workflow import Workflow

VERSION: Final = 2

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
        self._empty = self._writer.size == 0

    @property
    def empty(self) -> bool:
        """Whether no run has begun in it."""
        return self._empty

    def begin(self, header: Mapping[str, Any]) -> None:
        """Write the header of a new run, secrets already masked. Raises `JournalError` if the file holds a run."""
        if not self._empty:
            raise JournalError(f"{self.path}: holds a run already; resume it, or give another path")
        if (reason := not_json(header)) is not None:
            raise JournalError(f"{self.path}: what the run is given cannot be written: {reason}")
        self._writer.write({"journal": VERSION, **header})
        self._writer.sync()
        self._empty = False

    def started(self, command: StartAction) -> None:
        self._writer.append(encode(line_of_start(command)))

    def event(self, event: Event, secrets: Secrets) -> None:
        """Write an event, its secrets masked. Raises `ResultError`, naming the task, if its result is not JSON; then nothing was written."""
        self._writer.append(
            self._ended(event, secrets) if isinstance(event, ActionEnded) else encode(line_of(event))
        )

    def _ended(self, event: ActionEnded, secrets: Secrets) -> bytes:
        reason = not_json(event.result)
        if reason is None:
            try:
                return encode(line_of(event, secrets.masked(event.result) if secrets else event.result))
            except (ResultError, RecursionError):
                reason = "nested too deeply, or within itself, to be written as JSON"
        raise ResultError(f"task {event.task!r}: its result cannot be written to the journal: {reason}")

    def ended(self, status: str) -> None:
        self._writer.append(encode(line_of_end(status)))
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
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Texts in results that mean something else now, such as the address of a server that was started anew."""

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Recorded:
        """Raises `JournalError` if the file is no journal, of a version that this attune-sim does not read, or damaged in its
        first line."""
        # It brings pydantic, which who only writes can do without.
        from attune_sim.journal.damage import damage_of_header

        header = next(read(path), None)
        if not isinstance(header, dict) or "journal" not in header:
            raise JournalError(f"{path}: is no journal of a run (its first line holds no header)")
        if header["journal"] != VERSION:
            raise JournalError(
                f"{path}: is a journal of version {header['journal']}; this attune-sim reads {VERSION}"
            )
        if (damage := damage_of_header(header)) is not None:
            raise JournalError(f"{path}:1: a damaged line: {damage}")
        return cls(str(path), header)

    @property
    def workflow(self) -> Workflow:
        """The workflow as it was when the run began."""
        return workflow_of(self.header["workflow"])

    def entries(self) -> Iterator[tuple[str, Any]]:
        """The kind of every line behind the header and what it says (`lines.entry_of`), secrets still masked. Raises
        `JournalError`, naming the line, for one that is damaged."""
        from attune_sim.journal.damage import damage_of

        lines = read(self.path)
        next(lines)
        number, line = 1, None
        try:
            for number, line in enumerate(lines, 2):  # noqa: B007  # told below
                yield entry_of(line)
        except Damaged:
            raise JournalError(f"{self.path}:{number}: a damaged line: {damage_of(line)}") from None
        except InputError as error:
            raise JournalError(str(error)) from None

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        with suppress(InputError, Damaged):  # which is told where the lines are read
            return entry_of(last(self.path))[0] == "x"
        return False

    def restored(self, result: Any, secrets: Secrets) -> Any:
        """A recorded result with its secrets and its new names. Raises `JournalError` for a mask that cannot be read."""
        value = secrets.restored(result) if secrets else result
        return _renamed(value, self.renamed) if self.renamed else value

    def __repr__(self) -> str:
        return f"<Recorded {self.path!r}: {'over' if self.over else 'not over'}>"


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    if isinstance(value, str):
        for before, now in names.items():
            value = value.replace(before, now)
    return value
