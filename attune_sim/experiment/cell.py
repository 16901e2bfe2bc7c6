"""The parent's side of a cell: start its process, take its rows, end it in time, say how it ended.

Real parts (servers, sinks) are started here, beside the cell: their memory is not the cell's, and they are stopped
however the cell ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Any, Final

from attune_sim.errors import ExperimentError
from attune_sim.experiment.carry import packed, search_path
from attune_sim.experiment.spec import CellSpec
from attune_sim.probes.surroundings import commit_of_package
from attune_sim.record import CellOutcome, CellRecord
from attune_sim.store import CellRows, ended_row, started_row

OnRow = Callable[[Mapping[str, Any]], None]
"""Told every row of a cell, from `started` to `ended`, as it comes."""

SET_UP_S: Final = 120.0
"""How long a worker may import and make its data."""
AFTER_S: Final = 60.0
"""How long a worker may measure forks and sizes once its run is over."""

_WORKER: Final = (sys.executable, "-P", "-m", "attune_sim.experiment.worker")
"""-P: what lies in the current folder must not stand for a module, unless this process found it there too."""
_LOOK_S: Final = 0.2
_HASH_SEED: Final = "0"
_TELLS: Final = re.compile(r"error|memory|panicked", re.IGNORECASE)
_ROW: Final = b'{"row":'
_NEAR: Final = 0.75  # code, stacks and what lies between the blocks take the rest of the address space
_BY_SIGNAL: Final[Mapping[str, CellOutcome]] = {"SIGABRT": "aborted", "SIGKILL": "killed"}


def run_cell(spec: CellSpec, on_row: OnRow = lambda row: None) -> CellRecord:
    """Run one cell in a process of its own and return its record; how it ends is data, never an exception.

    A Ctrl-C ends the cell: its record has the outcome `interrupted`. Raises ExperimentError if the cell cannot be
    sent to another process, or no process can be started.
    """
    rows = CellRows(spec.key, spec.workload.assumed)

    def take(row: Mapping[str, Any]) -> None:
        rows.add(row)
        on_row(row)

    take(started_row(spec.key, spec.workload.assumed))
    take(_watched(spec, rows, take))
    return rows.record()


def run_answer(spec: CellSpec) -> Mapping[str, Any]:
    """Run without measuring: `outcome`, `error`, and `answer` (plain JSON) where the run came to its end."""
    rows = CellRows(spec.key)
    ended = _watched(spec, rows, rows.add)
    if ended["outcome"] == "interrupted":
        raise KeyboardInterrupt
    ran = rows.ran or {}
    return {**ran, "outcome": ended["outcome"], "error": ended["error"] or ran.get("error")}


def run_beside(spec: CellSpec, command: Sequence[str], order: Mapping[str, Any], on_row: OnRow) -> str | None:
    """Run another program about a cell, as a cell is run: a process of its own, the spec and `order` on stdin, rows out.

    Gives back why it did not come to its end, None if it did. From its row `running` on it has the cell's time limit.
    Raises ExperimentError if the cell cannot be sent, or no process can be started.
    """
    with _started(spec, {}, command, order) as program:
        watch = _Watch(program, spec.time_limit_s, on_row)
        try:
            watch.to_the_end()
            program.end()
        finally:
            program.kill()
            watch.lines.close()
        if watch.complete:
            return None
        return str(_late(spec, watch.late) or _early(program, 0.0)["error"])


def _watched(spec: CellSpec, rows: CellRows, on_row: OnRow) -> Mapping[str, Any]:
    workload = spec.workload
    with contextlib.ExitStack() as stack:
        extra = dict(stack.enter_context(workload.parts(workload))) if spec.real else {}
        cell = stack.enter_context(_started(spec, extra))
        watch = _Watch(cell, spec.time_limit_s, on_row)
        try:
            watch.to_the_end()
            cell.end()
        except KeyboardInterrupt:
            cell.kill()
            watch.take_rest()
            return ended_row("interrupted", "interrupted by Ctrl-C")
        finally:
            cell.kill()
            watch.lines.close()
        return _ending(spec, cell, watch, rows)


@dataclass
class _Process:
    """A worker and what leads to it."""

    popen: subprocess.Popen[bytes]
    words: IO[bytes]

    def kill(self) -> None:
        """End the worker and everything that it started: it leads a process group. A second time does nothing."""
        if self.popen.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.popen.pid, signal.SIGKILL)
            else:
                self.popen.kill()
        self.popen.wait()

    def end(self) -> None:
        """Give a worker that has told its last row a moment, then end what is left of its group."""
        deadline = time.monotonic() + 5.0
        while time.monotonic() < deadline and not self.is_over():
            time.sleep(0.002)
        self.kill()

    def is_over(self) -> bool:
        """Whether the worker has ended. Where it can be, it is left to be waited for: its number, which is that of
        its group, cannot be taken by another process before the group is killed.
        """
        if self.popen.returncode is not None or not hasattr(os, "waitid"):
            return self.popen.poll() is not None
        return os.waitid(os.P_PID, self.popen.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def last_words(self) -> str | None:
        """The last line that it wrote to stderr and that says something of an error, else the last one."""
        end = self.words.seek(0, os.SEEK_END)
        self.words.seek(max(0, end - 4096))
        text = self.words.read().decode("utf-8", "replace")
        lines = [line.strip()[:300] for line in reversed(text.split("\n")) if line.strip()]
        telling = (line for line in lines if _TELLS.search(line))
        return next(telling, lines[0] if lines else None)


@contextlib.contextmanager
def _started(
    spec: CellSpec,
    extra: Mapping[str, Any],
    command: Sequence[str] = _WORKER,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[_Process]:
    known = {"parent": os.getpid(), "commit": commit_of_package(), "cell": packed((spec, extra))}
    with tempfile.TemporaryFile() as orders, tempfile.TemporaryFile() as words:
        orders.write(json.dumps({**known, **more}).encode())
        orders.seek(0)
        process = _Process(_popen(orders, words, command), words)
        try:
            yield process
        finally:
            process.kill()


def _popen(orders: IO[bytes], words: IO[bytes], command: Sequence[str]) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONHASHSEED": _HASH_SEED, "PYTHONPATH": os.pathsep.join(search_path())}
    try:
        return subprocess.Popen(
            command, stdin=orders, stdout=subprocess.PIPE, stderr=words, env=env, start_new_session=True
        )
    except OSError as error:
        raise ExperimentError(f"no process can be started for a cell: {error}") from error


class _Lines:
    """The lines that a worker writes, read by a thread: a pipe cannot be waited for in the same way everywhere."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, name="attune-cell-rows", daemon=True)
        self._thread.start()

    def next(self, seconds: float) -> bytes | None:
        """The next line; None at the end. Raises `queue.Empty` if none came in time."""
        return self._queue.get(timeout=seconds)

    def close(self) -> None:
        """Once every writer is dead. A descriptor that somebody else still holds open is left to its thread."""
        self._thread.join(1.0)
        if not self._thread.is_alive():
            self._pipe.close()

    def _read(self) -> None:
        for line in self._pipe:
            self._queue.put(line)
        self._queue.put(None)


