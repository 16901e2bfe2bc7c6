"""What every strategy must do, and what each guarantee means, as checks that run.

`check_laws(strategy)` runs all of them over one strategy class, ours or an outsider's, and tells for each law whether
it held and whether it had to. A declaration that promises more than the strategy keeps is a broken law; one that
promises less is honest, if modest.
"""

from __future__ import annotations

import datetime
import math
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from attune_sim.contexts.strategy import ContextStrategy, Fork
from attune_sim.scope import MISSING, NAMESPACES


@dataclass(frozen=True, slots=True)
class Law:
    """One check. `guarantee` names the promise that it tests; None: every strategy must keep it.

    `check` gives None where the law holds, else what was seen instead.
    """

    name: str
    guarantee: str | None
    check: Callable[[ContextStrategy], str | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a law said of a strategy: `seen` is None where it held. `broken` is what a test should assert on."""

    strategy: str
    law: str
    guarantee: str | None
    promised: bool
    seen: str | None

    @property
    def held(self) -> bool:
        return self.seen is None

    @property
    def broken(self) -> bool:
        """Whether the strategy had to keep this law and did not."""
        return self.promised and not self.held

    def __str__(self) -> str:
        state = (
            "holds"
            if self.held
            else f"{'BROKEN' if self.broken else 'does not hold, nor is it promised'}: {self.seen}"
        )
        return f"{self.strategy}: {self.law}: {state}"


def check_laws(strategy: type[ContextStrategy]) -> tuple[Verdict, ...]:
    """Every law over one strategy class, in the order of `LAWS`.

    >>> from attune_sim.contexts.deepcopy import Deepcopy
    >>> [str(verdict) for verdict in check_laws(Deepcopy) if verdict.broken]
    []
    """
    verdicts = []
    for law in LAWS:
        promised = law.guarantee is None or getattr(strategy.guarantees, law.guarantee)
        verdicts.append(Verdict(strategy.name, law.name, law.guarantee, promised, _seen(law, strategy)))
    return tuple(verdicts)


def _seen(law: Law, strategy: type[ContextStrategy]) -> str | None:
    try:
        return law.check(strategy())
    except Exception as error:  # an outsider's strategy may raise anything; that is what was seen
        return f"{type(error).__name__}: {error}"


# -- what the laws look at ---------------------------------------------------------------------------------------------


def _namespaces() -> dict[str, Any]:
    """Fresh namespaces; the same names hold the same kinds of values in each, so that one check serves all."""
    return {
        "parameters": {"plain": 1, "nested": {"list": [1, 2]}},
        "workflow": {"plain": 1, "nested": {"list": [1, 2]}},
        "task": {"earlier": {"plain": 1, "nested": {"list": [1, 2]}}},
        "config": {"plain": 1, "nested": {"list": [1, 2]}},
        "keystore": None,
        "system": {"workflow_start": "2026-01-01T00:00:00Z"},
    }


def _two_forks(
    strategy: ContextStrategy, namespaces: Mapping[str, Any] | None = None
) -> tuple[Any, Fork, Fork]:
    context = strategy.begin(namespaces or _namespaces())
    forker = strategy.fan_out(context, None)
    item = {"nested": {"list": [1, 2]}}
    return context, forker.fork(item, 0), forker.fork(item, 1)


def _attempts_to_write(target: Any, key: Any, value: Any) -> bool:
    """Whether an item assignment went through."""
    try:
        target[key] = value
    except (TypeError, AttributeError, NotImplementedError):
        return False
    return True


def _nested_values(fork: Fork) -> Iterator[tuple[str, Any]]:
    yield "parameters.nested.list", fork.resolve("parameters")["nested"]["list"]
    yield "workflow.nested.list", fork.resolve("workflow")["nested"]["list"]
    yield "task.earlier.nested.list", fork.resolve("task")["earlier"]["nested"]["list"]
    yield "config.nested.list", fork.resolve("config")["nested"]["list"]
    yield "item.nested.list", fork.resolve("item")["nested"]["list"]


# -- laws that every strategy keeps ------------------------------------------------------------------------------------


def _answers_to_its_names(strategy: ContextStrategy) -> str | None:
    context, fork, _ = _two_forks(strategy)
    for name in NAMESPACES:
        if context.resolve(name) is MISSING or fork.resolve(name) is MISSING:
            return f"{name!r} is missing"
    if fork.resolve("nothing") is not MISSING or context.resolve("item") is not MISSING:
        return "a name that does not exist, or `item` outside of items, resolves to something"
    return None


def _knows_item_and_index(strategy: ContextStrategy) -> str | None:
    _, _, fork = _two_forks(strategy)
    seen = (dict(fork.resolve("item")), fork.resolve("index"), fork.index)
    return None if seen[0]["nested"]["list"][1] == 2 and seen[1:] == (1, 1) else f"item and index are {seen}"


def _plain_task_has_no_item(strategy: ContextStrategy) -> str | None:
    forker = strategy.fan_out(strategy.begin(_namespaces()), None)
    fork = forker.fork(MISSING, MISSING)  # type: ignore[arg-type]
    found = [name for name in ("item", "index") if fork.resolve(name) is not MISSING]
    return f"forked without an item, it resolves {found}" if found else None


def _publish_is_seen_later(strategy: ContextStrategy) -> str | None:
    before = strategy.begin(_namespaces())
    after = strategy.publish(before, {"new": [1], "plain": 2})
    seen = (after.resolve("workflow")["new"][0], after.resolve("workflow")["plain"])
    return None if seen == (1, 2) else f"after publishing, the variables read {seen}"


def _publish_leaves_the_parent(strategy: ContextStrategy) -> str | None:
    before = strategy.begin(_namespaces())
    strategy.publish(before, {"new": 1, "plain": 2})
    variables = before.resolve("workflow")
    return (
        "the context before sees what was published after it"
        if "new" in variables or variables["plain"] != 1
        else None
    )


def _store_is_seen_later(strategy: ContextStrategy) -> str | None:
    before = strategy.begin(_namespaces())
    after = strategy.store(strategy.store(before, "fetch", {"n": 1}), "fetch", {"n": 2})
    if after.resolve("task")["fetch"]["n"] != 2 or after.resolve("task")["earlier"]["plain"] != 1:
        return "a stored result, or one stored before it, is not read back"
    return "the context before sees a result stored after it" if "fetch" in before.resolve("task") else None


def _fan_out_reads_one_snapshot(strategy: ContextStrategy) -> str | None:
    context = strategy.begin(_namespaces())
    forker = strategy.fan_out(context, None)
    first = forker.fork("a", 0)
    later = strategy.store(strategy.publish(context, {"plain": 2}), "earlier", {"plain": 2})
    second = forker.fork("b", 1)
    for fork in (first, second):
        if fork.resolve("workflow")["plain"] != 1 or fork.resolve("task")["earlier"]["plain"] != 1:
            return "an item sees what was published or stored after its task was dispatched"
    return None if later.resolve("workflow")["plain"] == 2 else "the later context lost what was published"


# -- what the guarantees mean ------------------------------------------------------------------------------------------


def _isolates_items(strategy: ContextStrategy) -> str | None:
    context, one, other = _two_forks(strategy)
    for name in ("parameters", "workflow", "task", "config"):
        if not _attempts_to_write(one.resolve(name), "written", True):
            continue
        for who, scope in (("another item", other), ("the parent", context)):
            if "written" in scope.resolve(name):
                return f"{who} sees what an item wrote into {name!r}"
    return None


def _isolates_nested(strategy: ContextStrategy) -> str | None:
    namespaces = _namespaces()
    item: dict[str, Any] = {"nested": {"list": [1, 2]}}
    context = strategy.begin(namespaces)
    forker = strategy.fan_out(context, None)
    one, other = forker.fork(item, 0), forker.fork(item, 1)
    for (path, value), (_, others) in zip(_nested_values(one), _nested_values(other), strict=True):
        if _attempts_to_write(value, 0, "written") and others[0] == "written":
            return f"another item sees what an item wrote into {path}"
    if (
        context.resolve("task")["earlier"]["nested"]["list"][0] == "written"
        or item["nested"]["list"][0] == "written"
    ):
        return "the parent sees what an item wrote into a nested value"
    return None


def _cannot_be_written(strategy: ContextStrategy) -> str | None:
    _, fork, _ = _two_forks(strategy)
    for name in ("parameters", "workflow", "task", "config"):
        if _attempts_to_write(fork.resolve(name), "written", True):
            return f"an item can write into {name!r}"
    for path, value in _nested_values(fork):
        if _attempts_to_write(value, 0, "written"):
            return f"an item can write into {path}"
    return None


def _pickles(strategy: ContextStrategy) -> str | None:
    _, fork, _ = _two_forks(strategy)
    back = pickle.loads(pickle.dumps(fork))
    seen = (
        back.index,
        back.resolve("task")["earlier"]["plain"],
        list(back.resolve("item")["nested"]["list"]),
    )
    return None if seen == (0, 1, [1, 2]) else f"after pickling, it reads {seen}"


EXACT: Final[Mapping[str, Any]] = {
    "tuple": (1, 2),
    "set": {1},
    "datetime": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    "integer keys": {1: "one"},
    "a big integer": 2**70,
    "a lone surrogate": "\ud800",
    "bytes": b"\x00",
    "not a number": math.nan,
    "an integer beside a float": [1, 1.0],
}
"""Values that a round trip through JSON changes or refuses."""


def _keeps_types(strategy: ContextStrategy) -> str | None:
    for kind, value in EXACT.items():
        context = strategy.store(strategy.begin(_namespaces()), "exact", {"value": value})
        found = strategy.fan_out(context, None).fork(value, 0).resolve("task")["exact"]["value"]
        if not _same(value, found):
            return f"{kind}: {value!r} arrives as {found!r}"
    return None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, list):
        return type(other) is list and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and one == other


def _keeps_order(strategy: ContextStrategy) -> str | None:
    names = [f"name_{(n * 7919) % 101}" for n in range(101)]
    namespaces = {
        **_namespaces(),
        "workflow": dict.fromkeys(names, 1),
        "parameters": {"map": dict.fromkeys(names, 1)},
    }
    _, fork, _ = _two_forks(strategy, namespaces)
    for path, found in (
        ("workflow", fork.resolve("workflow")),
        ("parameters.map", fork.resolve("parameters")["map"]),
    ):
        if list(found) != names:
            return f"the keys of {path} arrive in another order"
    return None


def _hands_plain_dicts(strategy: ContextStrategy) -> str | None:
    _, fork, _ = _two_forks(strategy)
    found = {
        "workflow": fork.resolve("workflow"),
        "parameters": fork.resolve("parameters"),
        "task": fork.resolve("task"),
        "task.earlier": fork.resolve("task")["earlier"],
        "item": fork.resolve("item"),
    }
    other = [
        f"{path} is a {type(value).__name__}" for path, value in found.items() if type(value) is not dict
    ]
    return ", ".join(other) or None


LAWS: Final = (
    Law("answers to the six namespaces and to nothing else", None, _answers_to_its_names),
    Law("knows its item and its index", None, _knows_item_and_index),
    Law("has no item in a plain task", None, _plain_task_has_no_item),
    Law("what is published is seen later", None, _publish_is_seen_later),
    Law("publishing leaves the context before it unchanged", None, _publish_leaves_the_parent),
    Law("what is stored is seen later and not before", None, _store_is_seen_later),
    Law("the items of a fan-out see one snapshot", None, _fan_out_reads_one_snapshot),
    Law("items cannot see each other's writes at the top level", "isolated_items", _isolates_items),
    Law("items cannot see each other's writes into nested values", "isolated_nested", _isolates_nested),
    Law("an item cannot write into what it was handed", "immutable", _cannot_be_written),
    Law("a fork survives pickling", "picklable", _pickles),
    Law("values arrive with the types they had", "exact_types", _keeps_types),
    Law("maps keep the order of their keys", "ordered", _keeps_order),
    Law("maps arrive as plain dicts", "plain_dicts", _hands_plain_dicts),
)
