"""A performer of the meter's own: it performs some attempts itself, and reads its clock where the engine reads its own."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import perf_counter_ns
from typing import Any, Final, cast

from attune_sim.contexts.strategy import Fork
from attune_sim.engine.events import ActionEnded, OpenFanOut, Outcome, StartAction
from attune_sim.engine.offer import Offer
from attune_sim.errors import ExpressionError, ResultError
from attune_sim.executors.attempts import ended_by
from attune_sim.executors.inline import InlinePerformer
from attune_sim.executors.readied import Action, Readied
from attune_sim.executors.stoppable import is_async
from attune_sim.executors.timeline import RealTimeline

_NS: Final = 1e-9

Prepared = tuple[Fork, Mapping[str, Any]]
"""Fork and input of an attempt."""

Chosen = Callable[[int], bool]
"""Whether an item, by its index, is one that the meter forks, renders and calls."""


class Times:
    """What forks, renderings and actions of a fan-out took, in nanoseconds by index, each with one reading of the clock in it; 0 of
    what the meter did not do, and of items that were tried again.

    >>> Times(3).render.tolist()
    [0, 0, 0]
    """

    __slots__ = ("action", "fork", "render")

    def __init__(self, items: int) -> None:
        self.fork, self.render, self.action = (array("q", bytes(8 * items)) for _ in self.__slots__)

    def forget(self, slot: int) -> None:
        self.fork[slot] = self.render[slot] = self.action[slot] = 0


def read(times: array[int]) -> array[int]:
    """Those of some times that are one.

    >>> read(array("q", [0, 700, 0, 900])).tolist()
    [700, 900]
    """
    return array("q", filter(None, times))


class MeteringPerformer(InlinePerformer):
    """Performs attempts as `inline` does. Those of the `chosen` items it forks, renders and calls itself, in its own code: a watch around
    these calls would warm what they need, and be in the engine's figures of the same run.

    It leaves to the engine what is no plain call: plain tasks, sub-workflows, actions that are awaited or have a limit, attempts
    after the first one, and results that stay where they are made.
    """

    def __init__(self, timeline: RealTimeline, chosen: Chosen) -> None:
        super().__init__(timeline)
        self._chosen = chosen
        self._times: list[tuple[Offer, Times]] = []  # the offer itself: a later one may have its identity

    def times(self, offer: Offer | None) -> Times | None:
        """What the items of a fan-out took; None of one that was left to the engine."""
        return next((times for known, times in self._times if known is offer), None)

    def open(self, command: OpenFanOut) -> None:
        offer = command.offer
        if not self._is_own(offer):
            super().open(command)
            return
        times = Times(len(offer.items))
        self._times.append((offer, times))
        slots = range(len(offer.items)) if command.left is None else command.left
        # Where forks are kept, the engine takes from here one item after the other.
        super().open(replace(command, left=cast("tuple[int, ...]", self._left(offer, slots, times))))

    def _is_own(self, offer: Offer) -> bool:
        if offer.plain or offer.calls or offer.kept is not None:
            return False
        action = self._drive.job.actions[offer.action]
        is_limited = offer.timeout is not None and not (isinstance(action, Readied) and action.is_known)
        return not (is_limited or is_async(action))

    def _left(self, offer: Offer, slots: Iterable[int], times: Times) -> Iterator[int]:
        """The items that the engine is to fork; between them the chosen ones are forked, and kept with the others."""
        kept = cast("list[Fork | None]", self._attempts.forks_kept(offer))
        fork_item, items, chosen, clock = _fork_item(offer), offer.items, self._chosen, perf_counter_ns
        for slot in slots:
            if not chosen(slot):
                yield slot
                continue
            item = items[slot]
            began = clock()
            try:
                fork = fork_item(item, slot)
            except ResultError:
                yield slot  # to the engine, which knows what is to be told of it
                continue
            times.fork[slot] = clock() - began
            kept[slot] = fork

    def _made(self, offer: Offer) -> Callable[[StartAction], ActionEnded]:
        perform, times = super()._made(offer), self.times(offer)
        if times is None:
            return perform
        chosen, kept = self._chosen, self._attempts.forks_kept(offer)
        own = self._own(offer, times, perform)

        def either(command: StartAction) -> ActionEnded:
            slot = command.slot
            if command.attempt:
                times.forget(slot)
            elif chosen(slot) and not (kept and kept[slot] is None):
                return own(command)
            return perform(command)

        return either

    def _own(
        self, offer: Offer, times: Times, perform: Callable[[StartAction], ActionEnded]
    ) -> Callable[[StartAction], ActionEnded]:
        """What performs the attempts over an offer in the meter's own code; `perform` takes over where that cannot fork or render."""
        task, visit, run, actions = offer.task, offer.visit, offer.run, times.action
        action, clock, origin = self._drive.job.actions[offer.action], perf_counter_ns, self._timeline.origin
        kept = cast("list[Fork]", self._attempts.forks_kept(offer))
        prepare = _rendering(offer, kept, times) if kept else _forking(offer, times)

        def own(command: StartAction, call: Action = action) -> ActionEnded:
            slot, attempt = command.slot, command.attempt
            outcome: Outcome = "succeeded"
            result: Any = None
            error = None
            began = clock()
            try:
                fork, input = prepare(slot)
            except (ExpressionError, ResultError):
                return perform(command)
            called = clock()
            try:
                result = call(**input)
                ended = clock()
            except (MemoryError, KeyboardInterrupt):
                raise
            except BaseException as raised:
                outcome, result, error = ended_by(raised, offer.action, input)
                ended = clock()
            actions[slot] = ended - called
            del fork, input
            return ActionEnded(
                task, visit, slot, attempt, outcome, result, error, began * _NS - origin, ended * _NS - origin, run
            )  # fmt: skip

        if not isinstance(action, Readied):
            return own
        readied = action.ready
        return lambda command: own(command, readied(command))


def _forking(offer: Offer, times: Times) -> Callable[[int], Prepared]:
    """What forks for an item, and renders. One reading of the clock ends the one and begins the other: a second one would be warm."""
    fork_item, items, clock, last = _fork_item(offer), offer.items, perf_counter_ns, offer.ended
    render, forks, renderings = offer.rendering, times.fork, times.render

    def prepare(slot: int) -> Prepared:
        item = items[slot]
        began = clock()
        fork = fork_item(item, slot)
        forked = clock()
        input = render(fork, last)
        ready = clock()
        forks[slot], renderings[slot] = forked - began, ready - forked
        return fork, input

    return prepare


def _rendering(offer: Offer, kept: Sequence[Fork], times: Times) -> Callable[[int], Prepared]:
    """What renders from the fork that was kept for an item."""
    render, renderings, clock, last = offer.rendering, times.render, perf_counter_ns, offer.ended

    def prepare(slot: int) -> Prepared:
        fork = kept[slot]
        began = clock()
        input = render(fork, last)
        ready = clock()
        renderings[slot] = ready - began
        return fork, input

    return prepare


def _fork_item(offer: Offer) -> Callable[[Any, int], Fork]:
    """Forks for an item, under a lock where two threads must not fork at once, as they do in any run."""
    fork_item = offer.forker.fork
    if offer.concurrent:
        return fork_item
    lock = threading.Lock()

    def in_turn(item: Any, index: int) -> Fork:
        with lock:
            return fork_item(item, index)

    return in_turn