class _Watch:
    """Takes rows until the worker closes its end, dies, or its time is up."""

    def __init__(self, cell: _Process, time_limit_s: float, on_row: OnRow) -> None:
        assert cell.popen.stdout is not None
        self._cell, self._time_limit_s, self._on_row = cell, time_limit_s, on_row
        self.lines = _Lines(cell.popen.stdout)
        self._deadline = time.monotonic() + SET_UP_S
        self.phase = "set-up"
        self.late: str | None = None
        self.complete = False

    def to_the_end(self) -> None:
        """Returns when there is nothing more to come; `late` is the phase whose time was up, if one was."""
        while (seconds := self._deadline - time.monotonic()) > 0:
            try:
                line = self.lines.next(min(seconds, _LOOK_S))
            except queue.Empty:
                if self._cell.is_over():  # somebody else may hold its pipe open
                    return
                continue
            if line is None:
                return
            self._note(line)
        self.late = self.phase
        self._cell.kill()
        self.take_rest()

    def take_rest(self) -> None:
        """What a dead worker had written."""
        with contextlib.suppress(queue.Empty):
            while (line := self.lines.next(_LOOK_S)) is not None:
                self._note(line)

    def _note(self, line: bytes) -> None:
        if not line.startswith(_ROW) or not line.endswith(b"\n"):
            return  # torn by its writer's death, or printed before the worker had its descriptor to itself
        row = json.loads(line)
        if row["row"] == "end":
            self.complete = True
            return
        if row["row"] == "running":
            self.phase, self._deadline = "run", time.monotonic() + self._time_limit_s
        elif row["row"] == "ran":
            self.phase, self._deadline = "after", time.monotonic() + AFTER_S
        self._on_row(row)


def _ending(spec: CellSpec, cell: _Process, watch: _Watch, rows: CellRows) -> Mapping[str, Any]:
    ran = rows.ran
    if late := _late(spec, watch.late):
        return ended_row("time_limit", late)
    if ran is not None and (watch.complete or watch.late == "after" or ran["outcome"] == "crashed"):
        return ended_row(ran["outcome"], ran.get("error"))
    return _early(cell, rows.largest("live_heap_bytes") / spec.memory_limit_bytes)


def _late(spec: CellSpec, phase: str | None) -> str | None:
    """Which limit on time was met, if one was that is no mere end of what comes after a run."""
    limits = {
        "run": f"time limit of {spec.time_limit_s:g} s met",
        "set-up": f"set-up took more than {SET_UP_S:g} s",
    }
    return limits.get(phase or "")


def _early(cell: _Process, heap_share: float) -> Mapping[str, Any]:
    """The worker is gone, and did not say goodbye; its heap was last seen at a share of the memory limit."""
    code = cell.popen.returncode
    if code >= 0:
        return ended_row("crashed", cell.last_words() or f"the worker ended with exit code {code}")
    name = signal.Signals(-code).name
    words = cell.last_words()
    if name == "SIGSEGV" and heap_share >= _NEAR:
        seen = f"the heap was last seen at {heap_share:.0%} of the memory limit"
        return ended_row("memory_limit", f"{name}, as of a library that does not check its memory: {seen}")
    return ended_row(_BY_SIGNAL.get(name, "crashed"), f"{name}: {words}" if words else name)
