"""A part as a process of its own: told what to do by a line on stdin, answering by lines on stdout, gone with its parent.

The pipe is the leash: when the parent ends in whatever way, the child reads the end of stdin and exits. Where somebody
else still holds that pipe open, the child notices that its parent's id has changed.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from attune_sim.errors import AttuneError

START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 5.0


class PartError(AttuneError):
    """A real part that did not start, or ended while it was needed."""


class Process:
    """A part of a scenario, running as `python -m MODULE` while a `with` block lasts.

    Raises:
        PartError: on entering, if the process does not say within 60 s that it is ready.
    """

    module: str

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = dict(spec)
        self._process: subprocess.Popen[str] | None = None
        self.told: Mapping[str, Any] = {}

    def __enter__(self) -> Self:
        self._errors = tempfile.TemporaryFile(mode="w+")
        # A session of its own keeps Ctrl-C in the terminal away from it: its end is ours to order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        try:
            self.told = self.ask(self._spec, START_LIMIT_S)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):  # where it is gone already
            process.stdin.close()
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        self._errors.close()

    @property
    def pid(self) -> int:
        """The process id; 0 while it does not run."""
        return self._process.pid if self._process else 0

    def ask(self, question: Mapping[str, Any], limit_s: float = 30.0) -> Mapping[str, Any]:
        """Send one line of JSON and give the answer.

        Raises:
            PartError: the part does not run, has ended, or does not answer within `limit_s` seconds.
        """
        process = self._process
        if process is None:
            raise PartError(f"{self.module} does not run; use it in a with block")
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(limit_s, process.kill)
        late.start()
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        finally:
            late.cancel()
        if not line:
            raise PartError(f"{self.module} ended before it answered: {self._last_words()}")
        return json.loads(line)  # type: ignore[no-any-return]

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else "it said nothing, or was too slow"


def serve(
    start: Callable[[Mapping[str, Any]], Mapping[str, Any]], answer: Callable[[], Mapping[str, Any]]
) -> None:
    """The life of the child: read the spec, `start`, tell what it gave, answer until the parent is gone."""
    parent = os.getppid()
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    _tell(start(json.loads(lines.get())))
    while os.getppid() == parent:
        try:
            line = lines.get(timeout=1.0)
        except queue.Empty:
            continue
        if not line:
            break
        _tell(answer())
    # Threads that hang on purpose must not hold up the end.
    os._exit(0)


def _read(lines: queue.SimpleQueue[str]) -> None:
    while line := sys.stdin.readline():
        lines.put(line)
    lines.put("")


def _tell(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
