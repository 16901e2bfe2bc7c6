"""What is claimed of a strategy without a size: that what is shared is freed, may be read by many at once, changes no answer."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

from attune_sim.actions.registry import actions_of
from attune_sim.contexts.laws import LAWS, check_laws
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ContextStrategy, Fork
from attune_sim.executors import executor_named
from attune_sim.executors.timeline import RealTimeline
from attune_sim.experiment.answers import answer_digest, answer_of
from attune_sim.probes.memory import Memory
from attune_sim.runspec import History
from attune_sim.scenarios.payload import make_history, make_payload, make_variables
from attune_sim.scenarios.registry import scenarios
from attune_sim.scenarios.workload import Workload
from attune_sim.session import session_of

Row = tuple[str, str, str, float]
"""Cell, shape, metric, value."""

ITEMS: Final = 20
"""Of a run whose answer alone is of interest."""

FORKS: Final = 100

HISTORY: Final = 3
_ANY: Final = "any"
_OF_THREADS: Final = ("thread_safe", "concurrent_forks")


def context_rows(strategy: type[ContextStrategy], payload: str) -> Iterator[Row]:
    """The live heap of a context of 1.06 MB of JSON, and which shares of it are there before and after its last fork goes.

    Measured in this process: forks are made, everything else that leads to the context is let go, then the forks one by one.
    """
    _forks(strategy, _namespaces(payload))  # the first time makes things that stay
    with closing(Memory()) as memory:
        memory.heap()
        gc.collect()
        before = memory.heap()
        namespaces = _namespaces(payload)
        size, held = memory.heap() - before, []
        forks = _forks(strategy, namespaces)
        del namespaces
        gc.collect()
        while forks:
            if len(forks) in (FORKS, 1):
                held.append(memory.heap() - before)
            forks.pop()
        gc.collect()
        left = memory.heap() - before
    yield "context", payload, "context_heap_bytes", size
    yield "context", payload, "held_share", min(1.0, min(held) / size)
    yield "context", payload, "freed_share", 1 - max(0, left) / size


def _forks(strategy: type[ContextStrategy], namespaces: dict[str, Any]) -> list[Fork]:
    forker = strategy().fan_out(strategy().begin(namespaces), None)
    return [forker.fork(index, index) for index in range(FORKS)]


def _namespaces(payload: str) -> dict[str, Any]:
    """What the context of `baseline` holds."""
    return {
        "parameters": {"settings": {"content": make_payload(payload, 10_000)}},
        "workflow": make_variables(50_000, payload),
        "task": make_history(History(payload=payload)),
        "config": None,
        "keystore": None,
        "system": {},
    }


def strategy_rows(after: type[ContextStrategy]) -> Iterator[Row]:
    """Shares of laws that hold and of answers that are equal: `after` in threads, and every strategy beside each other."""
    laws = [law for law in LAWS if law.guarantee in _OF_THREADS]
    yield "strategies", _ANY, "thread_laws", _share(verdict.held for verdict in check_laws(after, laws))
    known = {name: _answer(_small(name), after) for name in scenarios}
    threaded = (known[name] == _answer(_small(name), after, "threads") for name in scenarios)
    yield "strategies", _ANY, "threaded_answers", _share(threaded)
    equal = (
        known[name] == _answer(_small(name), strategies[other]) for other in strategies for name in scenarios
    )
    yield "strategies", _ANY, "equal_answers", _share(equal)


def _share(held: Iterator[bool]) -> float:
    found = list(held)
    return sum(found) / len(found)


def _small(name: str) -> Workload:
    return scenarios[name](ITEMS, history=HISTORY)


def _answer(workload: Workload, strategy: type[ContextStrategy], executor: str = "inline") -> str:
    """The fingerprint of all that a run answers, its actions replayed."""
    actions = actions_of(workload.actions())
    with actions.closed():
        session = session_of(workload.spec(strategy=strategy), dict(actions), executor=executor)
        executor_named(executor).run(session.job, RealTimeline())
    return answer_digest(answer_of(session.state))
