"""The laws held against strategies that keep a promise almost everywhere: each must break the law of what it promises."""

import copy
import datetime
import json
import os
import sys
import threading
import time
from dataclasses import replace
from decimal import Decimal

import pytest

from attune_sim.contexts.deepcopy import Deepcopy
from attune_sim.contexts.laws import LAWS, check_laws
from attune_sim.contexts.plain import PlainFork, PlainStrategy
from attune_sim.contexts.strategy import Guarantees
from attune_sim.scope import MISSING

ISOLATED = Guarantees(isolated_items=True, isolated_nested=True)


def broken_promises(strategy):
    return {verdict.guarantee for verdict in check_laws(strategy) if verdict.broken}


class Copying:
    """A forker that hands on what `copied` makes of the namespaces and of the item."""

    def __init__(self, namespaces, copied, copied_item):
        self.namespaces, self.copied, self.copied_item = namespaces, copied, copied_item

    def fork(self, item, index):
        own = item if item is MISSING else self.copied_item(item)
        return PlainFork(self.copied(self.namespaces), own, index)


def copying_by(copied, copied_item=None, guarantees=ISOLATED):
    """A strategy that hands on what `copied` makes of the context, and what `copied_item` makes of the item."""

    class Liar(PlainStrategy):
        name = "liar"

        def fan_out(self, context, reads):
            return Copying(context.namespaces, copied, copied_item or copied)

    Liar.guarantees = guarantees
    return Liar


def copied_down(value, levels):
    if levels == 0 or type(value) not in (dict, list):
        return value
    if type(value) is dict:
        return {key: copied_down(part, levels - 1) for key, part in value.items()}
    return [copied_down(part, levels - 1) for part in value]


@pytest.mark.parametrize("levels", range(2, 9))
def test_isolation_that_ends_at_some_depth_is_caught(levels):
    assert broken_promises(copying_by(lambda value: copied_down(value, levels))) == {"isolated_nested"}


def test_isolation_of_nothing_but_dicts_and_lists_is_caught():
    assert broken_promises(copying_by(lambda value: copied_down(value, 99))) == {"isolated_nested"}


@pytest.mark.parametrize("shared", ["parameters", "workflow", "task", "config", "keystore", "system"])
def test_isolation_that_leaves_a_namespace_out_is_caught(shared):
    def copied(namespaces):
        return {
            name: namespace if name == shared else copy.deepcopy(namespace)
            for name, namespace in namespaces.items()
        }

    assert broken_promises(copying_by(copied, copy.deepcopy)) == {"isolated_items", "isolated_nested"}


class SharingWhatCameLater(PlainStrategy):
    """Copies what the run began with, and shares what was published or stored since."""

    name = "sharing_later"
    guarantees = ISOLATED

    def begin(self, namespaces):
        self.begun = {name: set(namespace or ()) for name, namespace in namespaces.items()}
        return super().begin(namespaces)

    def fan_out(self, context, reads):
        return Copying(context.namespaces, self.copied, copy.deepcopy)

    def copied(self, namespaces):
        return {
            name: {key: copy.deepcopy(v) if key in self.begun[name] else v for key, v in namespace.items()}
            if isinstance(namespace, dict)
            else namespace
            for name, namespace in namespaces.items()
        }


class SharingWithPlainTasks(PlainStrategy):
    """Copies for items only."""

    name = "sharing_plain"
    guarantees = ISOLATED

    def fan_out(self, context, reads):
        items = Copying(context.namespaces, copy.deepcopy, copy.deepcopy)
        plain = Copying(context.namespaces, lambda value: value, lambda item: item)

        class Forker:
            def fork(self, item, index):
                return (plain if item is MISSING else items).fork(item, index)

        return Forker()


class SharingInPlainForks(PlainStrategy):
    """Copies whatever it forks with an item, even one that is missing, and nothing in forks that are plain by name."""

    name = "sharing_plain_forks"
    guarantees = ISOLATED

    def fan_out(self, context, reads):
        class Forker(Copying):
            def fork_plain(self):
                return PlainFork(self.namespaces, MISSING, MISSING)

        return Forker(context.namespaces, copy.deepcopy, copy.deepcopy)


