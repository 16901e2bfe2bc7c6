"""Queue disciplines: which of the attempts that wait is served next. To add one, write a function and a line in `DISCIPLINES`."""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from typing import Any, Final, NamedTuple, Protocol

Expected = Callable[[Any], float]
"""About how many seconds of service a request will take."""


class Waiting(Protocol):
    """What a discipline looks at."""

    @property
    def cycle(self) -> int:
        """The number of the cycle that it belongs to."""


class Queue(NamedTuple):
    """What waits: `push` it, `pop` the next (`IndexError` if there is none), put one `back` that had been popped in vain."""

    push: Callable[[Any], None]
    pop: Callable[[], Any]
    back: Callable[[Any], None]


def fifo(seed: int, expected: Expected) -> Queue:
    """First come, first served.

    >>> queue = fifo(0, float)
    >>> queue.push("first"); queue.push("second"); queue.pop()
    'first'
    """
    line: deque[Any] = deque()
    return Queue(line.append, line.popleft, line.appendleft)


def lifo(seed: int, expected: Expected) -> Queue:
    """Last come, first served."""
    stack: list[Any] = []
    return Queue(stack.append, stack.pop, stack.append)


def shortest(seed: int, expected: Expected) -> Queue:
    """What is expected to be done soonest comes first, of equals the first come."""
    heap: list[tuple[float, int, Any]] = []
    order = count()

    def push(job: Any) -> None:
        heapq.heappush(heap, (expected(job), next(order), job))

    return Queue(push, lambda: heapq.heappop(heap)[2], push)


def at_random(seed: int, expected: Expected) -> Queue:
    """Any one, by the seed."""
    pool: list[Any] = []
    draw = Random(seed).randrange

    def pop() -> Any:
        if not pool:
            raise IndexError("nothing waits")
        chosen = draw(len(pool))
        pool[chosen], pool[-1] = pool[-1], pool[chosen]
        return pool.pop()

    return Queue(pool.append, pop, pool.append)


def fair(seed: int, expected: Expected) -> Queue:
    """One of each cycle in turn, so that a long one does not hold up those that come after it."""
    lines: OrderedDict[int, deque[Any]] = OrderedDict()

    def push(job: Waiting) -> None:
        lines.setdefault(job.cycle, deque()).append(job)

    def pop() -> Any:
        if not lines:
            raise IndexError("nothing waits")
        cycle, line = lines.popitem(last=False)
        job = line.popleft()
        if line:
            lines[cycle] = line
        return job

    def back(job: Waiting) -> None:
        lines.setdefault(job.cycle, deque()).appendleft(job)
        lines.move_to_end(job.cycle, last=False)

    return Queue(push, pop, back)


DISCIPLINES: Final[Mapping[str, Callable[[int, Expected], Queue]]] = {
    "fifo": fifo,
    "lifo": lifo,
    "shortest": shortest,
    "random": at_random,
    "fair": fair,
}
"""Name -> what makes an empty queue, from a seed and from what is expected of requests."""
