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
from typing import Any, Final, Self

from attune_sim.errors import AttuneError

START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 5.0

Answer = Mapping[str, Any]


class PartError(AttuneError):
    """A real part that did not start, or ended while it was needed."""


class Process:
    """A part of a scenario, running as `python -m MODULE` while a `with` block lasts; `ready` is what it said at first.

    Raises:
        PartError: on entering, if the process does not say within 60 s that it is ready.
    """

    module: str

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = dict(spec)
        self._process: subprocess.Popen[str] | None = None
        self.ready: Answer = {}

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
            self.ready = self.ask(self._spec, START_LIMIT_S)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=STOP_LIMIT_S)  # closes its stdin, which ends it
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        self._errors.close()

    @property
    def pid(self) -> int:
        """The process id; 0 while it does not run."""
        return self._process.pid if self._process else 0

    def ask(self, question: Mapping[str, Any], limit_s: float = 30.0) -> Answer:
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


def serve(start: Callable[[Mapping[str, Any]], tuple[Answer, Callable[[], Answer]]]) -> None:
    """The life of the child: `start` by the spec that it reads, say that it is ready, answer until the parent is gone.

    `start` gives what there is to say, and what answers each question.
    """
    parent = os.getppid()
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    ready, answer = start(json.loads(lines.get()))
    print(json.dumps(ready), flush=True)
    while os.getppid() == parent:
        try:
            line = lines.get(timeout=1.0)
        except queue.Empty:
            continue
        if not line:
            break
        print(json.dumps(answer()), flush=True)
    # Threads that hang on purpose must not hold up the end.
    os._exit(0)


def _read(lines: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put("")
