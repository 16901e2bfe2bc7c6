"""Actions that a performer makes ready for each attempt: those that have to know for which one they are called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable
from time import perf_counter
from typing import Any

from attune_sim.engine.events import StartAction

Action = Callable[..., Any]


class Readied(ABC):
    """An action that is asked what to call for each attempt, before anything of the attempt is timed.

    What answers from a script or a recording makes its result there: that may take as long as a fork, and is no work of the run.
    `is_async` tells that the calls are awaited, `is_known` that they answer at once, and need no time limit. When it was
    asked, by `perf_counter`, and how long that took stand in `began` and `took`, in seconds.
    """

    is_async = False
    is_known = True

    def __init__(self) -> None:
        self.began, self.took = array("d"), array("d")

    @abstractmethod
    def call_for(self, command: StartAction) -> Action:
        """What is called for this attempt with its input."""

    def ready(self, command: StartAction) -> Action:
        """The same, and what it took is noted."""
        began = perf_counter()
        call = self.call_for(command)
        self.began.append(began)
        self.took.append(perf_counter() - began)
        return call

    @property
    def nbytes(self) -> int:
        """Bytes of what is noted."""
        return 2 * self.began.itemsize * len(self.began)

    def __call__(self, **input: Any) -> Any:
        raise TypeError(f"{self!r} is called for an attempt: call what `ready` gives")


class _Around(Readied):
    def __init__(self, inner: Readied, wrap: Callable[[Action], Action]) -> None:
        super().__init__()
        self._inner, self._wrap = inner, wrap
        self.is_async, self.is_known = inner.is_async, inner.is_known

    def call_for(self, command: StartAction) -> Action:
        return self._wrap(self._inner.call_for(command))

    def __repr__(self) -> str:
        return repr(self._inner)


def around(action: Action, wrap: Callable[[Action], Action]) -> Action:
    """An action with something around each of its calls; `wrap` makes of one callable another one.

    >>> around(abs, lambda call: lambda x: -call(x))(-3)
    -3
    """
    return _Around(action, wrap) if isinstance(action, Readied) else wrap(action)
