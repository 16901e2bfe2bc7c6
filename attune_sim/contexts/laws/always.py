"""Laws that every strategy keeps: without them the runs of two strategies could not give equal answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attune_sim.contexts.laws.law import Law, grown, namespaces, two_forks
from attune_sim.contexts.strategy import ContextStrategy, Fork, plain_fork
from attune_sim.scope import MISSING, NAMESPACES

_MANY: Final = 150
"""Enough entries for a map that grows to be rebuilt several times, whatever its scheme."""


def _answers_to_its_names(strategy: ContextStrategy) -> str | None:
    context, fork, _ = two_forks(strategy)
    if missing := [name for name in NAMESPACES if MISSING in (context.resolve(name), fork.resolve(name))]:
        return f"{missing[0]!r} is missing"
    if fork.resolve("nothing") is not MISSING or context.resolve("item") is not MISSING:
        return "a name that does not exist, or `item` outside of items, resolves to something"
    return None


def _knows_item_and_index(strategy: ContextStrategy) -> str | None:
    _, _, fork = two_forks(strategy)
    seen = (dict(fork.resolve("item")), fork.resolve("index"), fork.index)
    return None if seen[0]["nested"]["list"][1] == 2 and seen[1:] == (1, 1) else f"item and index are {seen}"


def _plain_task_has_no_item(strategy: ContextStrategy) -> str | None:
    fork = plain_fork(strategy.fan_out(strategy.begin(namespaces()), None))
    found = [name for name in ("item", "index") if fork.resolve(name) is not MISSING]
    return f"forked without an item, it resolves {found}" if found else None


def _publish_is_seen_later(strategy: ContextStrategy) -> str | None:
    after = strategy.publish(strategy.begin(namespaces()), {"new": [1], "plain": 2})
    seen = (after.resolve("workflow")["new"][0], after.resolve("workflow")["plain"])
    return None if seen == (1, 2) else f"after publishing, the variables read {seen}"


def _many_are_seen_later(strategy: ContextStrategy) -> str | None:
    context = strategy.begin(namespaces())
    for n in range(_MANY):
        context = strategy.store(strategy.publish(context, {f"v{n}": n, "last": n}), f"t{n}", {"n": n})
        if n % 40 == 0 and context.resolve("workflow")["last"] != n:
            return f"after publishing {n + 1} variables, the last one reads {context.resolve('workflow')['last']}"
    variables, results = context.resolve("workflow"), context.resolve("task")
    lost = [n for n in range(_MANY) if variables.get(f"v{n}") != n or results[f"t{n}"]["n"] != n]
    is_whole = not lost and (variables["last"], variables["plain"]) == (_MANY - 1, 1)
    return None if is_whole else f"of {_MANY} variables and results {len(lost)} are lost or stale"


def _store_is_seen_later(strategy: ContextStrategy) -> str | None:
    context = strategy.begin(namespaces())
    after = strategy.store(strategy.store(context, "fetch", {"n": 1}), "fetch", {"n": 2})
    seen = (after.resolve("task")["fetch"]["n"], after.resolve("task")["earlier"]["plain"])
    return None if seen == (2, 1) else "a stored result, or one stored before it, is not read back"


def _publish_leaves_the_parent(strategy: ContextStrategy) -> str | None:
    before = strategy.begin(namespaces())
    strategy.publish(before, {"new": 1, "plain": 2})
    variables = before.resolve("workflow")
    is_unchanged = "new" not in variables and variables["plain"] == 1
    return None if is_unchanged else "the context before sees what was published after it"


def _store_leaves_the_parent(strategy: ContextStrategy) -> str | None:
    before = strategy.store(strategy.begin(namespaces()), "fetch", {"n": 1})
    strategy.store(strategy.store(before, "fetch", {"n": 2}), "other", {"n": 3})
    results = before.resolve("task")
    is_unchanged = "other" not in results and results["fetch"]["n"] == 1
    return None if is_unchanged else "the context before sees a result stored after it"


def _every_version_stays(strategy: ContextStrategy) -> str | None:
    """Every tenth of many versions is kept, some of them read at once, and read again when all are there."""
    context = strategy.begin(namespaces())
    kept = []
    for n in range(_MANY):
        context = strategy.publish(context, {f"v{n}": n, "last": n})
        if n % 10 == 0:
            kept.append((n, context, len(context.resolve("workflow")) if n % 20 else None))
    for n, version, length in kept:
        variables = version.resolve("workflow")
        if variables["last"] != n or len(variables) != n + 4 or length not in (None, n + 4):
            return f"version {n} of {_MANY} reads {variables['last']} as its last, among {len(variables)} variables"
    return None


def _fan_out_reads_one_snapshot(strategy: ContextStrategy) -> str | None:
    context = grown(strategy)
    forker = strategy.fan_out(context, None)
    first = forker.fork("a", 0)
    later = strategy.store(strategy.publish(context, {"plain": 2, "new": 2}), "earlier", {"plain": 2})
    later = strategy.store(later, "fetch", {"n": 2})
    if [_plain_values(fork) for fork in (first, forker.fork("b", 1))] != [(1, 1, 1, 1)] * 2:
        return "an item sees what was published or stored after its task was dispatched"
    seen = _plain_values(strategy.fan_out(later, None).fork("c", 0))
    return None if seen == (2, 2, 2, 2) else f"a fan-out of the later context reads {seen}, which is stale"


def _plain_values(fork: Fork) -> tuple[Any, ...]:
    variables, results = fork.resolve("workflow"), fork.resolve("task")
    return (variables["plain"], variables["new"], results["earlier"]["plain"], results["fetch"]["n"])


_READ: Final = {
    ("parameters", "nested", "list"): [1, 2],
    ("parameters", "absent", "deeper"): MISSING,
    ("workflow", "plain"): 1,
    ("workflow", "plain", "deeper"): MISSING,
    ("workflow", "new"): {"a": [1]},
    ("workflow", "absent"): MISSING,
    ("task", "earlier", "plain"): 1,
    ("task", "nobody"): MISSING,
    ("config",): {"plain": 1, "nested": {"list": [1, 2]}},
    ("keystore", "token"): MISSING,
    ("system", "workflow_start"): "2026-01-01T00:00:00Z",
    ("item", "nested"): {"list": [1, 2]},
    ("item", "absent"): MISSING,
}
"""Paths, and what the context of this law has there."""


def _keeps_what_is_read(strategy: ContextStrategy) -> str | None:
    context = strategy.publish(strategy.begin(namespaces()), {"new": {"a": [1]}})
    # `result` is what result() reads: no context has it, and no strategy may stumble over it.
    forker = strategy.fan_out(context, frozenset([*_READ, ("result",), ("index",)]))
    strategy.publish(context, {"plain": 2, "absent": 2})
    for n in range(2):
        fork = forker.fork({"nested": {"list": [1, 2]}, "other": 1}, n)
        for path, wanted in _READ.items():
            found = _at(fork, path)
            if not _same_content(found, wanted):
                return f"at {'.'.join(path)} it reads {found!r}, not {wanted!r}"
        if fork.resolve("index") != n:
            return f"the index of item {n} reads {fork.resolve('index')!r}"
    return None


def _at(fork: Fork, path: tuple[str, ...]) -> Any:
    value = fork.resolve(path[0])
    for step in path[1:]:
        value = value.get(step, MISSING) if isinstance(value, Mapping) else MISSING
    return value


def _same_content(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        same_keys = isinstance(found, Mapping) and set(found) == set(wanted)
        return same_keys and all(_same_content(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_same_content, found, wanted))
    return bool(found is wanted or found == wanted)


ALWAYS_LAWS: Final = (
    Law("answers to the six namespaces and to nothing else", None, _answers_to_its_names),
    Law("knows its item and its index", None, _knows_item_and_index),
    Law("has no item in a plain task", None, _plain_task_has_no_item),
    Law("what is published is seen later", "publish_seen", _publish_is_seen_later),
    Law("what is stored is seen later", "publish_seen", _store_is_seen_later),
    Law("many variables and results are all seen later", "publish_seen", _many_are_seen_later),
    Law("publishing leaves the context before it unchanged", "parent_unchanged", _publish_leaves_the_parent),
    Law("storing leaves the context before it unchanged", "parent_unchanged", _store_leaves_the_parent),
    Law("every version of a context stays as it was", "parent_unchanged", _every_version_stays),
    Law("the items of a fan-out see one snapshot", "one_snapshot", _fan_out_reads_one_snapshot),
    Law("a fork has the paths that it was asked for", "reads_kept", _keeps_what_is_read),
)
