"""One law suite over whatever is registered; and the suite itself, held against strategies that lie."""

import copy
import json
import threading
import time
from collections import ChainMap, UserDict
from collections.abc import Mapping
from typing import Any

import immutables
import pytest

from attune_sim.contexts.laws import LAWS, check_laws
from attune_sim.contexts.plain import PlainContext, PlainFork, PlainMaps, PlainStrategy
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import ALWAYS, Guarantees

PROMISES = list(Guarantees(isolated_items=False, isolated_nested=False).as_dict())


@pytest.mark.parametrize("place", range(len(LAWS)), ids=[law.name.replace(" ", "_") for law in LAWS])
@pytest.mark.parametrize("name", strategies)
def test_every_registered_strategy_keeps_what_it_must_and_what_it_promises(name, place, verdicts_of):
    verdict = verdicts_of(name)[place]

    assert verdict.law == LAWS[place].name
    assert not verdict.broken, str(verdict)


@pytest.mark.parametrize("name", strategies)
def test_our_own_strategies_promise_all_that_they_keep(name, verdicts_of):
    kept = dict.fromkeys(PROMISES, True)
    for verdict in verdicts_of(name):
        if verdict.guarantee in kept:
            kept[verdict.guarantee] &= verdict.held

    assert strategies[name].guarantees.as_dict() == kept


def test_each_guarantee_has_a_law():
    assert {law.guarantee for law in LAWS} - {None} == {*PROMISES, *ALWAYS}


def broken(strategy):
    """The guarantees that a strategy breaks, in the order of the laws, each once."""
    return list(dict.fromkeys(verdict.guarantee for verdict in check_laws(strategy) if verdict.broken))


class _Forker:
    def __init__(self, namespaces: Mapping[str, Any], fork: Any = PlainFork) -> None:
        self._namespaces, self._fork = namespaces, fork

    def fork(self, item: Any, index: int) -> PlainFork:
        return self._fork(self._namespaces, item, index)


class _Sharing(PlainStrategy):
    """Shares everything, like `shared`; the liars below only declare otherwise."""

    name = "sharing"
    guarantees = Guarantees(isolated_items=False, isolated_nested=False)

    def fan_out(self, context, reads):
        return _Forker(context.namespaces)


def test_the_strategy_that_the_liars_are_made_of_is_honest():
    assert broken(_Sharing) == []


@pytest.mark.parametrize("promise", ["isolated_items", "isolated_nested", "immutable"])
def test_a_strategy_that_shares_and_promises_isolation_is_caught(promise):
    promises = {"isolated_items": False, "isolated_nested": False, promise: True}
    liar = type("Liar", (_Sharing,), {"name": "liar", "guarantees": Guarantees(**promises)})

    assert broken(liar) == [promise]
    assert any("BROKEN" in str(verdict) for verdict in check_laws(liar))


class _CopyingContextOnly(_Sharing):
    """Copies the context and forgets that the item is handed on as well."""

    name = "context_only"
    guarantees = Guarantees(isolated_items=True, isolated_nested=True)

    def fan_out(self, context, reads):
        namespaces = context.namespaces
        return _Forker(namespaces, lambda maps, item, index: PlainFork(copy.deepcopy(maps), item, index))


class _CopyingWhenUnasked(_Sharing):
    """Copies everything where nothing is known, and nothing where the paths are."""

    name = "when_unasked"
    guarantees = Guarantees(isolated_items=True, isolated_nested=True)

    def fan_out(self, context, reads):
        copied = copy.deepcopy if reads is None else lambda value: value
        fork = lambda maps, item, index: PlainFork(copied(maps), copied(item), index)  # noqa: E731
        return _Forker(context.namespaces, fork)


@pytest.mark.parametrize("liar", [_CopyingContextOnly, _CopyingWhenUnasked])
def test_isolation_that_leaves_something_out_is_caught(liar):
    assert broken(liar) == ["isolated_nested"]


class _Locked(PlainFork):
    """A fork that holds what cannot travel."""

    def __init__(self, *given):
        super().__init__(*given)
        self.lock = threading.Lock()


class _Unpicklable(_Sharing):
    name = "unpicklable"

    def fan_out(self, context, reads):
        return _Forker(context.namespaces, _Locked)


class _LosingGrowth(_Sharing):
    """Pickles, but forgets what was published since the beginning."""

    name = "losing_growth"

    def fan_out(self, context, reads):
        return _Forker(_Forgetful(context.namespaces))


class _Forgetful(dict):
    def __reduce__(self):
        kept = {name: self[name] for name in self if name != "workflow"}
        begun = {key: variable for key, variable in self["workflow"].items() if key in ("plain", "nested")}
        return (dict, ({**kept, "workflow": begun},))


@pytest.mark.parametrize("liar", [_Unpicklable, _LosingGrowth])
def test_forks_that_cannot_travel_and_promise_it_are_caught(liar):
    assert broken(liar) == ["picklable"]


