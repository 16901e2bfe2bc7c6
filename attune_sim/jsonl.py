"""Append-only JSON lines that survive a crash: the journal of a run and the store of an experiment stand on them.

A record is one line, written by one write(2): once `Writer.write` has returned, a killed process cannot take the
record back. A power cut can take what was written since the last fsync. A last line without its newline (a torn
tail) was never written: `read` passes over it and the next `Writer` cuts it off.

A file has one writer. A process that is forked from it has a copy of everything, and writes nothing: its descriptor is closed
as it begins, so that it cannot keep the file locked either.
"""

from __future__ import annotations

import json
import math
import os
import re
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import orjson

from attune_sim.errors import FileError, InputError, ResultError
from attune_sim.files import opened
from attune_sim.paths import Step, spelled

_LONG_INTEGER: Final = re.compile(rb"(?<![\d.])\d{19}")  # orjson reads integers beyond 64 bits as floats
_NINETEEN: Final = b"0" * 19
_ALL_ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_BLOCK: Final = 1 << 16

LARGEST: Final = 1 << 28
"""About how many characters of JSON one value may come to; what shares itself comes to any number of them."""

_Trail = tuple[Any, Step]
"""The way to a value: the way to what holds it, and the last step."""

_PER_ENTRY: Final = 8  # characters of an entry of a list or map that is no text, roughly

LONGEST: Final = 1 << 28
"""Bytes of the longest record. What has no line break at all, such as a disk's image, must not fill the memory."""


class Writer:
    """The one writer of a file of JSON lines.

    Every `sync_every` records, or when `sync_seconds` have passed since the last one (needs a `clock` that gives
    seconds, such as `time.monotonic`), the file is synced to the disk; `sync_every=1` syncs each record. A pause
    without records is not watched: call `sync` when one begins, `close` at the end, or use `with`. `begins` is what every
    file of this kind begins with: one that begins otherwise is a stranger's, and nothing is cut off it.

    Raises InputError where the name is empty, the file cannot be opened or written (a full disk), is no regular file, is a stranger's, or another writer has it
    (not told on Windows).

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.jsonl"
    >>> with Writer(path) as writer:
    ...     writer.write({"n": 1})
    >>> list(read(path))
    [{'n': 1}]
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        sync_every: int = 1,
        sync_seconds: float | None = None,
        clock: Callable[[], float] | None = None,
        begins: bytes = b"",
    ) -> None:
        if sync_every < 1 or (sync_seconds is None) != (clock is None):
            raise ValueError("sync_every counts from 1, and sync_seconds and clock come together")
        if os.fspath(path) == "":
            raise InputError("the name of the file to be written is empty")
        self.path = Path(path)
        self._sync_every, self._sync_seconds, self._clock = sync_every, sync_seconds or 0.0, clock
        self._pending = 0
        self._due = clock() + self._sync_seconds if clock else 0.0
        self._left = ""
        self._fd = _opened(self.path)
        try:
            _lock(self._fd, self.path)
            _require_begin(self._fd, self.path, begins)
            self._size = _cut_torn_tail(self._fd)
        except BaseException:
            os.close(self._fd)
            raise
        _leave_in_children(weakref.WeakMethod(self._leave))

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._size

    def write(self, record: Any) -> None:
        """Append one JSON value. Raises ResultError if it is not JSON; then nothing was written."""
        self.append(encode(record))

    def append(self, line: bytes) -> None:
        """Append one record that is encoded already, its newline included. Raises ResultError if it is too long."""
        if len(line) > LONGEST:
            raise ResultError(f"a record of {len(line):,} bytes of JSON is longer than {LONGEST:,}")
        try:
            written = os.write(self._fd, line)
        except OSError as error:
            raise _unwritable(self.path, self._left or error.strerror) from error
        if written != len(line):
            # The disk is full, or a file size limit was met: a half line must not be there for the next one to join.
            os.ftruncate(self._fd, self._size)
            raise _unwritable(self.path, "there was room for only a part of a record")
        self._size += len(line)
        self._pending += 1
        if self._pending >= self._sync_every or (self._clock is not None and self._clock() >= self._due):
            self.sync()

    def sync(self) -> None:
        """Wait until everything written is on the disk."""
        if self._pending:
            try:
                _datasync(self._fd)
            except OSError as error:
                raise _unwritable(self.path, error.strerror) from error
            self._pending = 0
        if self._clock is not None:
            self._due = self._clock() + self._sync_seconds

    def close(self) -> None:
        """Sync, and let another writer have the file. A second call does nothing."""
        if self._fd >= 0:
            try:
                self.sync()
            finally:
                fd, self._fd = self._fd, -1
                os.close(fd)

    def _leave(self) -> None:
        """Told in a process that was forked from the writer's."""
        if self._fd >= 0:
            fd, self._fd, self._pending = self._fd, -1, 0
            self._left = "a process that was forked from the one that writes it has no part in it"
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Writer {self.path.name!r}: {self._size} bytes, {self._pending} records not yet synced>"


