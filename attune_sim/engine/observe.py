"""Watching a run: a seam, never a patch.

An observer is any object with some of the methods of `Observer`; those it lacks are simply not called. The engine
calls them in the order of life and knows nothing of what they do: an observer that needs the time brings a clock.
The methods must not change what they are handed, and what they raise ends the run. They are handed real values, secrets
included: what an observer writes or shows, it must mask itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attune_sim.engine.events import ActionEnded, EndRun, StartAction


class Observer:
    """Every moment of a run, in order. Subclass it, or write a class with the methods you need.

    >>> class Starts:
    ...     def __init__(self): self.seen = []
    ...     def action_started(self, command): self.seen.append((command.task, command.index))
    >>> Watch([Starts()]).action_started[0].__name__
    'action_started'
    """

    def run_started(self, workflow: Any, context: Any) -> None:
        """Before the first command; `context` is what the strategy's `begin` gave."""

    def task_started(self, task: str, visit: int, items: int | None) -> None:
        """A task was asked for; `items` is the size of its fan-out, None for a plain task."""

    def forking(self, task: str, index: int | None) -> None:
        """Just before the strategy forks the context for one item."""

    def forked(self, task: str, index: int | None, fork: Any) -> None:
        """Just after. With eager dispatch every item of a fan-out is forked before the first one is rendered."""

    def rendering(self, task: str, index: int | None) -> None:
        """Just before the input of one attempt is rendered."""

    def rendered(self, task: str, index: int | None, input: Any) -> None:
        """Just after. A retry renders anew."""

    def action_started(self, command: StartAction) -> None:
        """The command is about to be handed to the executor."""

    def action_ended(self, event: ActionEnded) -> None:
        """An attempt ended; the conductor has not acted on it yet."""

    def item_ended(
        self, task: str, visit: int, index: int, outcome: str, attempts: int, error: str | None
    ) -> None:
        """An item of a fan-out is over, its retries included."""

    def task_ended(self, task: str, visit: int, status: str, result: Any, error: str | None) -> None:
        """A task is over; status is succeeded, failed, timed_out, skipped or cancelled."""

    def warned(self, message: str) -> None:
        """Something was left out (a publish entry that could not be rendered)."""

    def run_ended(self, command: EndRun) -> None:
        """After the last event."""


HOOKS = tuple(name for name in vars(Observer) if not name.startswith("_"))


class Watch:
    """The observers of one run, sorted by hook once, so that the per-item path calls only what exists.

    Each attribute (`forked`, `action_ended` ...) is a tuple of bound methods, in the order of the observers.
    """

    __slots__ = HOOKS

    def __init__(self, observers: Iterable[object] = ()) -> None:
        known = list(observers)
        for hook in HOOKS:
            setattr(self, hook, tuple(_methods(known, hook)))

    def __getattr__(self, name: str) -> tuple[Callable[..., None], ...]:
        raise AttributeError(
            f"there is no moment {name!r} in the life of a run; choose from: {', '.join(HOOKS)}"
        )

    def __repr__(self) -> str:
        heard = [hook for hook in HOOKS if getattr(self, hook)]
        return f"<Watch: {', '.join(heard) or 'nobody'}>"


def _methods(observers: list[object], hook: str) -> Iterable[Callable[..., None]]:
    for observer in observers:
        method = getattr(observer, hook, None)
        # A method inherited from Observer does nothing: not calling it is the same, and cheaper.
        if method is not None and getattr(type(observer), hook, None) is not getattr(Observer, hook):
            yield method
