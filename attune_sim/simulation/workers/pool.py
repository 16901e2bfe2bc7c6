"""The station of a simulation: attempts wait for a slot, have sent what they need, and are served, on the one virtual timeline.

An attempt is *waiting* from its request until its service begins: in the queue, and then, with a slot that is its own, until the
worker has come up and its context has arrived.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol, cast

from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.little import Little
from attune_sim.simulation.stations import Columns
from attune_sim.simulation.waits import Interval, Waits
from attune_sim.simulation.workers.cargo import Cargo, Freight
from attune_sim.simulation.workers.disciplines import DISCIPLINES, Expected
from attune_sim.simulation.workers.link import Link
from attune_sim.simulation.workers.occupancy import Occupancy
from attune_sim.simulation.workers.reading import workers_text
from attune_sim.simulation.workers.setting import Workers
from attune_sim.simulation.workers.worker import Slot, Worker, WorkerRow


class Request(Protocol):
    """What a pool looks at of `executors.stations.Request`."""

    cycle: int
    queued_s: float

    @property
    def context(self) -> Hashable: ...
    def begun(self, now: float, worker: int) -> float: ...
    def ended(self, now: float) -> None: ...
    def lost(self, now: float) -> None: ...


def _nothing(request: object) -> Cargo:
    return Cargo(0.0)


def _nothing_expected(request: object) -> float:
    return 0.0


class Pool:
    """Serves requests by `workers`, on `timeline`, from the moment at which it is made.

    `seed` draws failures and the `random` discipline. `freight` says what each request takes along (None: nothing travels,
    and what workers hold is not known); `expected` about how many seconds one will take, for the discipline `shortest`.

    `waits` are those of all that were begun; `occupancy` is how many waited and were in service over time.
    """

    def __init__(
        self,
        workers: Workers,
        timeline: VirtualTimeline,
        *,
        seed: int = 0,
        freight: Freight | None = None,
        expected: Expected | None = None,
    ) -> None:
        self.setting = workers
        now = timeline.now()
        self._workers = [Worker(number, workers, seed, now) for number in range(workers.count)]
        self.waits, self.occupancy = Waits(), Occupancy(now)
        self._timeline, self._now = timeline, timeline.now
        self._post = timeline.post
        self._freight = freight or (_nothing if workers.delay_s else None)
        self._link = Link(timeline, workers.bandwidth_bytes_s, workers.delay_s, self._arrive)
        self._is_plain = not (self._freight or workers.start_up_s or workers.mtbf_s)
        self._push, self._pop, self._back = DISCIPLINES[workers.discipline](
            seed, expected or _nothing_expected
        )
        self._places: dict[Request, Slot | None] = {}  # None: it is in the queue
        self._queued = 0
        self._doomed: list[Worker] = []  # what is to fail is on the agenda, or was
        self._left_s = 0.0  # seconds that those waited who were withdrawn
        # The slot that was freed last is taken first, as it is warm; at the beginning one of each worker in turn.
        first = [worker.slots[n] for n in range(workers.slots) for worker in self._workers]
        self._free = [] if self._workers[0].up_s > now else first[::-1]
        for slot in first if self._workers[0].up_s > now else ():
            timeline.at(slot.worker.up_s, self._come_up, slot)

    # -- requests ------------------------------------------------------------------------------------------------------

    def request(self, request: Request) -> None:
        """Take it on. If a slot is free, its service may begin before this returns; its end comes later."""
        now, occupancy = self._now(), self.occupancy
        occupancy.advance(now)
        occupancy.waiting += 1
        if self._free and (slot := self._take()) is not None:
            self._seat(request, slot, now)
        else:
            self._places[request] = None
            self._push(request)
            self._queued += 1
        if occupancy.waiting > occupancy.most:
            occupancy.most = occupancy.waiting

    def withdraw(self, request: Request) -> None:
        """Give it up, waiting or served; nothing more is told of it. Others begin in its place once this has returned."""
        now, occupancy = self._now(), self.occupancy
        occupancy.advance(now)
        slot = self._places.pop(request)
        if slot is not None and slot.began_s is not None:
            occupancy.in_service -= 1
        else:
            occupancy.waiting -= 1
            self._left_s += now - request.queued_s
        if slot is None:
            self._queued -= 1  # it is passed over when it comes up
        else:
            self._cut(slot, now)
            self._timeline.post(now, self._come_up, slot)
        if not self._places:
            self._rest()

    def close(self, context: Hashable) -> None:
        """Nothing more comes from this fan-out: workers need not keep its context."""
        for worker in self._workers:
            worker.drop(context)

    # -- from the queue to the end -------------------------------------------------------------------------------------

    def _take(self) -> Slot | None:
        """A free slot of a worker that is up, or just starts up for others; None if there is none."""
        free = self._free
        if self.setting.mtbf_s is None:
            return free.pop()
        now = self._now()
        while free:
            slot = free.pop()
            worker = slot.worker
            if worker.taken:
                return slot
            worker.catch_up(now)
            if worker.up_s <= now:
                return slot
            self._timeline.post(worker.up_s, self._come_up, slot)
        return None

    def _seat(self, request: Request, slot: Slot, now: float) -> None:
        self._places[request] = slot
        slot.request = request
        if self._is_plain:
            self._begin(slot, now)
        else:
            self._make_ready(slot, now)

    def _begin(self, slot: Slot, now: float) -> None:
        request, worker, occupancy = slot.request, slot.worker, self.occupancy
        occupancy.waiting -= 1
        occupancy.in_service += 1
        self.waits.add(now - request.queued_s)
        slot.began_s = now
        worker.attempts += 1
        slot.entry = self._post(now + request.begun(now, worker.number), self._end, slot)

    def _end(self, slot: Slot) -> None:
        now, request, occupancy = self._now(), slot.request, self.occupancy
        occupancy.advance(now)
        occupancy.in_service -= 1
        del self._places[request]
        self._vacate(slot, now)
        request.ended(now)  # more may be asked for by this: it has its turn with what waits
        if self._queued:
            self._seat(self._next(), slot, now)
        else:
            self._free.append(slot)
            if not self._places:
                self._rest()

    def _next(self) -> Request:
        """The one whose turn it is; what was withdrawn is passed over."""
        places, request = self._places, self._pop()
        while places.get(request, self) is not None:
            request = self._pop()
        self._queued -= 1
        return cast("Request", request)

    def _cut(self, slot: Slot, now: float) -> None:
        """Take a slot from who has it, before what was to come up for it."""
        if slot.entry is not None:
            self._timeline.cancel(slot.entry)
        self._vacate(slot, now)

    def _vacate(self, slot: Slot, now: float) -> None:
        """Nobody has this slot any more."""
        if slot.began_s is not None:
            slot.worker.busy_s += now - slot.began_s
        slot.request = slot.began_s = None
        if not self._is_plain:
            self._release(slot, slot.worker, now)

    def _release(self, slot: Slot, worker: Worker, now: float) -> None:
        worker.leave(now)
        if slot.cargo is not None:
            worker.unload(slot.cargo)
            slot.cargo = None

    # -- what stands before service ------------------------------------------------------------------------------------

    def _make_ready(self, slot: Slot, now: float) -> None:
        worker, slot.began_s = slot.worker, None
        worker.take(now)
        if worker.doom is None and self.setting.mtbf_s is not None:
            self._doom(worker)
        if worker.up_s > now:
            slot.entry = self._post(worker.up_s, self._ship, slot)
        else:
            self._ship(slot)

    def _ship(self, slot: Slot) -> None:
        slot.entry = None
        if self._freight is None:
            self._arrive(slot)
        else:
            request = slot.request
            cargo = slot.cargo = self._freight(request)
            self._link.send(slot, slot.worker.load(request.context, cargo, self._now()))

    def _arrive(self, slot: Slot) -> None:
        now = self._now()
        self.occupancy.advance(now)
        self._begin(slot, now)

    # -- workers that go and come --------------------------------------------------------------------------------------

    def _come_up(self, slot: Slot) -> None:
        now = self._now()
        self.occupancy.advance(now)
        self._free.append(slot)
        self._serve(now)

    def _serve(self, now: float) -> None:
        while self._queued and self._free and (slot := self._take()) is not None:
            self._seat(self._next(), slot, now)

    def _doom(self, worker: Worker) -> None:
        worker.doom = self._timeline.at(worker.fails_s, self._fail, worker)
        self._doomed.append(worker)

    def _rest(self) -> None:
        """Nobody is here: nothing needs to come up before somebody is."""
        for worker in self._doomed:
            if worker.doom is not None:
                worker.doom.cancel()
                worker.doom = None
        self._doomed.clear()

    def _fail(self, worker: Worker) -> None:
        """What it serves is lost; what it was being made ready for goes back to the queue."""
        now, occupancy, worker.doom = self._now(), self.occupancy, None
        if not worker.taken:
            return  # it is noticed when it matters
        if worker.fails_s > now:  # it has been noticed at this moment
            self._doom(worker)
            return
        occupancy.advance(now)
        taken = [slot for slot in worker.slots if slot.request is not None]
        lost = [slot.request for slot in taken if slot.began_s is not None]
        for request in lost:
            del self._places[request]
        occupancy.in_service -= len(lost)
        worker.lost += len(lost)
        for slot in reversed(taken):  # so that the first is the first again
            if slot.began_s is None:
                self._places[slot.request] = None
                self._back(slot.request)
                self._queued += 1
            self._cut(slot, now)
        worker.fail()
        for slot in taken:
            self._post(worker.up_s, self._come_up, slot)
        for request in lost:
            request.lost(now)
        self._serve(now)

    # -- what there is to tell -----------------------------------------------------------------------------------------

    def queue(self) -> Columns:
        """A row a bin of time: time_s (its beginning), waiting and in_service (means over it), most_waiting (at once)."""
        self.occupancy.advance(self._now())
        return self.occupancy.columns()

    def workers(self) -> Columns:
        """A row a worker, with the columns of `WorkerRow`."""
        now = self._now()
        self.occupancy.advance(now)
        rows = [worker.row(now, self.occupancy.passed_s) for worker in self._workers]
        return dict(zip(WorkerRow._fields, map(list, zip(*rows, strict=True)), strict=True))

    def little(self) -> tuple[Little, Little]:
        """Little's law for what waited and for what was served, so far."""
        now = self._now()
        self.occupancy.advance(now)
        waited_area, served_area = self.occupancy.areas
        still = sum(
            now - request.queued_s
            for request, slot in self._places.items()
            if slot is None or slot.began_s is None
        )
        waited = self.waits.total + self._left_s + still
        served = sum(worker.served_s(now) for worker in self._workers)
        count = self.waits.count + len(self._places)
        return Little("waiting", waited_area, waited, count, now), Little(
            "service", served_area, served, count, now
        )

    def wait(self) -> Interval | None:
        """The mean wait of those that were begun, with its interval of 99 %; None where there are none."""
        return self.waits.interval() if self.waits.count else None

    def __repr__(self) -> str:
        return f"<Pool of {workers_text(self.setting)}: {self.occupancy.waiting:,} waiting, {self.occupancy.in_service:,} in service>"
