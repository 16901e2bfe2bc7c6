"""The process of a worker, as its parent holds it: how it is started, how it is ended, what it wrote to stderr."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Any, Final

from attune_sim.byvalue import search_path
from attune_sim.errors import ExperimentError
from attune_sim.experiment.carry import packed
from attune_sim.experiment.spec import CellSpec
from attune_sim.probes.surroundings import commit_of_package

_TELLS: Final = re.compile(r"error|memory|panicked", re.IGNORECASE)  # which line to show, nothing more

_WORKER: Final = (sys.executable, "-P", "-m", "attune_sim.experiment.worker")
"""-P: what lies in the current folder must not stand for a module, unless this process found it there too."""


@dataclass
class WorkerProcess:
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
def started(
    spec: CellSpec,
    extra: Mapping[str, Any],
    command: Sequence[str] = _WORKER,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[WorkerProcess]:
    """A program about a cell: it gets the spec, what `extra` parts gave, and `more`, on stdin."""
    order = {"parent": os.getpid(), "commit": commit_of_package(), "cell": packed((spec, extra)), **more}
    with tempfile.TemporaryFile() as orders, tempfile.TemporaryFile() as words:
        orders.write(json.dumps(order).encode())
        orders.seek(0)
        process = WorkerProcess(_popen(orders, words, command, spec.hash_seed), words)
        try:
            yield process
        finally:
            process.kill()


def _popen(
    orders: IO[bytes], words: IO[bytes], command: Sequence[str], hash_seed: int
) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(search_path())}
    try:
        return subprocess.Popen(
            command, stdin=orders, stdout=subprocess.PIPE, stderr=words, env=env, start_new_session=True
        )
    except OSError as error:
        raise ExperimentError(f"no process can be started for a cell: {error}") from error
