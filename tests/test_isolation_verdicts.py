"""The leak detector's verdicts: what it calls safe is safe, what it cannot look into it says, and nothing is cried for nothing."""

import array
import collections
import dataclasses
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property

import numpy as np
import pandas as pd
import pytest

import attune_sim as at
from attune_sim.isolation.findings import Leak, judged

USE = """
version: 1.0.0
vars: {map: {a: [1], b: 2}, last: 0}
tasks:
  - {name: make, action: t.make, next: [{do: [use]}]}
  - name: use
    action: t.use
    with_items: "{{ [{'tags': []}, {'tags': []}, {'tags': []}] }}"
    input: {x: "%s"}
    next: [{publish: [{out: "{{ result().results }}"}]}]
output_map: {out: "{{ out }}"}
"""


def _check(x, use, made=None, **more):
    return at.check_isolation(
        USE % x, actions={"t.make": lambda: made() if made else None, "t.use": lambda x: use(x)}, **more
    )


def _counts(x):
    x["z"] = x.get("z", 0) + 1
    return x["z"]


def _removes(x):
    return [x.pop("map", "gone"), sorted(map(str, x))]


def _replaces(x):
    x["last"] += 1
    return x["last"]


def _appends(x):
    x.append(1)
    return len(x)


PLANTED = {
    "a namespace gets a key": ("{{ workflow }}", _counts),
    "a namespace loses a key": ("{{ workflow }}", _removes),
    "a key of a namespace is replaced": ("{{ workflow }}", _replaces),
    "a variable gets a key": ("{{ workflow.map }}", _counts),
    "a list of a variable grows": ("{{ workflow.map.a }}", _appends),
    "a result grows": ("{{ task.make.list }}", _appends),
    "an item grows": ("{{ item.tags }}", _appends),
}


@pytest.mark.parametrize("plant", PLANTED)
def test_every_strategy_that_is_called_safe_gives_the_answers_of_deepcopy(plant):
    x, use = PLANTED[plant]
    found = _check(x, use, lambda: {"list": [1]})

    def answer(strategy):
        actions = {"t.make": lambda: {"list": [1]}, "t.use": use}
        return at.run(USE % x, actions=actions, strategy=strategy).output

    assert found.leaks
    assert "deepcopy" in found.safe
    assert {name: answer(name) for name in found.safe} == dict.fromkeys(found.safe, answer("deepcopy"))


def test_a_strategy_that_refuses_a_write_into_a_namespace_is_not_safe():
    found = _check("{{ workflow }}", _counts)

    assert {"frozen", "persistent", "hamt", "rpds"} <= set(found.unsafe)
    assert "chainmap" in found.safe


@pytest.mark.parametrize(("kind", "safe"), [("added", True), ("removed", False), ("reordered", False)])
def test_what_was_done_to_a_namespace_decides_and_not_how_it_is_told(kind, safe):
    leak = Leak("use", "t.use", 0, 0, "workflow", "'was removed' was replaced", kind)

    assert ("chainmap" in judged([leak])[0]) is safe


class Plain:
    def __init__(self):
        self.n = 0

    def __call__(self):
        return self.n


@dataclasses.dataclass(slots=True)
class Slotted:
    tags: list
    n: int = 0


class Noted(dict):
    pass


def _set(value, name="n"):
    setattr(value, name, 7)


WRITES = {
    "array of numbers": (lambda: np.zeros(2), lambda x: x.__setitem__(0, x[0] + 1)),
    "array of numbers in a dict": (lambda: {"a": np.zeros(2)}, lambda x: x["a"].__setitem__(0, 3)),
    "array of objects": (lambda: np.array([{}, 1], dtype=object), lambda x: x[0].update(a=1)),
    "array.array": (lambda: {"a": array.array("i", [1])}, lambda x: x["a"].append(1)),
    "bytearray": (lambda: bytearray(b"a"), lambda x: x.append(1)),
    "frame gets a column": (lambda: pd.DataFrame({"v": [1, 2]}), lambda x: x.__setitem__("w", 1)),
    "frame gets a value": (lambda: pd.DataFrame({"v": [1, 2]}), lambda x: x.loc.__setitem__((0, "v"), 5)),
    "slot": (lambda: Slotted([]), _set),
    "list in a slot": (lambda: {"s": Slotted([])}, lambda x: x["s"].tags.append(1)),
    "object that can be called": (Plain, _set),
    "attribute of a dict": (lambda: Noted(a=1), _set),
    "UserDict": (lambda: collections.UserDict(a=1), lambda x: x.__setitem__("z", 1)),
    "ChainMap": (lambda: collections.ChainMap({"a": 1}), lambda x: x.__setitem__("z", 1)),
    "key of a dict": (lambda: {Plain(): 1}, lambda x: _set(next(iter(x)))),
    "iterator": (lambda: {"i": iter([1, 2])}, lambda x: next(x["i"])),
}


