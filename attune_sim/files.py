"""The one door to the files of users: what is read is a regular file of bounded size, what is written is there wholly
or not at all, and replaces nothing that attune-sim did not write.

A pipe that nobody writes to, or a device without end, would otherwise be waited for without end. Files that are written
line by line, and read back by us, stand in `jsonl`.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

from attune_sim.errors import FileError

FileName = str | os.PathLike[str]

MARK: Final = "written by attune-sim"
"""What stands near the beginning of every file that we may write again; `_` may stand for a blank."""

_MARKED: Final = re.compile(rb"written[ _]by\W{1,4}attune-sim")
_BEGINNING: Final = 300
_OTHERWISE: Final = "give another path"


def opened(path: FileName) -> BinaryIO:
    """A regular file, open for its bytes to be read. Raises FileError for anything else, and never waits."""
    try:
        stream = cast("BinaryIO", open(path, "rb", opener=_unblocked))  # noqa: SIM115  it is the caller's
    except (OSError, ValueError) as error:
        raise FileError(path, f"cannot be read: {reason_of(error)}") from None
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise FileError(path, f"cannot be read: it is not a regular file; {_OTHERWISE}")
    return stream


def content(path: FileName, limit: int) -> bytes:
    """All bytes of a regular file. Raises FileError if there are more than `limit`."""
    with opened(path) as stream:
        found = stream.read(limit + 1)
    if len(found) > limit:
        raise FileError(path, f"cannot be read: it has more than {limit:,} bytes")
    return found


def require_place(path: FileName, *, force: bool = False) -> Path:
    """Where a file is to be written: asked before the work that it is to hold is begun.

    A link leads to the file that is written. Raises FileError for what is no regular file, and, unless it is forced, for a
    file that attune-sim did not write. An empty one holds nothing that could be lost.

    >>> require_place(os.devnull)
    Traceback (most recent call last):
        ...
    attune_sim.errors.FileError: /dev/null: cannot be written: it is not a regular file; give another path
    """
    if os.fspath(path) == "":
        raise FileError("", "the name of the file to be written is empty")
    try:
        target = Path(os.path.realpath(path))
        if not target.exists():
            return target
        if not target.is_file():
            raise FileError(path, f"cannot be written: it is not a regular file; {_OTHERWISE}")
        strange = not force and not _is_ours(target)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    if strange:
        reason = "is there already, and attune-sim did not write it"
        raise FileError(path, f"{reason}; {_OTHERWISE}, or replace it with force=True (--force)")
    return target


def write(path: FileName, text: str, *, force: bool = False) -> str:
    """Write a text file, with its folders, and give back its path.

    Raises FileError where `require_place` does and where it cannot be written; what was there before is there still then.
    """
    target = require_place(path, force=force)
    try:
        with replaced(target) as file:
            file.write(text)
    except OSError as error:
        raise _unwritable(path, error) from None
    return os.fspath(path)


@contextmanager
def replaced(target: Path) -> Iterator[TextIO]:
    """A text file beside `target`, which takes its place when the block has come to its end.

    Two who write one at once do not disturb each other, and nobody reads half of it. Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".attune-sim-{secrets.token_hex(6)}")
    try:
        # A lone surrogate, which results may hold, is no reason to lose a report.
        with open(beside, "x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def reason_of(error: Exception) -> str:
    """Why a file cannot be used, without its name.

    >>> reason_of(FileNotFoundError(2, "No such file or directory", "a.txt")), reason_of(ValueError("embedded null byte"))
    ('No such file or directory', 'embedded null byte')
    """
    return getattr(error, "strerror", None) or str(error)


def _unwritable(path: FileName, error: Exception) -> FileError:
    return FileError(path, f"cannot be written: {reason_of(error)}")


def _is_ours(path: Path) -> bool:
    with opened(path) as stream:
        beginning = stream.read(_BEGINNING)
    return not beginning or _MARKED.search(beginning) is not None


def _unblocked(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
