"""What performers in this process share."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cached_property

from attune_sim.engine.events import ActionEnded, OpenFanOut, StartAction, StopAction
from attune_sim.engine.offer import Offer
from attune_sim.errors import counted
from attune_sim.executors.attempts import Attempts, cancelled
from attune_sim.executors.drive import Drive
from attune_sim.executors.readied import Action, Readied, around
from attune_sim.executors.stoppable import StoppableCalls, is_async, left_behind
from attune_sim.executors.timeline import RealTimeline


def performing_by(
    attempts: Attempts, calls: Callable[[], StoppableCalls], offer: Offer, action: Action
) -> Callable[[StartAction], ActionEnded]:
    """What performs the attempts over an offer, in the thread that asks; calls that may never come back are made by `calls()`."""
    performing = attempts.performing
    if is_async(action):  # each coroutine can be stopped, by the name of its attempt
        awaiting = calls().awaiting
        return lambda command: performing(offer, around(action, lambda call: awaiting(call, command)))(
            command
        )
    if (limit := offer.timeout) is None or (isinstance(action, Readied) and action.is_known):
        return performing(offer, action)
    return performing(offer, around(action, lambda call: calls().limited(call, limit)))


class LocalPerformer:
    """Forks of eager fan-outs, a queue of attempts, giving them back, and calls that can be stopped."""

    def __init__(self, timeline: RealTimeline) -> None:
        self._timeline = timeline
        self._queue: deque[StartAction] = deque()
        self._known: dict[int, Callable[[StartAction], ActionEnded]] = {}  # by the identity of an open offer
        self.start: Callable[[StartAction], None] = self._queue.append

    @cached_property
    def _calls(self) -> StoppableCalls:
        """What may never come back; most runs call nothing of the kind."""
        return StoppableCalls()

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
            now = self._timeline.now()
            self._timeline.at(now, self._drive.tell, cancelled(queued, now))

    def _stop_begun(self, command: StopAction) -> None:
        self._calls.stop(command)

    def _performing(self, offer: Offer) -> Callable[[StartAction], ActionEnded]:
        """What performs the attempts over an offer, in the thread that asks."""
        if (known := self._known.get(id(offer))) is not None:
            return known
        return self._known.setdefault(id(offer), self._made(offer))  # whoever of two threads is the first

    def _made(self, offer: Offer) -> Callable[[StartAction], ActionEnded]:
        return performing_by(
            self._attempts, lambda: self._calls, offer, self._drive.job.actions[offer.action]
        )

    def withdraw(self) -> list[StartAction]:
        queued = list(self._queue)
        self._queue.clear()
        return queued

    def close(self, offer: Offer) -> None:
        self._known.pop(id(offer), None)
        self._attempts.close(offer)

    def leave(self) -> None:
        if "_calls" not in vars(self):
            return
        self._calls.close()
        if abandoned := self._calls.abandoned:
            self._drive.job.warn(left_behind(abandoned))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {counted(len(self._queue), 'attempt')} waiting>"
