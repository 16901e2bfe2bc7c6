"""Forks that leave: for another process, and for other threads while the run goes on."""

from __future__ import annotations

import pickle
import sys

# The laws are no part of a run: they may start threads where a strategy must not.
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from attune_sim.contexts.laws.law import NESTED, Law, namespaces, two_forks
from attune_sim.contexts.strategy import ContextStrategy, Forker
from attune_sim.scope import MISSING

_READERS: Final = 3
_FORKS: Final = 80
_VERSIONS: Final = 60


def _pickles(strategy: ContextStrategy) -> str | None:
    _, fork, _ = two_forks(strategy)
    back = pickle.loads(pickle.dumps(fork))
    seen = (
        back.index,
        back.resolve("task")["earlier"]["plain"],
        list(back.resolve("item")["nested"]["list"]),
        back.resolve("nothing"),
    )
    return None if seen == (0, 1, [1, 2], MISSING) else f"after pickling, it reads {seen}"


def _pickles_what_grew(strategy: ContextStrategy) -> str | None:
    context = strategy.store(strategy.publish(strategy.begin(namespaces()), {"new": 1}), "fetch", {"n": 1})
    for reads in (None, NESTED | {("task", "fetch", "n"), ("workflow", "new")}):
        fork = strategy.fan_out(context, reads).fork(MISSING, MISSING)  # type: ignore[arg-type]
        back = pickle.loads(pickle.dumps(fork))
        seen = (back.resolve("workflow")["new"], back.resolve("task")["fetch"]["n"], back.resolve("item"))
        if seen != (1, 1, MISSING):
            return f"after pickling, what was published, stored and the item of a plain task read {seen}"
    return None


def _stands_threads(strategy: ContextStrategy) -> str | None:
    """Forks are made and read in several threads, of an old context and of ever newer ones, while one publishes."""
    context: Any = strategy.begin(namespaces())
    old, latest = strategy.fan_out(context, None), [_versioned(strategy, context, 0)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    try:
        with ThreadPoolExecutor(_READERS) as pool:
            readers = [pool.submit(_read, old, latest, reader) for reader in range(_READERS)]
            for n in range(1, _VERSIONS):
                latest.append(_versioned(strategy, latest[-1][0], n))
            return next((seen for reader in readers if (seen := reader.result()) is not None), None)
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


TRAVEL_LAWS: Final = (
    Law("a fork survives pickling", "picklable", _pickles),
    Law("so does a fork of a context that grew", "picklable", _pickles_what_grew),
    Law("one thread may publish while others fork and read", "thread_safe", _stands_threads),
)
