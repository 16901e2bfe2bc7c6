"""What performers in this process share."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attune_sim.engine.events import OpenFanOut, StartAction, StopAction
from attune_sim.engine.offer import Offer
from attune_sim.executors.attempts import Action, cancelled
from attune_sim.executors.drive import Drive
from attune_sim.executors.stoppable import StoppableCalls


class LocalPerformer:
    """Forks of eager fan-outs, a queue of attempts, giving them back, and calls that can be stopped."""

    def __init__(self) -> None:
        self._queue: deque[StartAction] = deque()
        self._calls = StoppableCalls()
        self.start: Callable[[StartAction], None] = self._queue.append

    def enter(self, drive: Drive) -> None:
        self._drive, self._attempts = drive, drive.attempts

    def open(self, command: OpenFanOut) -> None:
        self._attempts.open(command)

    def stop(self, command: StopAction) -> None:
        """An attempt that has not begun is given up; `_stop_begun` sees to the others."""
        queued = next((waiting for waiting in self._queue if waiting.key == command.key), None)
        if queued is None:
            self._stop_begun(command)
        else:
            self._queue.remove(queued)
            now = self._drive.timeline.now()
            self._drive.timeline.at(now, self._drive.tell, cancelled(queued, now))

    def _stop_begun(self, command: StopAction) -> None:
        self._calls.stop(command)

    def _action(self, command: StartAction) -> Action:
        """What is called for an attempt, from the thread that performs it."""
        offer = command.offer
        return self._calls.action(self._drive.job.actions[offer.action], command)

    def withdraw(self) -> list[StartAction]:
        queued = list(self._queue)
        self._queue.clear()
        return queued

    def close(self, offer: Offer) -> None:
        self._attempts.close(offer)

    def leave(self) -> None:
        self._calls.close()
        if abandoned := self._calls.abandoned:
            self._drive.job.warn(
                f"{abandoned} action(s) did not end within their timeout and were left running in a daemon thread; "
                "make them async, or give their own calls a timeout, to have them stopped"
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._queue)} attempts waiting>"
