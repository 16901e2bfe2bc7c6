"""Results that stay where they were made: files of JSON lines, one a process, written and read here and nowhere else.

    {"kept": 1, "task": "each", "visit": 0}     the first line
    [index, attempt, result]                    a result; secrets are masked, as in a journal

What is told of a result is a note: file, bytes of JSON, digest. A line whose attempt was lost before it could be told has a
later one for the same item: the last attempt is the one that counts.
"""

from __future__ import annotations

import os
import platform
import re
import weakref
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, Final
from uuid import uuid4

from attune_sim.engine.tally import COUNTS, Note
from attune_sim.errors import InputError, ResultError
from attune_sim.jsonl import Writer, encode, not_json, read

_BEGINS: Final = b'{"kept":'
_VERSION: Final = 1
_SYNC_EVERY: Final = 10_000
_ODD: Final = re.compile(r"[^\w.]+")
_ALL: Final = (1 << 64) - 1
_TOLD: Final = {"folder", "items", "bytes", "digest", "files"}


class Shelf:
    """The results of one fan-out that this process has made, in a file of its own in a folder. Threads may share it.

    The file is begun with the first result, and closed when nobody holds the shelf any more.

    >>> import tempfile
    >>> shelf = Shelf(tempfile.mkdtemp(), "each", 0)
    >>> shelf.put(3, 0, {"ok": True})[1:]
    [11, '3f5f6110681c1910']
    """

    def __init__(
        self, folder: str, task: str, visit: int, mask: Callable[[Any], Any] = lambda value: value
    ) -> None:
        self._folder, self._task, self._visit, self._mask = Path(folder), task, visit, mask
        self.file = file_name(task, visit)
        self._writer: Writer | None = None
        self._lock = Lock()

    def put(self, index: int, attempt: int, result: Any) -> Note:
        """Write a result down; its note. Raises `ResultError` if it is not JSON, or cannot be written."""
        reason = not_json(result)
        if reason is not None:
            raise ResultError(f"task {self._task!r}: its result cannot be kept: {reason}")
        body = encode(self._mask(result))[:-1]
        with self._lock:
            try:
                self._opened().append(b"[%d,%d,%b]\n" % (index, attempt, body))
            except (InputError, OSError) as error:
                raise ResultError(
                    f"task {self._task!r}: its result cannot be kept on {platform.node()}: {error}"
                ) from None
        return [self.file, len(body), f"{_digest(index, body):016x}"]

    def _opened(self) -> Writer:
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._writer = writer = Writer(self._folder / self.file, sync_every=_SYNC_EVERY, begins=_BEGINS)
            weakref.finalize(self, writer.close)
            writer.write({"kept": _VERSION, "task": self._task, "visit": self._visit})
        return self._writer

    def __repr__(self) -> str:
        return f"<Shelf {str(self._folder / self.file)!r}>"


def file_name(task: str, visit: int) -> str:
    """A new name for the file of this process: task, visit and machine stand in it."""
    host = _ODD.sub("-", platform.node()) or "unknown"
    return f"{_ODD.sub('-', task)}.{visit}@{host}-{os.getpid()}-{uuid4().hex[:8]}.jsonl"


def host_of(file: str) -> str:
    """The machine on which a file was written.

    >>> host_of("each.0@node-7-4711-0a1b2c3d.jsonl")
    'node-7'
    """
    return file.rpartition("@")[2].rsplit("-", 2)[0]


def is_used(folder: str | os.PathLike[str]) -> bool:
    """Whether results of a run lie in a folder already."""
    return any(Path(folder).glob("*@*.jsonl"))


def kept_results(aggregate: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    """Index and result of every item that succeeded, from the files in which they were kept, in the order of the files.

    `aggregate` is the result of the fan-out: `Run.task_results["each"]`, or `task.each` as an action is handed it. Secrets
    are masks. Memory does not grow with the number of results.

    Raises:
        InputError: the fan-out has kept nothing, a file is not on this machine, or together they do not hold what was told of them;
            the last is known at the end.

    >>> list(kept_results({"total": 2}))
    Traceback (most recent call last):
        ...
    attune_sim.errors.InputError: no results were kept: the aggregate of the fan-out has no `kept`
    """
    kept = kept_of(aggregate)
    if kept is None:
        raise InputError("no results were kept: the aggregate of the fan-out has no `kept`")
    paths = [Path(kept["folder"]) / file for file in kept["files"]]
    for path in paths:
        if not path.is_file():
            raise InputError(
                f"{path}: is not on this machine; it was written on {host_of(path.name)}: bring it here, or keep results in a folder "
                "that the machines share"
            )
    return _read(paths, {failed["index"] for failed in aggregate["failed_items"]}, kept)


def kept_of(result: Any) -> Mapping[str, Any] | None:
    """What the result of a task tells of results that were kept; None for that of any other task.

    >>> kept_of({"kept": "a promise"}) is None
    True
    """
    kept = result.get("kept") if isinstance(result, Mapping) and "failed_items" in result else None
    return kept if isinstance(kept, Mapping) and kept.keys() == _TOLD else None


def kept_files(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where results lie, by the results of tasks: a row a file, with its task, folder, machine, items, bytes of JSON and digest.

    >>> kept_files({"each": {"results": [1, 2]}})
    []
    """
    return [
        {"task": task, "folder": kept["folder"], "file": file, "host": host_of(file), **sums}
        for task, result in results.items()
        if (kept := kept_of(result)) is not None
        for file, sums in kept["files"].items()
    ]


def _read(paths: list[Path], failed: set[int], told: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    # Most items have one attempt: only what is known of others is held.
    later: dict[int, int] = {}
    for index, attempt, _ in _lines(paths):
        if attempt > later.get(index, 0):
            later[index] = attempt
    items = digests = 0
    for index, attempt, result in _lines(paths):
        if attempt == later.get(index, 0) and index not in failed:
            items += 1
            digests = (digests + _digest(index, encode(result)[:-1])) & _ALL
            yield index, result
    if (items, f"{digests:016x}") != (told["items"], told["digest"]):
        raise InputError(
            f"{told['folder']}: does not hold the results that the run has told of ({items:,} of {told['items']:,} items found; their "
            "digests differ): files were changed, or are missing"
        )


def _lines(paths: list[Path]) -> Iterator[tuple[int, int, Any]]:
    for path in paths:
        lines = read(path)
        next(lines, None)
        for number, line in enumerate(lines, 2):
            if (
                type(line) is not list
                or len(line) != 3
                or type(line[0]) is not int
                or type(line[1]) is not int
            ):
                raise InputError(f"{path}:{number}: a damaged line: it is no [index, attempt, result]")
            yield line[0], line[1], line[2]


def _digest(index: int, body: bytes) -> int:
    return int.from_bytes(blake2b(b"%d %b" % (index, body), digest_size=8).digest(), "big")


__all__ = ["COUNTS", "Shelf", "file_name", "host_of", "is_used", "kept_files", "kept_of", "kept_results"]
