"""One law suite over whatever is registered; and the suite itself, held against strategies that lie."""

from collections.abc import Mapping
from typing import Any

import pytest

from attune_sim.contexts.laws import LAWS, check_laws
from attune_sim.contexts.plain import PlainContext, PlainFork, PlainStrategy
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import Guarantees

VERDICTS = [
    pytest.param(verdict, id=str(verdict).split(": ")[0] + "-" + verdict.law.replace(" ", "_"))
    for name in strategies
    for verdict in check_laws(strategies[name])
]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_registered_strategy_keeps_what_it_must_and_what_it_promises(verdict):
    assert not verdict.broken, str(verdict)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_our_own_strategies_promise_all_that_they_keep(verdict):
    understated = verdict.guarantee is not None and verdict.held and not verdict.promised

    assert not understated, f"{verdict.strategy} keeps {verdict.guarantee!r} and does not say so"


class _Forker:
    def __init__(self, namespaces: dict[str, Any]) -> None:
        self._namespaces = namespaces

    def fork(self, item: Any, index: int) -> PlainFork:
        return PlainFork(self._namespaces, item, index)


class _Sharing(PlainStrategy):
    """Shares everything, like `shared`; the liars below only declare otherwise."""

    name = "sharing"
    guarantees = Guarantees(isolated_items=False, isolated_nested=False)

    def fan_out(self, context, reads):
        return _Forker(context.namespaces)


@pytest.mark.parametrize("promise", ["isolated_items", "isolated_nested", "immutable"])
def test_a_strategy_that_shares_and_promises_isolation_is_caught(promise):
    promises = {"isolated_items": False, "isolated_nested": False, promise: True}
    liar = type("Liar", (_Sharing,), {"name": "liar", "guarantees": Guarantees(**promises)})

    broken = [verdict for verdict in check_laws(liar) if verdict.broken]

    assert [verdict.guarantee for verdict in broken] == [promise]
    assert "BROKEN" in str(broken[0])


class _Json(_Sharing):
    """Goes through JSON, and says that it keeps types."""

    name = "json_liar"

    def fan_out(self, context, reads):
        import json

        return _Forker(json.loads(json.dumps(context.namespaces)))


def test_a_json_round_trip_that_promises_exact_types_is_caught():
    broken = [verdict.guarantee for verdict in check_laws(_Json) if verdict.broken]

    assert broken == ["exact_types"]


class _Sorting(_Sharing):
    name = "sorting"

    def begin(self, namespaces):
        return PlainContext({name: _sorted(value) for name, value in namespaces.items()})


def _sorted(value: Any) -> Any:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, Mapping) else value


def test_a_strategy_that_loses_the_order_of_keys_is_caught():
    assert [verdict.guarantee for verdict in check_laws(_Sorting) if verdict.broken] == ["ordered"]


class _Live(_Sharing):
    """Publishes in place: the context before it changes, and items under way see it."""

    name = "live"

    def publish(self, context, values):
        context.namespaces["workflow"].update(values)
        return context


def test_a_strategy_that_publishes_in_place_breaks_the_laws_that_hold_for_all():
    broken = {verdict.law for verdict in check_laws(_Live) if verdict.broken}

    assert broken == {
        "publishing leaves the context before it unchanged",
        "the items of a fan-out see one snapshot",
    }


class _Raising(_Sharing):
    name = "raising"

    def fan_out(self, context, reads):
        raise RuntimeError("out of order")


def test_what_a_strategy_raises_is_what_the_law_saw():
    seen = {verdict.seen for verdict in check_laws(_Raising) if verdict.broken}

    assert "RuntimeError: out of order" in seen


def test_each_guarantee_has_a_law():
    assert {law.guarantee for law in LAWS} - {None} == set(_Sharing.guarantees.as_dict())
