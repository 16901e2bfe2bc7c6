"""Ctrl-C as a wish that is granted at a safe moment.

A `KeyboardInterrupt` in the middle of the conductor's work would leave a run half told. While a run is driven from the
main thread, the first Ctrl-C therefore only stops the action (or the pause) that is under way and is remembered; the
executor then cancels the run. A second one is an ordinary `KeyboardInterrupt`.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """Catches SIGINT from entering to leaving; elsewhere than in the main thread it changes nothing."""

    __slots__ = ("_previous", "interruptible", "requested")

    def __init__(self) -> None:
        self.requested = False
        self.interruptible = False
        self._previous: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._caught)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self.requested or self.interruptible:
            self.requested = True
            raise KeyboardInterrupt
        self.requested = True
