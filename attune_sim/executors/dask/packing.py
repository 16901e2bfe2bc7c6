"""What is sent of a run, made at home: its actions, an offer once, the attempts of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from attune_sim.byvalue import by_value, homeless
from attune_sim.contexts.strategy import Fork
from attune_sim.engine.events import StartAction
from attune_sim.engine.offer import Offer
from attune_sim.errors import InputError, ResultError
from attune_sim.executors.attempts import Attempts
from attune_sim.executors.dask.desk import Arrived, AsSent, Batch, MadeReady, Slot
from attune_sim.executors.dask.parcels import (
    Parcel,
    Pieces,
    item_refusal,
    packed,
    refused_by_pickle,
    refused_part,
    shown_in,
)
from attune_sim.executors.dask.posts import Pace
from attune_sim.executors.drive import Job
from attune_sim.executors.preparing import US
from attune_sim.executors.readied import Readied
from attune_sim.executors.timeline import RealTimeline
from attune_sim.scope import MISSING, Ended


class Opened:
    """An offer under way: what is sent of it, once, and what its attempts take."""

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.parcel: Parcel | None = None
        self.refusal: str | None = None
        self.forks: dict[int, Fork] = {}
        self.pace = Pace()

    @property
    def shell(self) -> Offer:
        """What a plain task is to its worker, which is handed the input of its attempt."""
        input: Any = AsSent()
        return replace(
            self.offer,
            items=(),
            forker=Arrived(),
            input=input,
            parameters=None,
            ended=Ended(),
            result_of=None,
        )


class Packing:
    """Packs for the workers of one run. Secrets that cannot be taken out are refused, unless the cluster `is_ours`."""

    def __init__(self, job: Job, attempts: Attempts, timeline: RealTimeline) -> None:
        self._job, self._attempts, self._timeline = job, attempts, timeline
        self._secrets = job.secrets
        self._is_ours = True
        self._homeless = homeless()
        self.pieces = Pieces(job.secrets)
        self.calls: dict[tuple[Any, ...], bytes] = {}
        """Made ready for attempts that were lost, or given back."""

    def actions(self) -> dict[str, bytes]:
        """Every action that the run may call. Raises `InputError` for one that cannot be sent."""
        actions = {}
        for ref in sorted(self._job.named()):
            action = self._job.actions[ref]
            try:
                with by_value(self._homeless):
                    sent = MadeReady(action) if isinstance(action, Readied) else action
                    actions[ref] = packed(sent, self._secrets).data
            except MemoryError:
                raise
            except Exception:
                error = refused_by_pickle(f"action {ref!r}", ref, action)
                raise InputError(
                    f"{error}; let it open files, locks and connections when it is first called"
                ) from None
        return actions

    def check(self, actions: Mapping[str, bytes], *, is_ours: bool) -> None:
        """Note whose the cluster is. Raises `InputError` for an action that would show a secret to others."""
        self._is_ours = is_ours
        for ref, data in actions.items():
            if (path := self._secret_in(data)) is not None:
                raise InputError(
                    f"action {ref!r} holds the secret {path}, which would reach a cluster that is not this run's own in "
                    "plain; hand it over as an input"
                )

    def _secret_in(self, data: bytes) -> str | None:
        """The place of a secret that stands in what is sent to somebody else's cluster; None if none does."""
        if self._is_ours:
            return None
        return shown_in(data, self._secrets)

    def parcel(self, opened: Opened) -> Parcel | None:
        """What is sent of a fan-out, once; a plain task goes along with its one attempt. Raises `ResultError`."""
        offer = opened.offer
        if offer.plain:
            return None
        if opened.parcel is None:
            if offer.context is not None:
                self.pieces.note(offer.context)
            # Where an input calls `result()` it reads it from its fork.
            ended = offer.ended if offer.ended.last is None else offer.ended._replace(result=None)
            forker = Arrived() if offer.forks_travel else offer.forker
            # A range makes each of its items where it is asked for it.
            items = offer.items if is_described(offer) else ()
            shell = replace(offer, items=items, ended=ended, forker=forker)
            try:
                opened.parcel = self._sendable(shell, f"task {offer.task!r}: its context", pieces=True)
            except ResultError as error:
                part = None if offer.context is None else refused_part(offer.context)
                opened.refusal = str(error) if part is None else _refusal(offer, part[1])
                raise ResultError(opened.refusal) from None
        return opened.parcel

    def unsendable(self, opened: Opened, slot: Slot, reason: str) -> str:
        """Why a slot that could not be packed with others cannot be sent: for what its item holds, or else for the reason."""
        if opened.refusal is not None or slot.item is MISSING:
            return reason
        offer = opened.offer
        part = item_refusal(slot.item)
        return (
            reason
            if part is None
            else f"task {offer.task!r}, item {slot.slot} cannot be sent to a worker: {part}"
        )

    def slot(self, opened: Opened, command: StartAction) -> Slot:
        """An attempt as it is sent. Raises `ResultError`, and `Unprepared` for the input of a plain task."""
        offer, slot = opened.offer, command.slot
        item = offer.items[slot]
        if offer.plain:
            return self._plain_slot(command)
        if opened.refusal is not None:
            raise ResultError(opened.refusal)
        call = self._call(command)
        if not offer.forks_travel:
            return Slot(slot, command.attempt, MISSING if is_described(offer) else item, call=call)
        began = self._timeline.clock()
        fork = opened.forks.pop(slot, None) if command.attempt == 0 else None
        fork = offer.fork(slot) if fork is None else fork
        fork_us = (self._timeline.clock() - began) * US
        try:
            sent = self._sendable(fork, f"task {offer.task!r}: its context", pieces=False)
        except ResultError as error:
            part = refused_part(fork)
            reason = str(error) if part is None else _refusal(offer, part[1])
            if part is not None and part[0] != "item":
                opened.refusal = reason  # every fork has it
            raise ResultError(reason) from None
        return Slot(slot, command.attempt, MISSING, sent.data, fork_us, call)

    def _plain_slot(self, command: StartAction) -> Slot:
        """The attempt of a plain task, rendered here: one input is less than what it is rendered from."""
        _, input, _, fork_us, render_us, _ = self._attempts.prepare(command)
        sent = self._sendable(dict(input), f"task {command.task!r}: its input", pieces=False)
        return Slot(
            command.slot, command.attempt, MISSING, sent.data, fork_us, self._call(command), render_us
        )

    def _call(self, command: StartAction) -> bytes | None:
        """What was made ready for an attempt here, since only the home knows which calls came before it; mostly nothing."""
        action = self._job.actions[command.action]
        if not isinstance(action, Readied):
            return None
        known = self.calls.pop(command.key[:4], None)
        if known is not None:
            return known
        return self._sendable(action.ready(command), f"task {command.task!r}: its script", pieces=False).data

    def batch(self, batch: Batch, opened: Opened) -> bytes:
        """A batch, packed. Raises `ResultError`."""
        batch = batch._replace(slots=in_a_row(batch.slots, opened.offer))
        return self._sendable(batch, f"task {opened.offer.task!r}: its items", pieces=False).data

    def _sendable(self, value: Any, what: str, *, pieces: bool) -> Parcel:
        """A value, pickled. Raises `ResultError` for what cannot be sent, or would show a secret on the way."""
        try:
            with by_value(self._homeless):
                parcel = packed(value, self._secrets, self.pieces if pieces else None)
        except MemoryError:
            raise
        except Exception as error:
            raise ResultError(f"{what} cannot be sent to a worker: {type(error).__name__}: {error}") from None
        if self._secrets:
            held = [parcel.data, *(self.pieces.parcels[key].data for key in parcel.needs)]
            path = next((path for path in map(self._secret_in, held) if path is not None), None)
            if path is not None:
                raise ResultError(
                    f"{what} holds the secret {path} inside a value that cannot be taken apart (bytes, an object of an action's "
                    "own); it is not sent to a cluster that is not this run's own"
                )
        return parcel


def is_described(offer: Offer) -> bool:
    """Whether a worker can make the items of an offer itself."""
    return type(offer.items) is range and not offer.forks_travel


def in_a_row(slots: Sequence[Slot] | range, offer: Offer) -> Sequence[Slot] | range:
    """The slots; as a range, if they are first attempts in a row, and all else is with the offer."""
    if isinstance(slots, range) or not is_described(offer):
        return slots
    first, last = slots[0].slot, slots[-1].slot
    if last - first + 1 != len(slots):
        return slots
    plain = all(slot == Slot(number, 0, MISSING) for number, slot in enumerate(slots, first))
    return range(first, last + 1) if plain else slots


def _refusal(offer: Offer, part: str) -> str:
    return f"task {offer.task!r}: its context cannot be sent to a worker: {part}"
