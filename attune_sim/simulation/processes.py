"""Many simulations beside each other, each in one of a few processes."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import IO, Any, Final, TypeVar

from attune_sim.byvalue import search_path
from attune_sim.errors import ExperimentError
from attune_sim.experiment.carry import packed
from attune_sim.simulation.setting import Setting

T = TypeVar("T")

_LAST_WORDS_S: Final = 10.0
_HELPER: Final = (sys.executable, "-P", "-m", "attune_sim.simulation.worker")


def beside(
    simulate: Callable[[Setting], T], settings: Sequence[Setting], processes: int
) -> Generator[tuple[int, T]]:
    """The place of a setting, and what `simulate` makes of it, as they come; at most so many at a time.

    With one process all is done in this one. `simulate` and the settings must be able to travel
    (`attune_sim.experiment.carry`). The helpers end with the iteration, however that ends.

    Raises:
        ExperimentError: something cannot be sent, or a helper has died.
        AttuneError: what `simulate` raised.
    """
    if processes < 2 or len(settings) < 2:
        for place, setting in enumerate(settings):
            yield place, simulate(setting)
        return
    # Told here, not by a helper: what cannot be sent is the caller's, and all settings are of one kind.
    packed((simulate, settings[0]))
    yield from _Helpers(simulate, settings, min(processes, len(settings))).answers()


class _Helpers:
    """A thread for each process: it hands it the next job and waits for the answer."""

    def __init__(
        self, simulate: Callable[[Setting], Any], settings: Sequence[Setting], processes: int
    ) -> None:
        self._simulate, self._settings = simulate, settings
        self._next = count()
        self._told: queue.SimpleQueue[tuple[int, bool, Any]] = queue.SimpleQueue()
        self._helpers = [_Helper() for _ in range(processes)]
        self._over = threading.Event()

    def answers(self) -> Iterator[tuple[int, Any]]:
        threads = [
            threading.Thread(target=self._serve, args=(helper,), name="attune-sim seeds", daemon=True)
            for helper in self._helpers
        ]
        try:
            for thread in threads:
                thread.start()
            for _ in self._settings:
                place, good, value = self._wait()
                if not good:
                    raise value
                yield place, value
        finally:
            self._over.set()
            for helper in self._helpers:
                helper.end()
            for thread in threads:
                thread.join()
            for helper in self._helpers:
                helper.close()

    def _wait(self) -> tuple[int, bool, Any]:
        while True:
            try:  # a wait without end would not see Ctrl-C on every platform
                return self._told.get(timeout=0.2)
            except queue.Empty:
                continue

    def _serve(self, helper: _Helper) -> None:
        while not self._over.is_set() and (place := next(self._next)) < len(self._settings):
            try:
                good, value = helper.ask(packed((self._simulate, self._settings[place])))
            except ExperimentError as error:
                good, value = False, error
            except (OSError, EOFError, ValueError):  # it has died, or was ended because all is over
                if self._over.is_set():
                    return
                good, value = False, helper.death()
            self._told.put((place, good, value))
            if not good:
                return


class _Helper:
    """A process that simulates what it is asked to."""

    def __init__(self) -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(search_path())}
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._words}
        # In a session of its own: Ctrl-C is for this process, which ends its helpers.
        self._popen = subprocess.Popen((*_HELPER, str(os.getpid())), env=env, start_new_session=True, **pipes)

    def ask(self, job: str) -> tuple[bool, Any]:
        """Raises OSError or EOFError if the process has died."""
        to, back = self._popen.stdin, self._popen.stdout
        assert to is not None, "it was started with pipes"
        assert back is not None, "it was started with pipes"
        to.write(job.encode() + b"\n")
        to.flush()
        answer: tuple[bool, Any] = pickle.loads(_exactly(back, int.from_bytes(_exactly(back, 8), "little")))
        return answer

    def death(self) -> ExperimentError:
        """What a process that has died says of it."""
        try:
            code = self._popen.wait(timeout=_LAST_WORDS_S)
        except subprocess.TimeoutExpired:  # it answers no more, and does not end either
            self.end()
            code = self._popen.returncode
        self._words.seek(0)
        last = self._words.read().decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
        how = f"was killed (signal {-code})" if code < 0 else f"ended with code {code}"
        hint = "; it may have lacked memory: give fewer processes=" if code == -9 else ""
        return ExperimentError(f"a process that simulated a seed {how}{hint}{f': {last}' if last else ''}")

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._popen.kill()
        self._popen.wait()

    def close(self) -> None:
        """Let go of what led to it, once nobody reads from it."""
        for stream in (self._popen.stdin, self._popen.stdout, self._words):
            if stream is not None:
                with suppress(BrokenPipeError):  # what was not taken any more
                    stream.close()


def _exactly(stream: IO[bytes], n: int) -> bytes:
    data = stream.read(n)
    if len(data) < n:
        raise EOFError
    return data
