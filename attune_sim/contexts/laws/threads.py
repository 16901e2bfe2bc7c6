"""Forks in several threads: while the run goes on, and made from one forker at the same moment."""

from __future__ import annotations

import sys
from collections.abc import Callable

# The laws are no part of a run: they may start threads where a strategy must not.
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import count, islice, product
from traceback import walk_stack
from types import FrameType
from typing import Any, Final

from attune_sim.contexts.laws.law import GROWN, NESTED, Law, forked, grown, namespaces
from attune_sim.contexts.laws.places import held
from attune_sim.contexts.strategy import ContextStrategy, Fork, Forker

_THREADS: Final = 3
_FORKS: Final = 80
_VERSIONS: Final = 60
_ITEMS: Final = 4
_PATIENCE: Final = 0.01
"""Seconds for the forks of another thread; who holds a lock of his own lets nobody in for as long."""
_DEPTH: Final = 3
"""Calls; what the standard library does deeper down counts as a part of a step."""


def _stands_threads(strategy: ContextStrategy) -> str | None:
    """Forks are made and read in several threads, of an old context and of ever newer ones, while one publishes."""
    context: Any = strategy.begin(namespaces())
    old, latest = strategy.fan_out(context, None), [_versioned(strategy, context, 0)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            readers = [pool.submit(_read, old, latest, reader) for reader in range(_THREADS)]
            for n in range(1, _VERSIONS):
                latest.append(_versioned(strategy, latest[-1][0], n))
        return next(filter(None, (reader.result() for reader in readers)), None)
    finally:
        sys.setswitchinterval(before)


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


def _forks_at_any_step(strategy: ContextStrategy) -> str | None:
    """Chance meets a gap between two instructions once in hundreds of rounds; here another thread forks in each of them.

    Each step has a forker of its own, over a context that grew and that nobody has read: what is done only once, when
    somebody first asks, is met by both threads too.
    """
    with ThreadPoolExecutor(1) as pool:
        for n, reads in product(range(2), (None, NESTED | GROWN)):
            wanted = _all_held(strategy.fan_out(grown(strategy), reads), n)
            for step in count():
                forker = strategy.fan_out(grown(strategy), reads)
                start = partial(pool.submit, _all_held, forker, n)
                fork, other = _interrupted(partial(forked, forker, n), step, start)
                if other is None:
                    break
                if other.result() != wanted or held(fork) != wanted[n]:
                    return "a fork has other values when another thread forks at the same moment"
    return None


def _all_held(forker: Forker, first: int) -> dict[int, Any]:
    """What its forks hold, by their numbers: that of a plain task and those of items, made from the `first` one on."""
    return {n: held(forked(forker, n)) for n in (*range(first, _ITEMS), *range(first))}


def _interrupted(
    work: Callable[[], Fork], step: int, start: Callable[[], Future[Any]]
) -> tuple[Fork, Future[Any] | None]:
    """What the work gives if `start` begins another right before its instruction number `step`, and that other one; None
    if it has no such instruction."""
    home, steps, other = sys._getframe(), count(), None

    def trace(frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        nonlocal other
        if not any(caller is home for caller, _ in islice(walk_stack(frame.f_back), _DEPTH)):
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


THREAD_LAWS: Final = (
    Law("one thread may publish while others fork and read", "thread_safe", _stands_threads),
    Law("at each step of a fork another thread may fork", "concurrent_forks", _forks_at_any_step),
)
