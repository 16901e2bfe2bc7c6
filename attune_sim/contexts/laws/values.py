"""How values arrive: their types, their order, and what Python's own tools make of them."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attune_sim.contexts.laws.law import Law, namespaces
from attune_sim.contexts.strategy import ContextStrategy

EXACT: Final[Mapping[str, Any]] = {
    "dict": {"a": 1},
    "list": [1, "two", None],
    "tuple": (1, 2),
    "set": {1},
    "datetime": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    "integer keys": {1: "one"},
    "big integer": 2**70,
    "lone surrogate": "\ud800",
    "bytes": b"\x00",
    "NaN": math.nan,
    "integer beside float": [1, 1.0],
}
"""Values of many kinds, by what they are: `exact_types` promises that each arrives as it was."""


def type_fidelity(strategy: ContextStrategy) -> dict[str, str]:
    """What becomes of each kind of value in `EXACT`: `kept`, `changed` or `refused`.

    >>> from attune_sim.contexts.orjson_copy import Orjson
    >>> fates = type_fidelity(Orjson())
    >>> fates["list"], fates["tuple"], fates["big integer"]
    ('kept', 'refused', 'refused')
    """
    return {kind: _fate(strategy, value)[0] for kind, value in EXACT.items()}


def _fate(strategy: ContextStrategy, value: Any) -> tuple[str, str]:
    try:
        context = strategy.store(strategy.begin(namespaces()), "exact", {"value": value})
        fork = strategy.fan_out(context, None).fork(value, 0)
        found = (fork.resolve("task")["exact"]["value"], fork.resolve("item"))
    except Exception as error:  # a strategy may refuse a value in any way; that is its fate
        return "refused", f"is refused ({type(error).__name__})"
    changed = [one for one in found if not _same(value, one)]
    return ("changed", f"arrives as {changed[0]!r}") if changed else ("kept", "")


def _keeps_types(strategy: ContextStrategy) -> str | None:
    fates = ((kind, *_fate(strategy, value)) for kind, value in EXACT.items())
    lost = [f"{kind}: {EXACT[kind]!r} {how}" for kind, fate, how in fates if fate != "kept"]
    return "; ".join(lost) or None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, list):
        return type(other) is list and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and one == other


def _keeps_order(strategy: ContextStrategy) -> str | None:
    names = [f"name_{(n * 7919) % 101}" for n in range(101)]
    given = {
        **namespaces(),
        "workflow": dict.fromkeys(names[:30], 1),
        "parameters": {"map": dict.fromkeys(names, 1)},
    }
    context = strategy.begin(given)
    for name in names[30:]:
        context = strategy.publish(context, {name: 1})
    fork = strategy.fan_out(context, None).fork(dict.fromkeys(names, 1), 0)
    maps: dict[str, Iterable[str]] = {
        "workflow": fork.resolve("workflow"),
        "parameters.map": fork.resolve("parameters")["map"],
        "item": fork.resolve("item"),
    }
    mixed = [path for path, found in maps.items() if list(found) != names]
    return f"the keys of {', '.join(mixed)} arrive in another order" if mixed else None


def _handed(strategy: ContextStrategy) -> dict[str, Any]:
    """What a template may hand to an action, by path, after a publish and a store."""
    context = strategy.store(strategy.publish(strategy.begin(namespaces()), {"new": 1}), "fetch", {"n": 1})
    fork = strategy.fan_out(context, None).fork({"nested": {"list": [1, 2]}}, 0)
    return {
        "workflow": fork.resolve("workflow"),
        "parameters": fork.resolve("parameters"),
        "task": fork.resolve("task"),
        "task.earlier": fork.resolve("task")["earlier"],
        "task.earlier.nested.list": fork.resolve("task")["earlier"]["nested"]["list"],
        "item": fork.resolve("item"),
    }


def _hands_plain_dicts(strategy: ContextStrategy) -> str | None:
    maps = {path: value for path, value in _handed(strategy).items() if not path.endswith("list")}
    other = [f"{path} is a {type(value).__name__}" for path, value in maps.items() if type(value) is not dict]
    return ", ".join(other) or None


def _can_be_written_as_json(strategy: ContextStrategy) -> str | None:
    for path, value in _handed(strategy).items():
        try:
            json.dumps(value)
        except TypeError as error:
            return f"json.dumps of {path}: {error}"
    return None


def _equals_plain_values(strategy: ContextStrategy) -> str | None:
    plain = namespaces()
    earlier = plain["task"]["earlier"]
    wanted = {
        "workflow": {**plain["workflow"], "new": 1},
        "parameters": plain["parameters"],
        "task": {"earlier": earlier, "fetch": {"n": 1}},
        "task.earlier": earlier,
        "task.earlier.nested.list": [1, 2],
        "item": {"nested": {"list": [1, 2]}},
    }
    found = _handed(strategy)
    unequal = [path for path in wanted if not (found[path] == wanted[path] and wanted[path] == found[path])]
    return f"{', '.join(unequal)}: not equal to a plain value of the same content" if unequal else None


VALUE_LAWS: Final = (
    Law("values arrive with the types they had", "exact_types", _keeps_types),
    Law("maps keep the order of their keys", "ordered", _keeps_order),
    Law("maps arrive as plain dicts", "plain_dicts", _hands_plain_dicts),
    Law("json.dumps takes what an item is handed", "json_ready", _can_be_written_as_json),
    Law("what an item is handed equals plain values", "plain_equality", _equals_plain_values),
)
