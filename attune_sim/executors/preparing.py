"""Forks and inputs of attempts: made as each begins, or all forks when their fan-out opens; timed, and told to hooks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Any, Final

from attune_sim.contexts.strategy import Fork
from attune_sim.engine.events import OpenFanOut, Stage, StartAction
from attune_sim.engine.observe import ForksMade, Watch
from attune_sim.engine.offer import Offer
from attune_sim.errors import ExpressionError, ResultError
from attune_sim.executors.timeline import Timeline

US: Final = 1e6


class Unprepared(Exception):
    """A context that cannot be forked, or an input that cannot be rendered: how far it came, why, what it took.

    `began` is what the clock read when the attempt began.
    """

    def __init__(self, stage: Stage, reason: str, began: float, fork_us: float) -> None:
        self.stage, self.reason, self.began, self.fork_us = stage, reason, began, fork_us


Ready = tuple[Fork, Mapping[str, Any], float, float, float, float]
"""What an attempt is handed: fork and input, what the clock read when it began, the microseconds that each of the two
took, and what the clock read when both were there. A bare tuple, since there is one an item."""


class _KeptForks(ForksMade):
    """The forks of an eager fan-out, by slot: None of one that is not wanted, and of one that could not be forked, which
    is `refused` for a reason."""

    __slots__ = ("forks", "refused")

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self.forks: list[Fork | None] = [None] * slots
        self.refused: dict[int, Unprepared] = {}


class Preparing:
    """Makes forks and inputs of attempts in this process, on a timeline that gives run time and the clock of cost time.

    With `eager`, all slots of a fan-out are forked when it opens and let go when it closes; a slot that cannot be forked
    fails alone, when its turn comes. Where a strategy does not promise that two threads may fork at once, one waits for the
    other. Hooks are called under the lock of the timeline.
    """

    def __init__(self, watch: Watch, timeline: Timeline, *, eager: bool = False) -> None:
        self._watch, self._timeline, self._eager = watch, timeline, eager
        self.clock = timeline.clock
        self._tells_attempts = bool(watch.preparing or watch.prepared or watch.calling)
        self._tells_forks = bool(watch.forked)
        self.is_measured = bool(watch.fork_sampled)
        self._fork_lock = threading.Lock()
        # Both by the identity of the offer, which lives as long as it is open.
        self._kept: dict[int, _KeptForks] = {}
        self._looked_at: dict[int, int] = {}

    # -- forks that are made before they are needed --------------------------------------------------------------------

    def open(self, command: OpenFanOut) -> None:
        """Fork what has not ended, if forks are to exist from the start."""
        offer = command.offer
        if not self._eager or offer.plain or offer.calls:
            return
        kept = self._kept[id(offer)] = _KeptForks(len(offer.items))
        if not offer.run:
            for hook in self._watch.forking:
                hook(offer, kept)
        self._fork_all(kept, offer, range(len(offer.items)) if command.left is None else command.left)

    def _fork_all(self, kept: _KeptForks, offer: Offer, slots: Iterable[int]) -> None:
        fork_item, items, clock = self._forking(offer), offer.items, self.clock
        forks, took, tells_forks = kept.forks, kept.fork_us, self._tells_forks
        is_sampled, look_from, looking = self._is_sampled(offer), 0, 0.0
        opened = clock()
        for slot in slots:
            item = items[slot]  # before the clock is read: to look an item up is no part of its fork
            began = clock()
            try:
                fork = fork_item(item, slot)
            except ResultError as error:
                reason = str(offer.cannot_fork(slot, error))
                kept.refused[slot] = Unprepared("fork", reason, began, (clock() - began) * US)
                continue
            took[slot] = fork_us = (clock() - began) * US
            forks[slot] = fork
            kept.number += 1
            if tells_forks:
                self._tell_forked(offer, slot, fork, fork_us)
            if is_sampled and slot >= look_from:
                began = clock()
                look_from = self._look(offer, slot, fork)
                looking += clock() - began
        kept.loop_us = (clock() - opened - looking) * US - sum(took)

    def close(self, offer: Offer) -> None:
        """Let go of what was kept."""
        self._looked_at.pop(id(offer), None)
        kept, began = self._kept.pop(id(offer), None), self.clock()
        if kept is not None:
            kept.forks.clear()
        drop_us = (self.clock() - began) * US
        if not offer.run and not offer.plain:
            for hook in self._watch.fan_out_closed:
                hook(offer, drop_us)

    def forks_kept(self, offer: Offer) -> Sequence[Fork | None]:
        """The forks that were made when this offer was opened, by slot (None: it was not wanted, or could not be made); none
        where each is made as its attempt begins."""
        kept = self._kept.get(id(offer))
        return () if kept is None else kept.forks

    # -- looking at some of the forks ----------------------------------------------------------------------------------

    def _is_sampled(self, offer: Offer) -> bool:
        return self.is_measured and not (offer.run or offer.plain)

    def _look(self, offer: Offer, slot: int, fork: Fork) -> int:
        """From which slot on to look again."""
        return self._first_asked(self._watch.fork_sampled, offer.task, slot, fork)

    def _first_pause(self, offer: Offer) -> float:
        return 0 if self._watch.attempt_sampled and not offer.run else inf

    def _pause(self, offer: Offer, slot: int) -> int:
        """From which slot on to pause again, before its attempt begins."""
        return self._first_asked(self._watch.attempt_sampled, offer.task, slot)

    def _first_asked(self, hooks: Iterable[Callable[..., int]], *told: Any) -> int:
        with self._timeline.lock:
            return min(int(hook(*told)) for hook in hooks)

    # -- preparing -----------------------------------------------------------------------------------------------------

    def preparing(self, offer: Offer) -> Callable[[StartAction], Ready]:
        """What makes fork and input of the attempts over an offer, and raises `Unprepared`.

        What is the same for all slots is looked up here, once.
        """
        if self._tells_attempts or self._tells_forks or offer.plain:
            return self.prepare
        kept = self._kept.get(id(offer))
        return self._preparing_anew(offer) if kept is None else self._preparing_kept(offer, kept)

    def inputs(self, offer: Offer) -> Callable[[StartAction], Mapping[str, Any]]:
        """What gives only the inputs of the attempts over an offer, where no time passes: nothing is timed, no fork outlives
        its rendering. Raises `Unprepared` as `preparing` does. Who hears of calls alone is told without a detour: there is
        one an item, of a million."""
        watch = self._watch
        is_watched = watch.preparing or watch.prepared or self._tells_forks or self.is_measured
        if is_watched or offer.plain or self._kept:
            prepare = self.preparing(offer)
            return lambda command: prepare(command)[1]
        fork_item, items, render, last = self._forking(offer), offer.items, offer.rendering, offer.ended
        calling = watch.calling

        def input_of(command: StartAction) -> Mapping[str, Any]:
            slot = command.slot
            try:
                input = render(fork_item(items[slot], slot), last)
            except (ExpressionError, ResultError):
                return self.prepare(command)[1]  # which fails in the same way, and says how far it came
            for hook in calling:
                hook(command)
            return input

        return input_of

    def _preparing_anew(self, offer: Offer) -> Callable[[StartAction], Ready]:
        clock, items, last = self.clock, offer.items, offer.ended
        fork_item, render = self._forking(offer), offer.rendering
        look_from: float = 0 if self._is_sampled(offer) else inf
        pause_from = self._first_pause(offer)

        def prepare(command: StartAction) -> Ready:
            nonlocal look_from, pause_from
            slot, forked = command.slot, None
            if slot >= pause_from:
                pause_from = self._pause(offer, slot)
            # Looked up where no time counts. Between two readings stands nothing but what is timed, not even a jump: behind a
            # fork that leaves caches cold each line of anything else takes as long as a fifth of a rendering.
            item, is_due = items[slot], slot >= look_from
            began = clock()
            try:
                fork = fork_item(item, slot)
                forked = there = clock()
                if is_due:
                    look_from = self._look(offer, slot, fork)
                    there = clock()
                input = render(fork, last)
                ready = clock()
            except (ExpressionError, ResultError) as error:
                if forked is not None:
                    raise Unprepared("render", str(error), began, (forked - began) * US) from None
                reason = str(offer.cannot_fork(slot, error))
                raise Unprepared("fork", reason, began, (clock() - began) * US) from None
            return fork, input, began, (forked - began) * US, (ready - there) * US, ready

        return prepare

    def _preparing_kept(self, offer: Offer, kept: _KeptForks) -> Callable[[StartAction], Ready]:
        clock, last, render = self.clock, offer.ended, offer.rendering
        forks, took = kept.forks, kept.fork_us
        pause_from = self._first_pause(offer)

        def prepare(command: StartAction) -> Ready:
            nonlocal pause_from
            slot = command.slot
            fork = forks[slot]
            if fork is None or command.attempt:
                return self.prepare(command)
            if slot >= pause_from:
                pause_from = self._pause(offer, slot)
            began = clock()
            try:
                input = render(fork, last)
                ready = clock()
            except (ExpressionError, ResultError) as error:
                raise Unprepared("render", str(error), began, took[slot]) from None
            return fork, input, began, took[slot], (ready - began) * US, ready

        return prepare

    def _forking(self, offer: Offer) -> Callable[[Any, int], Fork]:
        """Forks for one item; where two threads must not fork at once, in turn."""
        fork_item = offer.forker.fork
        if offer.concurrent:
            return fork_item

        def fork_in_turn(item: Any, index: int) -> Fork:
            with self._fork_lock:
                return fork_item(item, index)

        return fork_in_turn

    def prepare(self, command: StartAction) -> Ready:
        """Fork and input of an attempt. Raises `Unprepared`. What hooks take is no part of the figures."""
        offer, clock = command.offer, self.clock
        began = clock()
        if self._tells_attempts:
            self._tell_preparing(command)
        if self._kept:
            fork, fork_us = self._kept_fork(command, began)
        else:
            fork, fork_us = self._fork(offer, command.slot)
            self._look_if_due(offer, command.slot, fork)
        forked = clock()
        try:
            input = offer.render(fork)
        except (ExpressionError, ResultError) as error:
            raise Unprepared("render", str(error), began, fork_us) from None
        render_us = (clock() - forked) * US
        if self._tells_attempts:
            self._tell_prepared(command, fork, input)
        return fork, input, began, fork_us, render_us, clock()

    def _tell_preparing(self, command: StartAction) -> None:
        if not command.offer.run:
            with self._timeline.lock:
                for hook in self._watch.preparing:
                    hook(command.task, command.index)

    def _tell_prepared(self, command: StartAction, fork: Fork, input: Mapping[str, Any]) -> None:
        with self._timeline.lock:
            if not command.offer.run:
                for hook in self._watch.prepared:
                    hook(command.task, command.index, fork, input)
            if not command.offer.calls:
                for calling in self._watch.calling:
                    calling(command)

    def _kept_fork(self, command: StartAction, began: float) -> tuple[Fork, float]:
        """The fork that was made for a first attempt when its fan-out opened; a retry, and who has none, forks anew."""
        kept = self._kept.get(id(command.offer)) if command.attempt == 0 else None
        if kept is not None and (failed := kept.refused.get(command.slot)) is not None:
            raise Unprepared(failed.stage, failed.reason, began, failed.fork_us)
        fork = None if kept is None else kept.forks[command.slot]
        if kept is None or fork is None:
            return self._fork(command.offer, command.slot)
        return fork, kept.fork_us[command.slot]

    def _fork(self, offer: Offer, slot: int) -> tuple[Fork, float]:
        clock = self.clock
        began = clock()
        try:
            if offer.concurrent:
                fork = offer.fork(slot)
            else:
                with self._fork_lock:
                    fork = offer.fork(slot)
        except ResultError as error:
            raise Unprepared("fork", str(error), began, (clock() - began) * US) from None
        fork_us = (clock() - began) * US
        if self._tells_forks:
            self._tell_forked(offer, slot, fork, fork_us)
        return fork, fork_us

    def _tell_forked(self, offer: Offer, slot: int, fork: Fork, fork_us: float) -> None:
        if not offer.run:
            with self._timeline.lock:
                for hook in self._watch.forked:
                    hook(offer.task, None if offer.plain else slot, fork, fork_us)

    def _look_if_due(self, offer: Offer, slot: int, fork: Fork) -> None:
        """The same where forks take turns, or are told to hooks anyway."""
        if self._is_sampled(offer) and slot >= self._looked_at.get(id(offer), 0):
            self._looked_at[id(offer)] = self._look(offer, slot, fork)
