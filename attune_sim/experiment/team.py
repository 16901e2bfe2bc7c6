"""Cells beside each other: so many threads at the most, each of which watches one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Self

Job = Callable[[Callable[[], bool]], None]
"""Does its work, and looks now and then whether it has been stopped."""


class Team:
    """With one worker a job is done where it is begun; otherwise by threads, at most `workers` at a time.

    What a job raises is raised by a later `begin`, by `join`, or at the end. A block that is left by an exception stops the jobs
    that are still at it, and waits for them.

    >>> with Team(2) as team:
    ...     team.begin(lambda stopped: print(stopped()))
    False
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="attune-cell") if workers > 1 else None
        self._stop = threading.Event()
        self._at_it: set[Future[None]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *exc_info: object) -> None:
        try:
            if kind is None:
                self.join()
                return
        except BaseException:  # Ctrl-C comes while the last jobs are waited for
            self._stop.set()
            raise
        finally:
            if kind is not None:
                self._stop.set()
            if self._pool is not None:
                self._pool.shutdown()

    def begin(self, job: Job) -> None:
        """Waits until there is room for it."""
        if self._pool is None:
            return job(self._stop.is_set)
        while len(self._at_it) >= self._workers:
            self._settle(FIRST_COMPLETED)
        self._at_it.add(self._pool.submit(job, self._stop.is_set))
        return None

    def join(self) -> None:
        """Waits until all jobs are done."""
        while self._at_it:
            self._settle(FIRST_COMPLETED)

    def _settle(self, until: str) -> None:
        done, self._at_it = wait(self._at_it, return_when=until)
        for future in done:
            future.result()
