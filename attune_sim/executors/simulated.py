"""`simulated`: nothing is called and nobody waits. Attempts end as their fates have it, after durations that cost no time.

Rehearsal and simulation both go by it. Events at the same moment come in the order in which they were started, so that a run is
repeatable to the letter.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import NamedTuple

from attune_sim.engine.events import ActionEnded, AttemptLost, OpenFanOut, StartAction, StopAction
from attune_sim.engine.offer import Offer
from attune_sim.engine.runner import Runner
from attune_sim.errors import counted
from attune_sim.executors.agenda import Entry
from attune_sim.executors.attempts import cancelled, late
from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fates
from attune_sim.executors.flight import Flight, Flown
from attune_sim.executors.preparing import Unprepared
from attune_sim.executors.stations import Stations
from attune_sim.executors.timeline import VirtualTimeline

NO_WORKER = -1

Begin = Callable[[StartAction, float, int], ActionEnded]
"""Begins an attempt at a moment, on a worker: its end, as it will be told."""


class _Opened(NamedTuple):
    """An offer whose attempts may start: `first` plus a slot names one of them among all that are under way."""

    offer: Offer
    first: int
    start: Callable[[StartAction], None]


class SimulatedPerformer:
    """Lets attempts end as `fates` say, on a virtual timeline that it may share with other runs.

    Without `stations` every attempt is served as soon as it is started; with them it asks for a slot first, and a worker
    that dies loses it. Timeouts count from the beginning of service: an attempt that would outlast its own ends as
    `timed_out` at that moment. One that is stopped leaves the agenda at once. `cycle` is the number of the run among those
    of a simulation.

    `in_flight` attempts are being served, `max_in_flight` at most were, `lost` died with a worker; `served` is the one
    whose end, or loss, is being told, where there are stations. `flight` counts over time what is served without them.
    """

    def __init__(self, fates: Fates, stations: Stations | None = None, *, cycle: int = 0) -> None:
        self.cycle = cycle
        self.max_in_flight = self.lost = 0
        self.served: Served | None = None
        self.flight = Flight()
        self._fates, self._stations = fates, stations
        self._opened: dict[int, _Opened] = {}  # by the identity of an open offer
        self._reserved = 0
        self._under_way: dict[int, Entry] = {}
        self._asked: dict[int, Served] = {}  # of stations, ...
        self._begun = 0  # ... and how many of them are served

    def enter(self, drive: Drive) -> None:
        assert isinstance(drive.timeline, VirtualTimeline), "nothing is simulated in real time"
        self._drive, self._timeline = drive, drive.timeline

    @property
    def in_flight(self) -> int:
        return len(self._under_way) + self._begun

    # -- attempts ------------------------------------------------------------------------------------------------------

    def open(self, command: OpenFanOut) -> None:
        self._drive.attempts.open(command)
        offer = command.offer
        if not offer.calls:
            first, self._reserved = self._reserved, self._reserved + len(offer.items)
            starting = self._at_once if self._stations is None else self._at_a_station
            self._opened[id(offer)] = _Opened(offer, first, starting(offer, first))

    def start(self, command: StartAction) -> None:
        self._opened[id(command.offer)].start(command)

    def _at_once(self, offer: Offer, first: int) -> Callable[[StartAction], None]:
        begin, tell, timeline = self._beginning(offer), self._drive.tell, self._timeline
        under_way, flight, post = self._under_way, self.flight, timeline.post

        # What `Flight.advance` and `Flight.ended` do stands here once more: there are two calls an item, of a million.
        def end(event: ActionEnded) -> None:
            moment = timeline.moment
            flight.area_s += len(under_way) * (moment - flight.since_s)
            flight.since_s = moment
            flight.stayed_s += event.ended - event.started
            flight.over += 1
            del under_way[first + (event.index or 0)]
            tell(event)

        def start(command: StartAction) -> None:
            moment = timeline.moment
            if moment != flight.since_s:  # most begin at the moment at which another one ends
                flight.advance(moment, len(under_way))
            event = begin(command, moment, NO_WORKER)
            under_way[first + command.slot] = post(event.ended, end, event)
            if len(under_way) > self.max_in_flight:
                self.max_in_flight = len(under_way)

        return start

    def _at_a_station(self, offer: Offer, first: int) -> Callable[[StartAction], None]:
        stations, begin, now = self._stations, self._beginning(offer), self._timeline.now
        assert stations is not None

        def start(command: StartAction) -> None:
            served = Served(self, first + command.slot, command, self.cycle, now(), begin)
            self._asked[served.number] = served
            stations.request(served)

        return start

    def _beginning(self, offer: Offer) -> Begin:
        attempts, steps = self._drive.attempts, self._drive.job.steps
        note = None if isinstance(steps, Runner) else steps.begin  # to a runner alone it is nothing
        input_of, fate_of = attempts.inputs(offer), self._fates.open(offer, self.cycle)
        task, visit, run, plain, limit = offer.task, offer.visit, offer.run, offer.plain, offer.timeout

        def begin(command: StartAction, now: float, worker: int) -> ActionEnded:
            if note is not None:
                note(command)
            try:
                input = input_of(command)
            except Unprepared as failed:
                event = attempts.unprepared(command, failed, now)
                event.ended = now + self._fates.unprepared(command, self.cycle)
                return event
            outcome, result, error, duration = fate_of(command, now, input, worker)
            if limit is not None and duration > limit:
                outcome, error, duration = "timed_out", str(late(limit)), limit
                result = {"error": error}
            slot = None if plain else command.slot
            return ActionEnded(
                task, visit, slot, command.attempt, outcome, result, error, now, now + duration, run
            )

        return begin

    # -- served by stations --------------------------------------------------------------------------------------------

    def begun(self) -> None:
        """Told by who is served, as it begins."""
        self._begun += 1
        if self._begun > self.max_in_flight:
            self.max_in_flight = self._begun

    def ended(self, served: Served, event: ActionEnded) -> None:
        """Told as its service ends."""
        del self._asked[served.number]
        self._begun -= 1
        self.served = served
        self._drive.tell(event)
        self.served = None

    def lose(self, served: Served) -> None:
        """Told as its worker dies."""
        del self._asked[served.number]
        self._begun -= 1
        self.lost += 1
        self.served = served
        self._drive.tell(AttemptLost(*served.command.key[1:], served.command.run))
        self.served = None

    # -- ends before their time ----------------------------------------------------------------------------------------

    def stop(self, command: StopAction) -> None:
        """Takes the attempt off the agenda, or its station; it is told as cancelled, at this moment."""
        for offer, first, _ in self._opened.values():
            if (offer.run, offer.task, offer.visit) == (command.run, command.task, command.visit):
                self._stop(first + (command.index or 0))

    def _stop(self, number: int) -> None:
        timeline, now = self._timeline, self._timeline.now()
        if (entry := self._under_way.pop(number, None)) is not None:
            timeline.cancel(entry)
            self.flight.advance(now, len(self._under_way) + 1)
            self.flight.ended(now - entry[3].started)
            timeline.post(now, self._drive.tell, _cut_short(entry[3], now))
        elif (served := self._asked.pop(number, None)) is not None:
            assert self._stations is not None
            self._stations.withdraw(served)
            self._begun -= served.is_begun
            timeline.post(now, self._drive.tell, cancelled(served.command, now, served.started_s))

    def withdraw(self) -> list[StartAction]:
        waiting = [served for served in self._asked.values() if not served.is_begun]
        for served in waiting:
            assert self._stations is not None
            self._stations.withdraw(served)
            del self._asked[served.number]
        return [served.command for served in waiting]

    def close(self, offer: Offer) -> None:
        if self._opened.pop(id(offer), None) is not None and self._stations is not None:
            self._stations.close((self.cycle, offer))
        self._drive.attempts.close(offer)

    def flown(self) -> Flown:
        """What `flight` counted up to now, with what those that are under way have taken so far."""
        now, flight, under_way = self._timeline.now(), self.flight, self._under_way
        flight.advance(now, len(under_way))
        so_far_s = sum(now - entry[3].started for entry in under_way.values())
        return Flown(flight.area_s, flight.stayed_s + so_far_s, flight.over + len(under_way))

    def leave(self) -> None:
        """Let go of the run, which is over: who counts what was in flight may be there for longer."""
        del self._drive

    def __repr__(self) -> str:
        return f"<SimulatedPerformer: {counted(self.in_flight, 'attempt')} in flight>"


@dataclass(slots=True, eq=False)
class Served:
    """An attempt at a station: `Request`, as the station sees it. `worker` serves it (-1: none yet)."""

    performer: SimulatedPerformer
    number: int
    command: StartAction
    cycle: int
    queued_s: float
    begin: Begin
    event: ActionEnded | None = None
    worker: int = NO_WORKER

    @property
    def is_begun(self) -> bool:
        return self.event is not None

    @property
    def context(self) -> Hashable:
        return self.cycle, self.command.offer

    @property
    def started_s(self) -> float | None:
        return None if self.event is None else self.event.started

    def begun(self, now: float, worker: int) -> float:
        self.worker = worker
        event = self.event = self.begin(self.command, now, worker)
        self.performer.begun()
        return event.ended - now

    def ended(self, now: float) -> None:
        assert self.event is not None
        self.event.ended = now
        self.performer.ended(self, self.event)

    def lost(self, now: float) -> None:
        self.performer.lose(self)


def _cut_short(event: ActionEnded, now: float) -> ActionEnded:
    """The end of an attempt that was to end later."""
    return ActionEnded(
        event.task,
        event.visit,
        event.index,
        event.attempt,
        "cancelled",
        None,
        "cancelled",
        event.started,
        now,
        event.run,
    )