def test_sharing_what_was_published_or_stored_later_is_caught():
    assert broken_promises(SharingWhatCameLater) == {"isolated_nested"}


@pytest.mark.parametrize("liar", [SharingWithPlainTasks, SharingInPlainForks])
def test_sharing_with_plain_tasks_is_caught(liar):
    assert broken_promises(liar) == {"isolated_items", "isolated_nested"}


def refuse(self, *given):
    raise TypeError("read only")


class HalfDict(dict):
    __setitem__ = refuse


class HalfList(list):
    __setitem__ = refuse


def half_read_only(value):
    if isinstance(value, dict):
        return HalfDict({key: half_read_only(part) for key, part in value.items()})
    return HalfList(map(half_read_only, value)) if isinstance(value, list) else value


def test_immutability_that_only_blocks_assignments_is_caught():
    promised = replace(ISOLATED, isolated_items=False, isolated_nested=False, immutable=True)

    assert "immutable" in broken_promises(copying_by(half_read_only, guarantees=promised))


def through_json(value):
    return json.loads(json.dumps(value, default=str))


class LosingTypesOfParameters(Deepcopy):
    def begin(self, namespaces):
        return super().begin({**namespaces, "parameters": through_json(namespaces["parameters"])})


class LosingTypesOfHistory(Deepcopy):
    def begin(self, namespaces):
        return super().begin({**namespaces, "task": through_json(namespaces["task"])})


class LosingTypesOfPublished(Deepcopy):
    def publish(self, context, values):
        return super().publish(context, through_json(values))


class LosingDecimals(Deepcopy):
    def store(self, context, task, result):
        return super().store(context, task, self.written(result))

    def written(self, value):
        if isinstance(value, dict):
            return {key: self.written(part) for key, part in value.items()}
        is_date = isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
        return str(value) if is_date or isinstance(value, Decimal) else value


@pytest.mark.parametrize(
    "liar", [LosingTypesOfParameters, LosingTypesOfHistory, LosingTypesOfPublished, LosingDecimals]
)
def test_types_that_are_lost_at_one_place_are_caught(liar):
    assert "exact_types" in broken_promises(liar)


class TurningResultsRound(Deepcopy):
    def store(self, context, task, result):
        return super().store(context, task, dict(reversed(result.items())))


def test_an_order_that_is_lost_in_results_only_is_caught():
    assert broken_promises(TurningResultsRound) == {"ordered"}


CONCURRENT = Guarantees(isolated_items=False, isolated_nested=False, concurrent_forks=True)


class Forking:
    """A forker that shares the namespaces; the liars hold more between two steps."""

    def __init__(self, namespaces):
        self.namespaces = namespaces

    def fork(self, item, index):
        return PlainFork(self.namespaces, item, index)


class HandingOver(Forking):
    """Hands the item over in an attribute, and gives way to other threads in between."""

    def fork(self, item, index):
        self.item = item
        time.sleep(0)
        return super().fork(self.item, index)


class HandingOverAtOnce(Forking):
    """The same with next to no time in between."""

    def fork(self, item, index):
        self.item = item
        own = dict(self.namespaces)
        return PlainFork(own, self.item, index)


class HandingOverInPlainTasks(Forking):
    """Two threads may fork items, but not plain tasks."""

    def fork_plain(self):
        self.own = dict(self.namespaces)
        self.own, given = None, self.own
        return PlainFork(given or {}, MISSING, MISSING)


class FillingAtFirstUse(Forking):
    """Whoever forks first fills what all forks read; whoever comes second finds it half full."""

    filled = None

    def fork(self, item, index):
        if self.filled is None:
            self.filled = {}
            for name, namespace in self.namespaces.items():
                self.filled[name] = namespace
        return PlainFork(self.filled, item, index)


class TakingTurns(HandingOver):
    """Hands the item over in an attribute, and lets no other thread in meanwhile."""

    def __init__(self, namespaces):
        super().__init__(namespaces)
        self.lock = threading.Lock()

    def fork(self, item, index):
        with self.lock:
            return super().fork(item, index)


