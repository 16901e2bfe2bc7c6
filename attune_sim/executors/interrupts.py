"""Ctrl-C as a wish that is granted at a safe moment.

A `KeyboardInterrupt` in the middle of the conductor's work would leave a run half told. While a run is driven from the
main thread, the first Ctrl-C therefore only stops the action (or the pause) that is under way and is remembered; the
run is then cancelled. A second one is an ordinary `KeyboardInterrupt`.
"""

from __future__ import annotations

import _signal  # without the enums of `signal`, which cost as much as three items of a run
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """Catches SIGINT from entering to leaving; elsewhere than in the main thread it changes nothing.

    `requested` tells that there was one; `pending` that nobody has taken it yet.
    """

    __slots__ = ("_interruptible", "_previous", "pending", "requested")

    def __init__(self) -> None:
        self.requested = self.pending = False
        self._interruptible = False
        self._previous: Any = None

    def __enter__(self) -> Interrupts:
        try:
            self._previous = _signal.signal(_signal.SIGINT, self._caught)
        except ValueError:  # in any thread but the main one
            self._previous = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is not None:
            _signal.signal(_signal.SIGINT, self._previous)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """What stands inside is left at once on the first Ctrl-C, without an exception behind the block.

        A Ctrl-C of just before is `pending` inside already: look, before beginning what takes long.
        """
        try:
            self._interruptible = True
            yield
            self._interruptible = False
        except KeyboardInterrupt:
            self._interruptible = False
            if not self.pending:
                raise  # the second one does not wait for what hangs

    def note(self) -> None:
        """One has come another way, and is taken: an event loop makes of it the cancelling of a task."""
        self.requested = True

    def ask(self) -> None:
        """One comes another way, and nobody has taken it yet."""
        self.requested = self.pending = True

    def take(self) -> bool:
        """Whether there is one that nobody has taken; it is taken then."""
        pending, self.pending = self.pending, False
        return pending

    def _caught(self, number: int, frame: FrameType | None) -> None:
        again = self.requested
        self.requested = True
        self.pending = not again
        if again or self._interruptible:
            raise KeyboardInterrupt