@pytest.mark.parametrize("kind", WRITES)
def test_a_write_into_any_kind_of_value_is_seen(kind):
    made, write = WRITES[kind]
    found = _check("{{ task.make }}", lambda x: write(x) and None, made)

    assert found.leaks
    assert found.leaks[0].path.startswith("task.make")
    assert "shared" in found.unsafe


class Cached:
    @cached_property
    def total(self):
        return 3


NO_WRITES = {
    "equal moment": (lambda: {"a": datetime(2026, 1, 1, tzinfo=UTC)}, lambda x: x.update(a=datetime(2026, 1, 1, tzinfo=UTC))),
    "equal decimal": (lambda: {"a": Decimal("1.5")}, lambda x: x.update(a=Decimal("1.5"))),
    "equal tuple": (lambda: {"a": (1, "b")}, lambda x: x.update(a=(x["a"][0], "b"))),
    "frame that is read": (lambda: pd.DataFrame({"v": [1, 2], "w": ["a", "b"]}), lambda x: (x["v"].sum(), x.describe())),
    "array that is read": (lambda: np.arange(3), lambda x: x.sum()),
    "property that is kept": (Cached, lambda x: x.total),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_WRITES)
def test_what_leaves_a_value_equal_is_no_leak(kind):
    made, use = NO_WRITES[kind]

    assert _check("{{ task.make }}", lambda x: use(x) is None or None, made).ok


def test_a_value_that_cannot_be_looked_into_is_named_and_nothing_is_called_safe_for_all():
    found = _check("{{ task.make }}", lambda x: None, lambda: {"g": (n for n in range(2))})

    assert found.unwatched == ("a generator at task.make.g cannot be looked into",)
    assert not found.ok
    assert "every strategy is safe" not in repr(found)


def test_an_action_that_does_not_exist_is_refused_before_anything_runs():
    called = []
    with pytest.raises(at.InputError, match=r"task 'use', action: unknown action 't\.use'"):
        at.check_isolation(USE % "x", actions={"t.make": lambda: called.append(1)})

    assert called == []


def test_a_run_that_called_nothing_says_nothing_of_strategies():
    text = "version: 1.0.0\ntasks:\n  - {name: a, action: t.a, with_items: '{{ [] }}'}\n"
    found = at.check_isolation(text, actions={"t.a": lambda: None})

    assert (found.ok, found.calls, found.safe, found.unsafe) == (False, 0, (), ())
    assert "nothing can be said" in repr(found)


def test_a_run_that_failed_is_not_ok_and_says_what_was_seen():
    found = _check("{{ item }}", lambda x: 1 / 0)

    assert (found.status, found.ok, found.leaks) == ("failed", False, ())
    assert "in 4 calls" in repr(found)
    assert "the run itself failed" in repr(found)


def test_what_the_caller_gives_stays_as_it_is():
    text = """
version: 1.0.0
parameters: {rows: {type: array}}
tasks:
  - {name: a, action: t.a, input: {x: "{{ parameters.rows }}", y: "{{ config.rows }}", z: "{{ keystore.rows }}"}}
"""
    given, config, keystore = {"rows": [1]}, {"rows": [1]}, {"rows": [1]}
    found = at.check_isolation(
        text,
        given,
        actions={"t.a": lambda x, y, z: [rows.append(2) for rows in (x, y, z)]},
        config=config,
        keystore=keystore,
    )

    assert len(found.leaks) == 3
    assert given == config == keystore == {"rows": [1]}


def test_two_fan_outs_at_once_each_tell_of_their_own_items():
    text = """
version: 1.0.0
vars: {as: [{a: []}, {a: []}], bs: [{b: []}, {b: []}]}
tasks:
  - {name: s, action: t.s, next: [{do: [x, y]}]}
  - {name: x, action: t.x, with_items: "{{ vars.as }}", input: {x: "{{ item }}"}}
  - {name: y, action: t.y, with_items: "{{ vars.bs }}", input: {x: "{{ item }}"}}
"""
    actions = {"t.s": lambda: None, "t.x": lambda x: x["a"].append(1), "t.y": lambda x: x["b"].append(1)}
    found = at.check_isolation(text, actions=actions)

    assert {(leak.task, leak.path) for leak in found.leaks} == {("x", "item.a"), ("y", "item.b")}


def test_a_thread_that_the_last_action_left_behind_is_waited_for():
    def use(x):
        threading.Thread(target=lambda: (time.sleep(0.02), x["tags"].append(1))).start()

    found = _check("{{ item }}", use)

    assert [leak.late for leak in found.leaks] == [True, True, True]
