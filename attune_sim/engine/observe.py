"""Watching a run: a seam, never a patch.

An observer is any object with some of the methods of `Observer`; those it lacks are simply not called. The engine
calls them in the order of life and knows nothing of what they do: an observer that needs the time brings a clock.
The methods must not change what they are handed, and what they raise ends the run. They are handed real values, secrets
included: what an observer writes or shows, it must mask itself.

They are called in the home process only, one at a time. `preparing` to `calling` are told by whoever performs attempts
here; attempts that are performed in another process have none of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from attune_sim.engine.events import ActionEnded, AttemptLost, EndRun, StartAction
from attune_sim.engine.offer import Offer


class ForksMade:
    """What an eager fan-out has forked so far: it fills up while forks are made.

    `number` counts them, `fork_us` has the microseconds of each by slot (0: not forked), `loop_us` what the loop around them
    took, once it is over.
    """

    __slots__ = ("fork_us", "loop_us", "number")

    def __init__(self, slots: int) -> None:
        self.fork_us = array("f", bytes(4 * slots))
        self.number = 0
        self.loop_us = 0.0

    def __repr__(self) -> str:
        return f"<ForksMade: {self.number} of {len(self.fork_us)}>"


class Observer:
    """Every moment of a run, in order. Subclass it, or write a class with the methods you need.

    >>> class Starts:
    ...     def __init__(self): self.seen = []
    ...     def calling(self, command): self.seen.append((command.task, command.index))
    >>> Watch([Starts()]).calling[0].__name__
    'calling'
    """

    def run_started(self, workflow: Any, context: Any) -> None:
        """Before the first command; `context` is what the strategy's `begin` gave."""

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        """A task was asked for; `items` is the size of its fan-out, None for a plain task."""

    def fan_out_opened(self, offer: Offer) -> None:
        """What the attempts of a task (of a plain one too) are prepared from; nothing is forked yet."""

    def forking(self, offer: Offer, made: ForksMade) -> None:
        """Eager dispatch is about to fork all slots of a fan-out; `made` tells how far it is, whenever it is looked at."""

    def fork_sampled(self, task: str, index: int, fork: Any) -> int:
        """Just after some forks of a fan-out: after the first one, and then from the index on that was answered last."""
        return index + 1

    def attempt_sampled(self, task: str, index: int) -> int:
        """Just before some attempts of a fan-out, of which nothing is timed yet: before the first one, and then from the index on that was
        answered last."""
        return index + 1

    def preparing(self, task: str, index: int | None) -> None:
        """Just before the context is forked and the input rendered for one attempt. A retry is prepared anew."""

    def forked(self, task: str, index: int | None, fork: Any, fork_us: float) -> None:
        """Just after the fork, which took so many microseconds. With eager dispatch every item of a fan-out is forked before the first one is prepared."""

    def prepared(self, task: str, index: int | None, fork: Any, input: Any) -> None:
        """Just after. Not told where the preparation failed."""

    def calling(self, command: StartAction) -> None:
        """An action is about to be called; the only moment that is also told of attempts in sub-workflows."""

    def action_ended(self, event: ActionEnded) -> None:
        """An action that was called ended; the conductor has not acted on it yet."""

    def attempt_lost(self, event: AttemptLost) -> None:
        """An attempt died with its worker; it is made again, and no retry is used up."""

    def sub_workflow_started(self, call: StartAction, run: int) -> object:
        """A sub-workflow is about to begin, as the run of this number; what is answered watches it, from `run_started` on
        (None: nobody does)."""

    def fan_out_ended(self, offer: Offer) -> None:
        """Every attempt over an offer has ended; forks that are kept are still there, and nothing is made of the results."""

    def fan_out_closed(self, offer: Offer, drop_us: float) -> None:
        """Nothing more follows over an offer; letting go of forks that were kept until now took so many microseconds."""

    def item_failed(self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str) -> None:
        """An item of a fan-out is over and did not succeed (`action_ended` tells of each that did); `item_ended` follows."""

    def item_ended(
        self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str | None
    ) -> None:
        """An item of a fan-out is over, its retries included."""

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        """A task is over; status is succeeded, failed, timed_out, skipped or cancelled."""

    def warned(self, message: str) -> None:
        """Something was left out (a publish entry that could not be rendered)."""

    def run_ended(self, command: EndRun) -> None:
        """After the last event. A sub-workflow that is dropped, as its time is up, ends as cancelled, whatever was under way in it."""


HOOKS = tuple(name for name in vars(Observer) if not name.startswith("_"))


class Watch:
    """The observers of one run, sorted by hook once, so that the per-item path calls only what exists.

    Each attribute (`prepared`, `action_ended` ...) is a tuple of bound methods, in the order of the observers.
    """

    __slots__ = HOOKS

    def __init__(self, observers: Iterable[object] = ()) -> None:
        known = list(observers)
        for hook in HOOKS:
            setattr(self, hook, tuple(_methods(known, hook)))

    if (
        TYPE_CHECKING
    ):  # only there: with such a method, every look at an attribute would take five times as long

        def __getattr__(self, name: str) -> tuple[Callable[..., Any], ...]: ...

    def __repr__(self) -> str:
        heard = [hook for hook in HOOKS if getattr(self, hook)]
        return f"<Watch: {', '.join(heard) or 'nobody'}>"


def _methods(observers: list[object], hook: str) -> Iterable[Callable[..., None]]:
    for observer in observers:
        method = getattr(observer, hook, None)
        # A method inherited from Observer does nothing: not calling it is the same, and cheaper.
        if method is not None and getattr(type(observer), hook, None) is not getattr(Observer, hook):
            yield method