def forking_by(forker, guarantees=CONCURRENT):
    class Liar(PlainStrategy):
        name = "liar"

        def fan_out(self, context, reads):
            return forker(context.namespaces)

    Liar.guarantees = guarantees
    return Liar


def laws_of(guarantee):
    return [law for law in LAWS if law.guarantee == guarantee]


@pytest.mark.parametrize(
    "forker", [HandingOver, HandingOverAtOnce, HandingOverInPlainTasks, FillingAtFirstUse]
)
def test_a_forker_that_two_threads_cannot_use_at_once_is_caught_every_time(forker):
    before = sys.getswitchinterval()

    rounds = [check_laws(forking_by(forker), laws_of("concurrent_forks")) for _ in range(10)]

    assert all(any(verdict.broken for verdict in verdicts) for verdicts in rounds)
    assert sys.getswitchinterval() == before


@pytest.mark.parametrize("forker", [Forking, TakingTurns])
def test_a_forker_that_threads_share_rightly_keeps_its_promise(forker):
    assert broken_promises(forking_by(forker)) == set()


def test_who_does_not_promise_that_threads_fork_at_once_need_not_keep_it():
    verdicts = check_laws(forking_by(HandingOver, replace(CONCURRENT, concurrent_forks=False)))

    assert not any(verdict.broken for verdict in verdicts if verdict.guarantee == "concurrent_forks")
    assert Guarantees(isolated_items=False, isolated_nested=False).concurrent_forks is False


# Classes that are made in functions are pickled with all that they are: another process need not import this module.


def honest_traveller():
    class Forker:
        def __init__(self, namespaces):
            self.namespaces = namespaces

        def fork(self, item, index):
            return PlainFork(self.namespaces, item, index)

    return Forker


def holding_a_lock():
    class Forker(honest_traveller()):
        def __init__(self, namespaces):
            super().__init__(namespaces)
            self.lock = threading.Lock()

    return Forker


def bound_to_its_home():
    class Forker(honest_traveller()):
        def __init__(self, namespaces):
            super().__init__(namespaces)
            self.home = os.getpid()

        def fork(self, item, index):
            return super().fork(item if os.getpid() == self.home else dict.fromkeys(item or ()), index)

    return Forker


def leaving_results_behind():
    class Forker(honest_traveller()):
        def __getstate__(self):
            return {"namespaces": {**self.namespaces, "task": {**self.namespaces["task"], "stored": {}}}}

    return Forker


def turning_tuples_into_lists():
    class Forker(honest_traveller()):
        def __getstate__(self):
            return {"namespaces": self.turned(self.namespaces)}

        def turned(self, value):
            if isinstance(value, dict):
                return {key: self.turned(part) for key, part in value.items()}
            return list(value) if isinstance(value, tuple) else value

    return Forker


TRAVELLING = Guarantees(isolated_items=False, isolated_nested=False, travels=True)


def test_a_forker_whose_class_cannot_be_imported_elsewhere_travels_with_it():
    [verdict] = check_laws(forking_by(honest_traveller(), TRAVELLING), laws_of("travels"))

    assert verdict.held, verdict
    assert "weighs" in str(verdict)


@pytest.mark.parametrize(
    ("made", "seen"),
    [
        (holding_a_lock, "cannot pickle '_thread.lock' object"),
        (bound_to_its_home, "in another process item.dict of an item reads None instead of {'a': 1}"),
        (leaving_results_behind, "KeyError: 'dict'"),
        (turning_tuples_into_lists, "tuple of an item reads [1, 2] instead of (1, 2)"),
    ],
)
def test_a_forker_that_does_not_fork_alike_elsewhere_is_caught(made, seen):
    liar = forking_by(made(), TRAVELLING)

    [verdict] = check_laws(liar, laws_of("travels"))

    assert broken_promises(liar) == {"travels"}
    assert seen in verdict.seen
    assert verdict.note == ""
