"""The one loop that joins a runner, a timeline and a performer: timers, cancelling, interrupts and stopping stand here
once, for every way of performing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from attune_sim.engine.events import (
    ActionEnded,
    CancelRequested,
    CloseFanOut,
    Command,
    EndRun,
    Event,
    OpenFanOut,
    StartAction,
    StartTimer,
    StopAction,
)
from attune_sim.engine.observe import Watch
from attune_sim.engine.offer import Offer
from attune_sim.engine.runner import Steps
from attune_sim.executors.agenda import Appointment
from attune_sim.executors.attempts import Attempts, cancelled, due_event
from attune_sim.executors.readied import Action
from attune_sim.executors.timeline import Timeline
from attune_sim.secrecy.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Job:
    """A run as it is given to whoever drives it.

    `steps` is the runner, or what stands around it; `eager` is the policy of forking, `policy` what a request to cancel
    does to attempts that are under way; `warn` takes what is to be told of the run beside its events. `named` gives the actions
    that its workflows name, `secrets` what must not be shown: for who performs elsewhere.
    """

    steps: Steps
    actions: Mapping[str, Action]
    watch: Watch = field(default_factory=Watch)
    eager: bool = False
    policy: Literal["allow_finish", "cancel_running"] = "allow_finish"
    warn: Callable[[str], None] = lambda message: None
    named: Callable[[], frozenset[str]] = frozenset
    secrets: Secrets = field(default_factory=lambda: Secrets({}))


class Performer(Protocol):
    """Makes attempts happen, somewhere. It answers each `start` with one `drive.tell(event)`, later."""

    def enter(self, drive: Drive) -> None:
        """Told once, before anything else."""

    def open(self, command: OpenFanOut) -> None:
        """Attempts over this offer may follow."""

    @property
    def start(self) -> Callable[[StartAction], None]:
        """Takes an attempt on. Does not wait for it, and tells nothing before it returns."""

    def stop(self, command: StopAction) -> None:
        """End an attempt, begun or not, as well as can be; its end is told as ever."""

    def withdraw(self) -> list[StartAction]:
        """Give back the attempts that have not begun, in the order in which they were taken on."""

    def close(self, offer: Offer) -> None:
        """Nothing more follows over this offer."""

    def leave(self) -> None:
        """The run is over, or broken: let go of threads and connections."""


class Drive:
    """One run on its way. `ending` is its end, once it has come.

    `tell` takes events one at a time: whoever tells from several threads holds the lock of the timeline.
    """

    def __init__(self, job: Job, timeline: Timeline, performer: Performer) -> None:
        self.job, self.timeline = job, timeline
        self.ending: EndRun | None = None
        self.attempts = Attempts(job.watch, timeline, eager=job.eager, secrets=job.secrets)
        self._performer = performer
        self._handle = job.steps.handle
        self._start = performer.start
        self._timers: set[Appointment] = set()
        self._offers: dict[tuple[int, str, int], Offer] = {}
        self._is_cancelled = False

    def begin(self) -> None:
        """Give the first commands to the performer."""
        self._performer.enter(self)
        self._take(self.job.steps.start())

    def tell(self, event: Event) -> None:
        """An event, and the commands that follow from it."""
        if type(event) is ActionEnded and event.outcome != "succeeded":
            offer = self._offers.get((event.run, event.task, event.visit))
            if offer is not None:
                event = offer.completed(event)
        handle, start = self._handle, self._start  # which is faster than to call them as methods
        commands = handle(event)
        if len(commands) == 1 and type(command := commands[0]) is StartAction and not command.offer.calls:
            start(command)
        elif commands:
            self._take(commands)

    def cancel(self) -> None:
        """End the run early: nothing new starts, and what had not begun is told to have been cancelled."""
        if self._is_cancelled or self.ending is not None:
            return
        self._is_cancelled = True
        queued = self._performer.withdraw()
        self._drop_timers()
        self.tell(CancelRequested(self.job.policy))
        for command in queued:
            self.tell(cancelled(command, self.timeline.now()))

    def is_over(self) -> bool:
        return self.ending is not None

    def run(self) -> EndRun:
        """Drive the run to its end."""
        try:
            self.timeline.run(self.is_over, self.begin)
        finally:
            self._performer.leave()
        assert self.ending is not None, "the timeline ran out before the run was over"
        return self.ending

    # -- commands ------------------------------------------------------------------------------------------------------

    def _take(self, commands: list[Command]) -> None:
        queue = deque(commands)
        while queue:
            command = queue.popleft()
            if type(command) is StartAction:
                if command.offer.calls:  # what a sub-workflow starts with comes in the place of its call
                    queue.extendleft(reversed(self._handle(self.attempts.prepared_call(command))))
                else:
                    self._start(command)
            else:
                self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        if isinstance(command, OpenFanOut):
            offer = command.offer
            self._offers[offer.run, offer.task, offer.visit] = offer
            self._performer.open(command)
        elif isinstance(command, CloseFanOut):
            offer = command.offer
            self._offers.pop((offer.run, offer.task, offer.visit), None)
            self._performer.close(offer)
        elif isinstance(command, StartTimer):
            self._set_timer(command)
        elif isinstance(command, StopAction):
            self._performer.stop(command)
        elif isinstance(command, EndRun):
            self.ending = command
            if self._timers:
                self._drop_timers()
            self.timeline.wake()

    def _set_timer(self, command: StartTimer) -> None:
        def ring(timer: StartTimer) -> None:
            self._timers.discard(appointment)
            self.tell(due_event(timer))

        due = self.timeline.now() + command.seconds
        # What ends at the very moment of a limit has ended in time, as an action that takes just its timeout.
        appointment = self.timeline.at(due, ring, command, late=command.limits)
        self._timers.add(appointment)

    def _drop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def __repr__(self) -> str:
        state = "under way" if self.ending is None else self.ending.status
        return f"<Drive of {self.job.steps!r}: {state}>"
