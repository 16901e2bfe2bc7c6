"""What leaves for another process: a fork, and a forker that forks there."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any, Final

import cloudpickle

from attune_sim.contexts.laws.law import GROWN, NESTED, Law, forked, grown
from attune_sim.contexts.laws.places import PLACES, at, filled, held
from attune_sim.contexts.laws.values import EXACT, same, type_fidelity
from attune_sim.contexts.strategy import ContextStrategy, Forker, plain_fork
from attune_sim.paths import spelled

_PROGRAM: Final = """
import pickle, sys
answer, sys.stdout = sys.stdout.buffer, sys.stderr
sys.path[:] = pickle.load(sys.stdin.buffer)
import cloudpickle
answer.write(cloudpickle.dumps(pickle.load(sys.stdin.buffer)()))
"""
"""A process that looks for modules where this one does, and answers what the function that it is sent gives there."""

_THERE: Final = "ATTUNE_SIM_LAWS_ELSEWHERE"
_SECONDS: Final = 60.0
_NUMBERS: Final = 10_000
"""What a result holds over which forkers are weighed."""


def packed(forker: Forker) -> bytes:
    """A forker as it is sent to another process, where `pickle.loads` opens it.

    Classes that cannot be imported there (of a notebook, of a function) go with it. Raises what pickling raises for a
    value that cannot be pickled.

    >>> from attune_sim.contexts.projected import Projected
    >>> context = Projected().begin({"parameters": {"region": "eu", "rows": [0] * 9_999}, "workflow": {}, "task": {}})
    >>> forker = Projected().fan_out(context, frozenset({("parameters", "region")}))
    >>> len(packed(forker)) < 200, pickle.loads(packed(forker)).fork("x", 0).resolve("parameters")
    (True, {'region': 'eu'})
    """
    return bytes(cloudpickle.dumps(forker, protocol=5))


def _pickles(strategy: ContextStrategy) -> str | None:
    for reads, n in product((None, NESTED | GROWN), range(2)):
        fork = forked(strategy.fan_out(grown(strategy), reads), n)
        arrived = held(pickle.loads(pickle.dumps(fork)))
        if lost := [name for name, content in held(fork).items() if arrived[name] != content]:
            return f"after pickling, a fork reads otherwise: {', '.join(lost)}"
    return None


def _travels(strategy: ContextStrategy) -> str | None:
    """Forkers over all kinds of values that the strategy hands on, for everything and for what is read, fork elsewhere."""
    if not strategy.guarantees.travels:
        return "not tried: the process that it takes is started for a promise only"
    if _THERE in os.environ:  # this is that process, and a module that it imports checks laws
        return None
    kinds = [kind for kind, fate in type_fidelity(strategy).items() if fate != "refused"]
    context = filled(strategy, {kind: EXACT[kind] for kind in kinds})
    reads = frozenset((*path, kind) for path in PLACES.values() for kind in kinds)
    forkers = [strategy.fan_out(context, None), strategy.fan_out(context, reads)]
    answers = _elsewhere(partial(_read_by_sent, [packed(forker) for forker in forkers], kinds))
    for forker, there in zip(forkers, answers, strict=True):
        for where, value in _read(forker, kinds).items():
            if not same(there[where], value):
                return f"in another process {where} reads {there[where]!r} instead of {value!r}"
    return None


def _read_by_sent(sent: Sequence[bytes], kinds: Sequence[str]) -> list[dict[str, Any]]:
    return [_read(pickle.loads(forker), kinds) for forker in sent]


def _read(forker: Forker, kinds: Sequence[str]) -> dict[str, Any]:
    """What forks of an item and of a plain task read: every kind of value at every place, by where that is."""
    item, plain = forker.fork({kind: EXACT[kind] for kind in kinds}, 3), plain_fork(forker)
    paths = [(*path, kind) for path in PLACES.values() for kind in kinds]
    of_context = [path for path in paths if path[0] != "item"]
    return {
        **{f"{spelled(path)} of an item": at(item, path) for path in (*paths, ("index",), ("nothing",))},
        **{
            f"{spelled(path)} of a plain task": at(plain, path)
            for path in (*of_context, ("index",), ("item",))
        },
    }


def _elsewhere(work: Callable[[], Any]) -> Any:
    """What the work gives in a process of its own. Raises `ChildProcessError` with what was raised there."""
    sent = pickle.dumps(sys.path) + cloudpickle.dumps(work)
    command, environment = [sys.executable, "-c", _PROGRAM], {**os.environ, _THERE: "1"}
    done = subprocess.run(command, input=sent, capture_output=True, timeout=_SECONDS, env=environment)
    if done.returncode:
        raise ChildProcessError((done.stderr.decode().splitlines() or ["it ended without a word"])[-1])
    return pickle.loads(done.stdout)


def _weight(strategy: ContextStrategy) -> str:
    context = strategy.store(grown(strategy), "numbers", {"numbers": list(range(_NUMBERS))})
    whole, read = (len(packed(strategy.fan_out(context, reads))) for reads in (None, GROWN))
    return f"over a result of {_NUMBERS:,} numbers it weighs {whole:,} bytes, {read:,} where two other values are read"


TRAVEL_LAWS: Final = (
    Law("a fork survives pickling", "picklable", _pickles),
    Law("a forker forks alike in another process", "travels", _travels, _weight),
)
