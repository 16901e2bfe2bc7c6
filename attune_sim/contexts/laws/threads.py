"""Forks in several threads: while the run goes on, and made from one forker at the same moment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

# The laws are no part of a run: they may start threads where a strategy must not.
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from itertools import count
from types import FrameType
from typing import Any, Final

from attune_sim.contexts.laws.law import GROWN, NESTED, Law, forked, grown, namespaces
from attune_sim.contexts.laws.places import held
from attune_sim.contexts.strategy import ContextStrategy, Fork, Forker, Path

_THREADS: Final = 3
_FORKS: Final = 80
_VERSIONS: Final = 60
_ROUNDS: Final = 5
_ITEMS: Final = 4
_PATIENCE: Final = (
    0.01  # seconds for a fork of another thread; who holds a lock of his own lets nobody in for as long
)
_DEPTH: Final = 3  # calls: what the standard library does deeper down counts as a part of a step
_READ: Final = NESTED | GROWN
_OTHERWISE: Final = "a fork has other values when another thread forks at the same moment"


@contextmanager
def _eager_threads() -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            yield pool
    finally:
        sys.setswitchinterval(before)


def _stands_threads(strategy: ContextStrategy) -> str | None:
    """Forks are made and read in several threads, of an old context and of ever newer ones, while one publishes."""
    context: Any = strategy.begin(namespaces())
    old, latest = strategy.fan_out(context, None), [_versioned(strategy, context, 0)]
    with _eager_threads() as pool:
        readers = [pool.submit(_read, old, latest, reader) for reader in range(_THREADS)]
        for n in range(1, _VERSIONS):
            latest.append(_versioned(strategy, latest[-1][0], n))
        return next((seen for reader in readers if (seen := reader.result()) is not None), None)


def _versioned(strategy: ContextStrategy, context: Any, n: int) -> tuple[Any, Forker, int]:
    after = strategy.store(strategy.publish(context, {"n": n, f"v{n}": n}), "n", {"n": n})
    return after, strategy.fan_out(after, None), n


def _read(old: Forker, latest: list[tuple[Any, Forker, int]], reader: int) -> str | None:
    for n in range(_FORKS):
        fork = old.fork({"reader": reader, "n": n}, n)
        item = fork.resolve("item")
        if (item["reader"], item["n"], fork.index) != (reader, n, n):
            return f"reader {reader} forked item {n} and got item {dict(item)} of another thread"
        if "n" in fork.resolve("workflow") or len(list(fork.resolve("task"))) != 1:
            return "a fork of an old context sees what another thread published"
        _, forker, version = latest[-1]
        fork = forker.fork(reader, n)
        variables = fork.resolve("workflow")
        seen = (variables["n"], fork.resolve("task")["n"]["n"], len(list(variables)), fork.resolve("item"))
        if seen != (version, version, version + 4, reader):
            return f"a fork of version {version} reads {seen} while another thread publishes"
    return None


def _forks_at_once(strategy: ContextStrategy) -> str | None:
    """Each round has a forker of its own, over a context that grew and that nobody has read: what is done only once, when
    somebody first asks, is met by all threads too."""
    for reads in (None, _READ):
        wanted = _alone(strategy, reads)
        with _eager_threads() as pool:
            for _ in range(_ROUNDS):
                alike = partial(_forks_alike, strategy.fan_out(grown(strategy), reads), wanted)
                if not all(pool.map(_begun_together(alike), range(_THREADS))):
                    return _OTHERWISE
    return None


def _begun_together(work: Callable[[int], bool]) -> Callable[[int], bool]:
    """The same work, begun by no thread before all of them are there."""
    there: list[int] = []

    def begun(thread: int) -> bool:
        there.append(thread)
        while len(there) < _THREADS:
            pass
        return work(thread)

    return begun


def _forks_at_any_step(strategy: ContextStrategy) -> str | None:
    """Chance meets a gap between two instructions once in hundreds of rounds; here another thread forks in each of them."""
    with ThreadPoolExecutor(1) as pool:
        for n in range(2):
            wanted = _alone(strategy, _READ)
            for step in count():
                forker = strategy.fan_out(grown(strategy), _READ)
                start = partial(pool.submit, _forks_alike, forker, wanted, n)
                fork, other = _interrupted(partial(forked, forker, n), step, start)
                if other is None:
                    break
                if not other.result() or held(fork) != wanted[n]:
                    return _OTHERWISE
    return None


def _interrupted(
    work: Callable[[], Fork], step: int, start: Callable[[], Future[bool]]
) -> tuple[Fork, Future[bool] | None]:
    """What the work gives if `start` begins another right before its instruction number `step`, and that other one; None
    if it has no such instruction."""
    home, steps, other = sys._getframe(), count(), None

    def trace(frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        nonlocal other
        if not _is_near(frame, home):
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        if next(steps) == step:
            other = start()
            wait([other], timeout=_PATIENCE)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return work(), other
    finally:
        sys.settrace(before)


def _is_near(frame: FrameType, home: FrameType) -> bool:
    """Whether home called it, at most `_DEPTH` calls away."""
    caller = frame.f_back
    for _ in range(_DEPTH - 1):
        caller = caller if caller is None or caller is home else caller.f_back
    return caller is home


def _alone(strategy: ContextStrategy, reads: frozenset[Path] | None) -> list[dict[str, Any]]:
    """What forks hold that one thread makes: that of a plain task, then those of items."""
    forker = strategy.fan_out(grown(strategy), reads)
    return [held(forked(forker, n)) for n in range(_ITEMS)]


def _forks_alike(forker: Forker, wanted: list[dict[str, Any]], first: int) -> bool:
    return all(held(forked(forker, n)) == wanted[n] for n in (*range(first, _ITEMS), *range(first)))


THREAD_LAWS: Final = (
    Law("one thread may publish while others fork and read", "thread_safe", _stands_threads),
    Law("several threads may fork at the same moment", "concurrent_forks", _forks_at_once),
    Law("and at each step of a fork another thread may", "concurrent_forks", _forks_at_any_step),
)
