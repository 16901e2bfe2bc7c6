"""The performer: hands attempts to workers in batches, and tells how they ended, in the thread of the timeline."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Any, Final

from attune_sim.engine.events import ActionEnded, AttemptKey, AttemptLost, OpenFanOut, StartAction, StopAction
from attune_sim.engine.offer import Offer
from attune_sim.errors import ClusterError, ResultError, counted
from attune_sim.executors.attempts import cancelled, without_call
from attune_sim.executors.dask.connecting import START_S, Connection
from attune_sim.executors.dask.desk import Answer, Batch, Ending, Slot
from attune_sim.executors.dask.ledger import Ledger
from attune_sim.executors.dask.link import Link
from attune_sim.executors.dask.news import Came, Done, Guest, Lost, News, Order, Vanished, Went
from attune_sim.executors.dask.packing import Opened, Packing
from attune_sim.executors.dask.parcels import unpacked
from attune_sim.executors.dask.posts import InHand, Post, Posts
from attune_sim.executors.drive import Drive
from attune_sim.executors.preparing import Unprepared
from attune_sim.executors.stoppable import left_behind
from attune_sim.executors.timeline import RealTimeline

MOST_LOSSES: Final = 3
"""Times that an attempt may be lost with its worker before its item has failed: it may be what ends them."""

NOBODY_S: Final = 60.0
"""Seconds without any worker after which the run is broken off."""

_FORGET: Final = 50  # closed offers that workers are told of at once


class DaskPerformer:
    """Performs attempts on the workers of a Dask cluster. `ledger` tells what each was sent and did.

    Attempts that a worker had in hand when it died are told as lost, and are made anew elsewhere, alone in their batch; one
    that is lost too often has failed.
    """

    def __init__(self, timeline: RealTimeline, cluster: Any = None, ledger: Ledger | None = None) -> None:
        self._timeline, self._cluster = timeline, cluster
        self._queue: deque[StartAction] = deque()
        self._again: deque[StartAction] = deque()  # handed over before, and given back unbegun
        self.start = self._queue.append
        self._news: deque[News] = deque()
        self._posts = Posts()
        self._batches: dict[int, InHand] = {}
        self._opened: dict[int, Opened] = {}  # by the identity of an open offer
        self._losses: dict[tuple[Any, ...], int] = {}
        self._stopped: set[AttemptKey] = set()
        self._closed: list[str] = []
        self._number = count(1).__next__
        self._nobody_since: float | None = None
        self._abandoned = 0
        self._link: Link | None = None
        self._connection: Connection | None = None
        self.ledger = Ledger() if ledger is None else ledger

    # -- begin and end -------------------------------------------------------------------------------------------------

    def enter(self, drive: Drive) -> None:
        """Connect, and send what every worker needs. Raises `InputError`: nothing has begun then."""
        self._drive = drive
        self._secrets = drive.job.secrets
        self._packing = Packing(drive.job, drive.attempts, self._timeline)
        actions = self._packing.actions()
        self._connection = Connection(self._cluster)
        self._packing.check(actions, is_ours=self._connection.is_ours)
        self._link = Link(
            self._connection.client, self._hear, self.ledger, self._secrets, is_ours=self._connection.is_ours
        )
        for guest in self._link.open(actions, START_S):
            self._posts.add(guest)
        self._timeline.work(self._work)
        self._timeline.on_interrupt(drive.cancel)

    def leave(self) -> None:
        if self._link is not None:
            for number in self._batches:
                self._link.drop(number)
            self._link.close(5.0)
        if self._connection is not None:
            self._connection.close()
        if self._abandoned:
            self._drive.job.warn(left_behind(self._abandoned))

    # -- what the drive asks for ---------------------------------------------------------------------------------------

    def open(self, command: OpenFanOut) -> None:
        offer = command.offer
        opened = self._opened_of(offer)
        if self._drive.job.eager and offer.forks_travel and not (offer.plain or offer.calls):
            for slot in range(len(offer.items)) if command.left is None else command.left:
                with suppress(ResultError):  # it fails when its turn comes
                    opened.forks[slot] = offer.fork(slot)

    def _opened_of(self, offer: Offer) -> Opened:
        return self._opened.get(id(offer)) or self._opened.setdefault(id(offer), Opened(offer))

    def stop(self, command: StopAction) -> None:
        """An attempt that waits here is given up; one at a worker is stopped there, if it can be."""
        for queue in (self._queue, self._again):
            waiting = next((waiting for waiting in queue if waiting.key == command.key), None)
            if waiting is not None:
                queue.remove(waiting)
                now = self._timeline.now()
                self._timeline.at(now, self._drive.tell, cancelled(waiting, now))
                return
        self._stopped.add(command.key)
        for batch in self._batches.values():
            held = batch.commands.get(command.index or 0)
            if held is not None and held.key == command.key and self._link is not None:
                self._link.stop(batch.post.guest, [tuple(command.key)])

    def withdraw(self) -> list[StartAction]:
        queued = [*self._again, *self._queue]
        self._again.clear()
        self._queue.clear()
        return queued

    def close(self, offer: Offer) -> None:
        opened = self._opened.pop(id(offer), None)
        if opened is not None and opened.parcel is not None and self._link is not None:
            self._closed.append(opened.parcel.key)
            if len(self._closed) >= _FORGET:
                self._link.forget(self._closed)
                self._closed = []
        self._drive.attempts.close(offer)

    # -- news ----------------------------------------------------------------------------------------------------------

    def _hear(self, news: News) -> None:
        """Called by the link, in a thread that must not wait."""
        self._news.append(news)
        if self._link is not None:
            self._link.nudge(self._timeline.nudge)

    def _work(self) -> bool:
        """Tell what came back, and hand out what waits."""
        news = bool(self._news)
        while self._news and self._drive.ending is None:
            self._take(self._news.popleft())
            if self._timeline.interrupts.pending:
                self._timeline.settle()
        if self._drive.ending is None:
            self._hand_out()
            self._look_for_anybody()
        return news

    def _take(self, news: News) -> None:
        if type(news) is Done:
            if (batch := self._returned(news.number)) is not None:
                self._tell_all(batch, news.answer)
        elif type(news) is Lost:
            if (batch := self._returned(news.number)) is not None:
                self._lose(batch, news.why)
        elif type(news) is Came:
            self._posts.add(news.guest)
        elif type(news) is Went:
            self._take_leave(news.guest)
        elif type(news) is Vanished:
            raise ClusterError(self._broken_off("the Dask cluster is gone", news.why))

    def _returned(self, number: int) -> InHand | None:
        batch = self._batches.pop(number, None)
        if batch is not None:
            batch.post.batches.pop(number, None)
            batch.post.in_flight -= len(batch.commands)
        return batch

    def _tell_all(self, batch: InHand, data: bytes) -> None:
        answer: Answer = unpacked(data, self._secrets)
        account = batch.post.guest.account
        account.answer_bytes += len(data)
        account.items += len(answer.endings)
        self._abandoned += answer.abandoned
        if answer.out_of_memory is not None:
            raise MemoryError(f"on the worker {batch.post.guest.address}: {answer.out_of_memory}")
        offer = next(iter(batch.commands.values())).offer
        if answer.endings:
            self._opened_of(offer).pace.note_time(answer.took_s / len(answer.endings))
        for slot in answer.left:
            self._again.append(command := batch.commands.pop(slot))
            self._keep_call(batch, command)
        for ending in answer.endings:
            command = batch.commands.pop(ending.slot)
            if self._stopped:
                self._stopped.discard(command.key)
            self._drive.tell(self._event(command, ending, batch))

    def _event(self, command: StartAction, ending: Ending, batch: InHand) -> ActionEnded:
        key, offset = command.key, batch.post.guest.offset - self._timeline.origin
        now = self._timeline.now()
        started = min(max(ending.started + offset, batch.handed), now)
        ended = min(max(ending.ended + offset, started), now)
        return ActionEnded(
            key.task, key.visit, key.index, key.attempt, ending.outcome, ending.result, ending.error, started, ended,
            key.run, ending.stage, None, ending.fork_us, ending.render_us, ending.action_us, ending.drop_us, ending.raised,
        )  # fmt: skip

    def _keep_call(self, batch: InHand, command: StartAction) -> None:
        if (call := batch.calls.get(command.slot)) is not None:
            self._packing.calls[command.key[:4]] = call

    # -- losses --------------------------------------------------------------------------------------------------------

    def _take_leave(self, guest: Guest) -> None:
        post = self._posts.remove(guest)
        if post is None:
            return
        for batch in list(post.batches.values()):
            self._returned(batch.number)
            if self._link is not None:
                self._link.drop(batch.number)
            self._lose(batch, f"the worker {guest.address} is gone: {guest.account.why}")

    def _lose(self, batch: InHand, why: str) -> None:
        batch.post.guest.account.lost += len(batch.commands)
        for command in batch.commands.values():
            key = command.key
            if key in self._stopped:
                self._stopped.discard(key)
                self._drive.tell(cancelled(command, self._timeline.now(), batch.handed))
                continue
            losses = self._losses[key[:4]] = self._losses.get(key[:4], 0) + 1
            if losses > MOST_LOSSES:
                reason = f"lost with its worker {losses} times, the last time because {why}"
                event = without_call(command, "failed", reason, batch.handed, self._timeline.now())
                event.result = {"error": reason}
                self._drive.tell(event)
            else:
                self._keep_call(batch, command)
                self._drive.tell(AttemptLost(key.task, key.visit, key.index, key.attempt, key.run))

    def _look_for_anybody(self) -> None:
        if len(self._posts):
            self._nobody_since = None
            return
        now = time.monotonic()
        self._nobody_since = now if self._nobody_since is None else self._nobody_since
        if now - self._nobody_since > NOBODY_S:
            raise ClusterError(
                self._broken_off(
                    "the Dask cluster has no worker left", f"none came back within {NOBODY_S:g} s"
                )
            )

    def _broken_off(self, what: str, why: str) -> str:
        waiting = (
            len(self._queue) + len(self._again) + sum(len(one.commands) for one in self._batches.values())
        )
        return (
            f"{what} ({why}), with {counted(waiting, 'attempt')} under way; what had ended stands in the journal, if there is "
            "one: take the run up with at.resume(JOURNAL)"
        )

    # -- handing out ---------------------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        while queue := self._again or self._queue:
            is_again = queue is self._again
            # What was lost before may be what ends workers: nothing else is to be lost with it, nor blamed for it.
            post = self._posts.freest(idle=self._is_suspect(queue[0]))
            if post is None:
                return
            opened = self._opened_of(queue[0].offer)
            room = self._posts.room(post, len(self._queue) + len(self._again))
            commands = self._next_of(queue, min(opened.pace.batch, room))
            if not is_again:
                for command in commands:
                    self._drive.job.steps.begin(command)
            self._hand(post, opened, commands)

    def _next_of(self, queue: deque[StartAction], most: int) -> list[StartAction]:
        """The next attempts over one offer; one that was lost before comes alone."""
        offer, commands = queue[0].offer, [queue.popleft()]
        if not self._is_suspect(commands[0]):
            while (
                queue and len(commands) < most and queue[0].offer is offer and not self._is_suspect(queue[0])
            ):
                commands.append(queue.popleft())
        return commands

    def _is_suspect(self, command: StartAction) -> bool:
        return bool(self._losses) and command.key[:4] in self._losses

    def _hand(self, post: Post, opened: Opened, commands: list[StartAction]) -> None:
        slots: list[Slot] = []
        taken: dict[int, StartAction] = {}
        for command in commands:
            try:
                slots.append(self._packing.slot(opened, command))
                taken[command.slot] = command
            except Unprepared as failed:
                self._tell_later(self._drive.attempts.unprepared(command, failed, self._timeline.now()))
            except ResultError as error:
                self._refuse(command, str(error))
        if not slots:
            return
        try:
            parcel = self._packing.parcel(opened)
            data = self._packing.batch(Batch(parcel.key if parcel else opened.shell, tuple(slots)), opened)
        except ResultError as error:
            self._hand_apart(post, opened, taken, slots, str(error))
            return
        number = self._number()
        calls = {slot.slot: slot.call for slot in slots if slot.call is not None}
        is_alone = any(map(self._is_suspect, taken.values()))
        batch = InHand(number, post, taken, self._timeline.now(), calls, is_alone)
        self._batches[number] = post.batches[number] = batch
        post.in_flight += len(taken)
        account = post.guest.account
        account.batches += 1
        account.item_bytes += len(data)
        opened.pace.note_bytes(len(data) / len(slots))
        needs = {}
        if parcel is not None:
            needs = {key: self._packing.pieces.parcels[key].data for key in parcel.needs}
            needs[parcel.key] = parcel.data
        secrets = {path: value for path, value in self._secrets.values.items() if path not in post.secrets}
        post.secrets.update(secrets)
        assert self._link is not None
        self._link.hand(Order(number, post.guest, needs, secrets, data))

    def _hand_apart(
        self, post: Post, opened: Opened, taken: Mapping[int, StartAction], slots: list[Slot], reason: str
    ) -> None:
        """One by one, so that only what cannot be sent fails."""
        for slot in slots:
            command = taken[slot.slot]
            if len(slots) == 1 or opened.refusal is not None:
                self._refuse(command, self._packing.unsendable(opened, slot, reason))
                continue
            if slot.call is not None:
                self._packing.calls[command.key[:4]] = slot.call
            self._hand(post, opened, [command])

    def _refuse(self, command: StartAction, reason: str) -> None:
        """The attempt failed before its context was there; told later, as every end is."""
        now = self._timeline.now()
        event = without_call(command, "failed", reason, now, now)
        event.stage = "fork"
        self._tell_later(event)

    def _tell_later(self, event: ActionEnded) -> None:
        self._timeline.at(self._timeline.now(), self._drive.tell, event)

    def __repr__(self) -> str:
        return f"<DaskPerformer: {self._posts!r}, {counted(len(self._queue), 'attempt')} waiting>"
