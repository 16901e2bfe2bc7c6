"""`inline`: one attempt after the other, in the thread of the timeline. The simplest performer, and the one that is
measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attune_sim.engine.events import ActionEnded, StartAction
from attune_sim.executors.attempts import cancelled
from attune_sim.executors.drive import Drive
from attune_sim.executors.local import LocalPerformer


class InlinePerformer(LocalPerformer):
    """Performs attempts in the order in which they were taken on; a pause waits only when there is nothing else to do.

    The first Ctrl-C ends the run, which is then `cancelled`: at once if the workflow's policy is `cancel_running`, after
    the attempt that is under way if it is `allow_finish`. A second one does not wait for it.
    """

    def enter(self, drive: Drive) -> None:
        super().enter(drive)
        self._timeline.work(self._work)
        self._timeline.on_interrupt(drive.cancel)

    def _work(self) -> bool:
        """Perform what is queued, until something else is due or asked for."""
        queue, timeline, drive = self._queue, self._timeline, self._drive
        begin, tell, interrupts = drive.job.steps.begin, drive.tell, timeline.interrupts
        is_interruptible = drive.job.policy == "cancel_running"
        offer = None
        # An endless loop with its end inside: CPython 3.11 speeds up no other one within its first round.
        while True:
            if not queue:
                return offer is not None
            command = queue.popleft()
            if command.offer is not offer:
                offer, perform = command.offer, self._performing(command.offer)
                if is_interruptible:
                    perform = partial(self._interruptibly, perform)
            begin(command)
            event = perform(command)
            if interrupts.pending:  # before its end is told: nothing new may follow from it
                timeline.settle()
            if timeline.waiting:  # what was due before comes before
                timeline.ring_before(event.ended)
                tell(event)
                return True
            tell(event)

    def _interruptibly(
        self, perform: Callable[[StartAction], ActionEnded], command: StartAction
    ) -> ActionEnded:
        event = None
        with self._timeline.interrupts.interruptible():
            event = perform(command)
        return cancelled(command, self._timeline.now()) if event is None else event
