"""Watching a worker from outside: its rows as they come, its time by this process's clock, and whether it is stuck."""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

from attune_sim.experiment.lastword import signal_being_handled
from attune_sim.experiment.process import WorkerProcess

OnRow = Callable[[Mapping[str, Any]], None]
"""Told every row of a cell, from `started` to `ended`, as it comes."""

_LOOK_S: Final = 0.2
_ROW: Final = b'{"row":'


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a worker has beside its run: to import and make its data, to measure forks and sizes once the run is
    over, and to bring out its last word when a signal ends it.
    """

    set_up_s: float = 120.0
    after_s: float = 60.0
    last_word_s: float = 5.0


PATIENCE: Final = Patience()


class _Lines:
    """The lines that a worker writes and when they came, read by a thread: a pipe cannot be waited for in the same way
    everywhere."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._queue: queue.SimpleQueue[tuple[float, bytes | None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, name="attune-cell-rows", daemon=True)
        self._thread.start()

    def next(self, seconds: float) -> tuple[float, bytes | None]:
        """The moment and the next line; None at the end. Raises `queue.Empty` if none came in time."""
        return self._queue.get(timeout=seconds)

    def close(self) -> None:
        """Once every writer is dead. A descriptor that somebody else still holds open is left to its thread."""
        self._thread.join(1.0)
        if not self._thread.is_alive():
            self._pipe.close()

    def _read(self) -> None:
        for line in self._pipe:
            self._queue.put((time.monotonic(), line))
        self._queue.put((time.monotonic(), None))


class Watch:
    """Takes rows until the worker closes its end, dies, or its time is up.

    `late` is the phase whose time was up, with its seconds; `dying` the last word of a worker that a signal ended;
    `stuck` the signal whose last word did not come.
    """

    def __init__(
        self,
        cell: WorkerProcess,
        time_limit_s: float,
        patience: Patience,
        on_row: OnRow,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        assert cell.popen.stdout is not None
        self._stopped = stopped
        self._cell, self._time_limit_s, self._patience, self._on_row = cell, time_limit_s, patience, on_row
        self.lines = _Lines(cell.popen.stdout)
        self._enter("set-up", time.monotonic(), patience.set_up_s)
        self._began: float | None = None
        self._over: float | None = None
        self._handling: float | None = None
        self.late: tuple[str, float] | None = None
        self.dying: Mapping[str, Any] | None = None
        self.stuck: signal.Signals | None = None
        self.complete = False

    @property
    def wall_s(self) -> float | None:
        """Seconds from the `running` row to the end of the process; None if there was no such row."""
        if self._began is None:
            return None
        return (time.monotonic() if self._over is None else self._over) - self._began

    def to_the_end(self) -> None:
        """Returns when there is nothing more to come. Raises KeyboardInterrupt as soon as it is `stopped` by another thread, which
        a Ctrl-C reaches in place of this one."""
        while (seconds := self._deadline - time.monotonic()) > 0:
            if self._stopped():
                raise KeyboardInterrupt
            try:
                moment, line = self.lines.next(min(seconds, _LOOK_S))
            except queue.Empty:
                if self._cell.is_over():  # somebody else may hold its pipe open
                    self._over = time.monotonic()
                    return self.take_rest()
                if (number := self._stuck_in()) is not None:
                    self.stuck = number
                    return self._end()
                continue
            if line is None:
                self._over = moment
                return None
            self._note(moment, line)
        self.late = self._phase
        return self._end()

    def _end(self) -> None:
        self._over = time.monotonic()
        self._cell.kill()
        self.take_rest()

    def _stuck_in(self) -> signal.Signals | None:
        """The signal whose handler has been at its last word for too long: nothing else will end it."""
        number = signal_being_handled(self._cell.popen.pid)
        now = time.monotonic()
        self._handling = None if number is None else self._handling or now
        return number if now - (self._handling or now) >= self._patience.last_word_s else None

    def take_rest(self) -> None:
        """What a dead worker had written."""
        with contextlib.suppress(queue.Empty):
            while True:
                moment, line = self.lines.next(_LOOK_S)
                if line is None:
                    return
                self._note(moment, line)

    def _note(self, moment: float, line: bytes) -> None:
        if not line.startswith(_ROW) or not line.endswith(b"\n"):
            return  # torn by its writer's death, or printed before the worker had its descriptor to itself
        row = json.loads(line)
        match row["row"]:
            case "end":
                self.complete = True
                return
            case "dying":
                self.dying = row
                return
            case "running":
                self._began = moment
                self._enter("run", moment, self._time_limit_s)
            case "ran":
                self._enter("after", moment, self._patience.after_s)
        self._on_row(row)

    def _enter(self, phase: str, moment: float, seconds: float) -> None:
        self._phase = (phase, seconds)
        self._deadline = moment + seconds