class _OneForkAtATime(_Sharing):
    """Hands the item over in an attribute of its own: fine, until a second thread forks."""

    name = "one_at_a_time"

    def fan_out(self, context, reads):
        return self._Scratch(context.namespaces)

    class _Scratch(_Forker):
        def fork(self, item, index):
            self.item = item
            time.sleep(0)
            return PlainFork(self._namespaces, self.item, index)


def test_a_strategy_that_only_works_in_one_thread_and_promises_more_is_caught():
    assert broken(_OneForkAtATime) == ["thread_safe"]


class _Json(_Sharing):
    """Goes through JSON, and says that it keeps types."""

    name = "json_liar"

    def fan_out(self, context, reads):
        return _Forker(json.loads(json.dumps(context.namespaces)))


def test_a_json_round_trip_that_promises_exact_types_is_caught():
    assert broken(_Json) == ["exact_types"]


class _Sorting(_Sharing):
    name = "sorting"

    def begin(self, namespaces):
        return PlainContext(PlainMaps({name: _sorted(value) for name, value in namespaces.items()}))


def _sorted(value: Any) -> Any:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, Mapping) else value


def test_a_strategy_that_loses_the_order_of_keys_is_caught():
    assert broken(_Sorting) == ["ordered"]


class _Wrapping(_Sharing):
    """Hands on every namespace in a map of another kind."""

    name = "wrapping"
    kind: Any = None

    def fan_out(self, context, reads):
        wrap = type(self).kind
        return _Forker({k: wrap(v) if isinstance(v, dict) else v for k, v in context.namespaces.items()})


class _Own(dict):
    """A dict in all but its type."""


class _Odd(UserDict):
    """A map that equals nothing."""

    __eq__ = object.__eq__
    __hash__ = None


@pytest.mark.parametrize(
    ("kind", "guarantees"),
    [
        (ChainMap, ["plain_dicts", "json_ready"]),
        (_Own, ["plain_dicts"]),
        (_Odd, ["plain_dicts", "json_ready", "plain_equality"]),
        (immutables.Map, ["ordered", "plain_dicts", "json_ready", "plain_equality"]),
    ],
)
def test_maps_of_another_kind_that_are_said_to_be_plain_are_caught(kind, guarantees):
    liar = type("Liar", (_Wrapping,), {"name": "liar", "kind": kind})

    assert broken(liar) == guarantees


class _Live(_Sharing):
    """Publishes in place: the context before it changes, and items under way see it."""

    name = "live"

    def publish(self, context, values):
        context.resolve("workflow").update(values)
        return context


class _LiveResults(_Sharing):
    name = "live_results"

    def store(self, context, task, result):
        context.resolve("task")[task] = result
        return context


class _Late(_Sharing):
    """Looks at the run's latest context when it forks, not at that of the fan-out."""

    name = "late"
    latest: Any = None

    def publish(self, context, values):
        self.latest = super().publish(context, values)
        return self.latest

    def store(self, context, task, result):
        self.latest = super().store(context, task, result)
        return self.latest

    def fan_out(self, context, reads):
        return _Forker(
            context, lambda _, item, index: PlainFork((self.latest or context).namespaces, item, index)
        )


class _Stale(_Sharing):
    """Remembers what it read first and never looks again."""

    name = "stale"
    first: Any = None

    def fan_out(self, context, reads):
        self.first = self.first or context.namespaces
        return _Forker(self.first)


class _Amnesiac(_Sharing):
    """Keeps the last hundred variables."""

    name = "amnesiac"

    def publish(self, context, values):
        kept = dict(list({**context.resolve("workflow"), **values}.items())[-100:])
        return PlainContext(PlainMaps({**context.namespaces, "workflow": kept}))


class _Inventive(_Sharing):
    """Gives null for what is not there."""

    name = "inventive"

    def fan_out(self, context, reads):
        namespaces = context.namespaces
        for root, *rest in reads or ():
            if len(rest) == 1 and isinstance(namespaces.get(root), dict):
                namespaces[root] = {rest[0]: None, **namespaces[root]}
        return _Forker(namespaces)


@pytest.mark.parametrize(
    ("liar", "guarantees"),
    [
        (_Live, {"parent_unchanged", "one_snapshot", "reads_kept", "thread_safe"}),
        (_LiveResults, {"parent_unchanged", "one_snapshot", "thread_safe"}),
        (_Late, {"one_snapshot", "reads_kept", "thread_safe"}),
        (_Stale, {"one_snapshot", "thread_safe", "exact_types", "ordered"}),
        (_Amnesiac, {"publish_seen", "parent_unchanged", "ordered"}),
        (_Inventive, {"reads_kept"}),
    ],
)
def test_what_every_strategy_has_to_keep_cannot_be_broken(liar, guarantees):
    assert set(broken(liar)) == guarantees


class _Raising(_Sharing):
    name = "raising"

    def fan_out(self, context, reads):
        raise RuntimeError("out of order")


def test_what_a_strategy_raises_is_what_the_law_saw():
    seen = {verdict.seen for verdict in check_laws(_Raising) if verdict.broken}

    assert "RuntimeError: out of order" in seen
