"""How values arrive: their types, their order, and what Python's own tools make of them."""

from __future__ import annotations

import copy
import datetime
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from uuid import UUID

from attune_sim.contexts.laws.law import Law
from attune_sim.contexts.laws.places import PLACES, at, filled
from attune_sim.contexts.strategy import ContextStrategy
from attune_sim.paths import below, spelled

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
    "bytearray": bytearray(b"a"),
    "date": datetime.date(2026, 1, 2),
    "timedelta": datetime.timedelta(seconds=1),
    "decimal": Decimal("1.50"),
    "UUID": UUID(int=7),
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
        context = filled(strategy, {"value": value})
        fork = strategy.fan_out(context, None).fork({"value": value}, 0)
        arrived = {place: at(fork, (*path, "value")) for place, path in PLACES.items()}
        arrived["the item"] = strategy.fan_out(context, None).fork(value, 0).resolve("item")
    except Exception as error:  # a strategy may refuse a value in any way; that is its fate
        return "refused", f"is refused ({type(error).__name__})"
    changed = [f"arrives in {place} as {seen!r}" for place, seen in arrived.items() if not same(value, seen)]
    return ("changed", changed[0]) if changed else ("kept", "")


def _keeps_types(strategy: ContextStrategy) -> str | None:
    fates = ((kind, *_fate(strategy, value)) for kind, value in EXACT.items())
    lost = [f"{kind}: {EXACT[kind]!r} {how}" for kind, fate, how in fates if fate != "kept"]
    return "; ".join(lost) or None


def same(value: Any, other: Any) -> bool:
    """Whether both are of the same types and content to the ground, keys in the same order."""
    if isinstance(value, float) and math.isnan(value):
        return isinstance(other, float) and math.isnan(other)
    if type(value) is not type(other):
        return False
    if isinstance(value, list | tuple):
        return len(value) == len(other) and all(map(same, value, other))
    if isinstance(value, dict):
        return list(value) == list(other) and all(same(value[key], other[key]) for key in value)
    return bool(value == other)


def _keeps_order(strategy: ContextStrategy) -> str | None:
    names = [f"name_{(n * 7919) % 101}" for n in range(101)]
    values = {**dict.fromkeys(names, 1), "map": dict.fromkeys(names, 1)}
    context = filled(strategy, values)
    fork = strategy.fan_out(context, None).fork(values, 0)
    maps = {place: at(fork, path) for place, path in PLACES.items()}
    mixed = [place for place, found in maps.items() if not _are_ordered(names, found, found["map"])]
    for name in (grown := [f"grown_{name}" for name in names]):
        context = strategy.publish(context, {name: 1})
    if not _are_ordered(grown, strategy.fan_out(context, None).fork(1, 0).resolve("workflow")):
        mixed.append("variables published one by one")
    return f"the keys of {', '.join(mixed)} arrive in another order" if mixed else None


def _are_ordered(names: list[str], *maps: Iterable[str]) -> bool:
    wanted = set(names)
    return all([name for name in found if name in wanted] == names for found in maps)


_PLAIN: Final = {"plain": 1, "nested": {"list": [1, 2], "maps": [{"a": {"b": [{"c": {"d": [1]}}]}}]}}


def _handed(strategy: ContextStrategy) -> Iterator[tuple[str, Any, Any]]:
    """What a template may hand to an action, at every place and depth: where, what arrives, and the plain value of it."""
    context = filled(strategy, _PLAIN)
    fork = strategy.fan_out(context, None).fork(copy.deepcopy(_PLAIN), 0)
    grown = {"workflow": {"published": _PLAIN}, "task": {"stored": _PLAIN}}
    for path in PLACES.values():
        wanted = {**_PLAIN, **grown.get(path[0], {})} if len(path) == 1 else _PLAIN
        yield from _parts(spelled(path), at(fork, path), wanted)


def _parts(where: str, found: Any, wanted: Any) -> Iterator[tuple[str, Any, Any]]:
    yield where, found, wanted
    if isinstance(wanted, dict | list):
        for step in wanted if isinstance(wanted, dict) else range(len(wanted)):
            yield from _parts(below(where, step), found[step], wanted[step])


def _hands_plain_dicts(strategy: ContextStrategy) -> str | None:
    maps = [(where, type(found)) for where, found, wanted in _handed(strategy) if isinstance(wanted, dict)]
    return _first(f"{where} is a {kind.__name__}" for where, kind in maps if kind is not dict)


def _can_be_written_as_json(strategy: ContextStrategy) -> str | None:
    for where, found, _ in _handed(strategy):
        try:
            json.dumps(found)
        except TypeError as error:
            return f"json.dumps of {where}: {error}"
    return None


def _equals_plain_values(strategy: ContextStrategy) -> str | None:
    handed = _handed(strategy)
    seen = _first(where for where, found, wanted in handed if not (found == wanted and wanted == found))
    return f"{seen}: not equal to a plain value of the same content" if seen else None


def _first(seen: Iterable[str]) -> str | None:
    return ", ".join(islice(seen, 3)) or None


VALUE_LAWS: Final = (
    Law("values arrive with the types they had", "exact_types", _keeps_types),
    Law("maps keep the order of their keys", "ordered", _keeps_order),
    Law("maps arrive as plain dicts", "plain_dicts", _hands_plain_dicts),
    Law("json.dumps takes what an item is handed", "json_ready", _can_be_written_as_json),
    Law("what an item is handed equals plain values", "plain_equality", _equals_plain_values),
)