def read(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Every record of a file, in order; a torn tail is passed over.

    Raises InputError if there is no such file, or naming the line if one in the middle is not JSON or is longer than
    `LONGEST` bytes.
    """
    with opened(path) as file:
        number = 1
        while text := _block(file):
            if len(text) - text.rfind(b"\n", 0, -1) - 1 > LONGEST:
                line = number + text.count(b"\n", 0, -1)
                raise FileError(path, f"line {line} has more than {LONGEST:,} bytes")
            text = text[: text.rfind(b"\n") + 1]
            yield from _decoded_block(text, path, number)
            number += text.count(b"\n")


def last(path: str | os.PathLike[str]) -> Any:
    """The last record of a file, however long it is. Raises InputError if there is none, or if it is not JSON."""
    try:
        with opened(path) as file:
            end = _after_last_newline(file.fileno(), file.seek(0, os.SEEK_END))
            begin = _after_last_newline(file.fileno(), end - 1)
            file.seek(begin)
            return json.loads(file.read(end - begin))
    except OSError as error:
        raise InputError(f"{os.fspath(path)}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{os.fspath(path)}: its last line is not JSON ({error})") from error


def _block(file: BinaryIO) -> bytes:
    """The next lines; one that is too long comes last, and not whole."""
    text = file.read(_BLOCK)
    return text if text.endswith(b"\n") else text + file.readline(LONGEST + 1)


def encode(record: Any) -> bytes:
    r"""One JSON value as a line. Raises ResultError, naming the place, if it is not JSON.

    orjson writes tuples as lists, dates as text and NaN as null; where that matters, ask `not_json` first.

    >>> encode({"a": [1, 2**70]})
    b'{"a":[1,1180591620717411303424]}\n'
    """
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError as error:
        return _encoded_slowly(record, error)


def not_json(value: Any) -> str | None:
    """Where and why a value would not come back from JSON as it is, or None if it would.

    What would come to more than `LARGEST` characters is refused as well: a value that holds one part many times over is small in
    memory, and as long as one likes once it is written.

    >>> not_json({"a": [1, (2, 3)]})
    'a[1]: tuple is not JSON'
    >>> not_json({"a": [1, None, "x"]}) is None
    True
    """
    pending: list[tuple[_Trail | None, Any]] = [(None, value)]
    entered: set[int] = set()
    shares, size = False, 0
    while pending:
        trail, inner = pending.pop()
        kind = type(inner)
        if kind is str:
            size += len(inner)
        elif kind is dict or kind is list:
            if id(inner) in entered:  # shared, or within itself: writing finds the latter
                shares = True
                continue
            entered.add(id(inner))
            size += _PER_ENTRY * len(inner)
            if kind is list:
                pending += [((trail, index), entry) for index, entry in enumerate(inner)]
                continue
            for key in inner:
                if type(key) is not str:
                    return f"{_place(trail)}: key {key!r} is not text"
            pending += [((trail, key), entry) for key, entry in inner.items()]
        elif kind is float:
            if not math.isfinite(inner):
                return f"{_place(trail)}: {inner} is not JSON"
        elif kind is not int and kind is not bool and inner is not None:
            return f"{_place(trail)}: {kind.__name__} is not JSON"
    if size > LARGEST or (shares and _size_written(value) > LARGEST):
        return f"it comes to more than {LARGEST:,} characters of JSON; store it elsewhere and return where"
    return None


def _place(trail: _Trail | None) -> str:
    steps = []
    while trail is not None:
        trail, step = trail
        steps.append(step)
    return spelled(reversed(steps)) or "the value"


def _size_written(value: Any) -> int:
    """About how many characters a value that shares parts of itself comes to, each part counted as often as it stands there."""
    sizes: dict[int, int] = {}
    opened: set[int] = set()
    pending = [value]
    while pending:
        inner = pending[-1]
        entries = inner.values() if type(inner) is dict else inner
        parts = [entry for entry in entries if type(entry) is dict or type(entry) is list]
        if id(inner) not in opened:
            opened.add(id(inner))
            pending += [part for part in parts if id(part) not in sizes]
        else:
            texts = sum(len(entry) for entry in entries if type(entry) is str)
            below_it = sum(
                sizes.get(id(part), 0) for part in parts
            )  # what is within itself is found by writing
            sizes[id(inner)] = min(texts + _PER_ENTRY * len(inner) + below_it, LARGEST + 1)
            pending.pop()
    return sizes[id(value)]


def _encoded_slowly(record: Any, error: TypeError) -> bytes:
    """What orjson refuses and JSON allows: integers beyond 64 bits, lone surrogates, deep nesting."""
    if (reason := not_json(record)) is not None:
        raise ResultError(reason) from error
    try:
        return json.dumps(record, allow_nan=False, separators=(",", ":")).encode() + b"\n"
    except (RecursionError, ValueError):
        raise ResultError("nested too deeply, or within itself, to be written as JSON") from None


def _decoded_block(block: bytes, path: str | os.PathLike[str], first: int) -> Iterable[Any]:
    """Many lines at once, which costs a third; one by one only where something is odd."""
    text = b"[%b]" % block[:-1].replace(b"\n", b",")
    # Most blocks have no run of so many digits at all, and to see that is much cheaper than to search for the expression.
    if _NINETEEN not in text.translate(_ALL_ZEROS) or not _LONG_INTEGER.search(text):
        with suppress(orjson.JSONDecodeError):
            records: list[Any] = orjson.loads(text)
            if len(records) == block.count(b"\n"):
                return records
    return (_decoded(line, path, number) for number, line in enumerate(block[:-1].split(b"\n"), first))


def _decoded(line: bytes, path: str | os.PathLike[str], number: int) -> Any:
    try:
        with suppress(orjson.JSONDecodeError):
            if not _LONG_INTEGER.search(line):
                return orjson.loads(line)
        return json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = f"not a line of JSON ({error}); the file was changed or damaged there"
        raise InputError(f"{os.fspath(path)}:{number}: {reason}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    try:
        new = not path.exists()
        # A device is no place for records, and a pipe cannot be read again.
        if not new and not path.is_file():
            raise _unwritable(path, "it is not a regular file; give another path")
        fd = os.open(path, flags, 0o644)
    except OSError as error:
        raise _unwritable(path, error.strerror) from error
    if new and os.name == "posix":
        _sync_directory(path.parent)
    return fd


def _unwritable(path: Path, reason: str | None) -> InputError:
    return InputError(f"{path}: cannot be written: {reason}")


def _sync_directory(directory: Path) -> None:
    """A new file survives a power cut only if its directory is synced too."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _leave_in_children(leave: weakref.WeakMethod[Callable[[], None]]) -> None:
    def forked() -> None:
        if (still_there := leave()) is not None:
            still_there()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forked)


def _lock(fd: int, path: Path) -> None:
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        reason = "another run is writing this file; wait for it, or give another path"
        raise InputError(f"{path}: {reason}") from error


def _require_begin(fd: int, path: Path, begins: bytes) -> None:
    os.lseek(fd, 0, os.SEEK_SET)
    if not begins.startswith(os.read(fd, len(begins))):
        raise InputError(f"{path}: holds something else than is to be written there; give another path")


def _cut_torn_tail(fd: int) -> int:
    """Truncate behind the last newline; the length that is left."""
    end = os.fstat(fd).st_size
    whole = _after_last_newline(fd, end)
    if whole != end:
        os.ftruncate(fd, whole)
        _datasync(fd)
    return whole


def _after_last_newline(fd: int, end: int) -> int:
    while end > 0:
        start = max(0, end - _BLOCK)
        os.lseek(fd, start, os.SEEK_SET)
        newline = os.read(fd, end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _datasync(fd: int) -> None:
    getattr(os, "fdatasync", os.fsync)(fd)
