"""Equal code and data give equal digits, in any process; different ones do not."""

import functools
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.experiment.fingerprint import fingerprint

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(left=plain, right=plain)
def test_data_is_told_apart_exactly_when_it_differs(left, right):
    same = repr(left) == repr(right)
    if same or not isinstance(left, dict):
        assert (fingerprint(left) == fingerprint(right)) == same


def test_large_and_deep_data_has_the_digits_that_stores_of_before_know():
    deep = []
    for _ in range(20):
        deep = [deep, 1, "x"]
    data = {"b": [1, 2.5, None, True, "x", b"y", ()], "a": {"c": {1, "z"}}}

    assert fingerprint(data, list(range(10_000)), deep) == "3587957cf4e10636"


def test_the_order_of_keys_does_not_matter_that_of_lists_does():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])


def adder(amount):
    def add(value):
        return value + amount

    return add


def helped(value):
    return helper(value)


def helper(value):
    return value * 2


def test_what_a_function_closes_over_counts():
    assert fingerprint(adder(1)) == fingerprint(adder(1))
    assert fingerprint(adder(1)) != fingerprint(adder(2))


def test_defaults_and_bound_arguments_count():
    assert fingerprint(lambda a=1: a) != fingerprint(lambda a=2: a)
    assert fingerprint(functools.partial(helped, 1)) != fingerprint(functools.partial(helped, 2))


def test_a_changed_helper_of_the_same_module_changes_the_function_that_calls_it(monkeypatch):
    before = fingerprint(helped)
    monkeypatch.setitem(globals(), "helper", lambda value: value * 3)
    globals()["helper"].__module__ = helped.__module__
    assert fingerprint(helped) != before


def test_a_function_that_calls_itself_has_a_fingerprint():
    def countdown(n):
        return n and countdown(n - 1)

    assert fingerprint(countdown) == fingerprint(countdown)


def test_every_strategy_has_its_own():
    assert len({fingerprint(strategies[name]) for name in strategies}) == len(list(strategies))


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_with_another_hash_seed_agrees(seed):
    code = (
        "from attune_sim.experiment.fingerprint import fingerprint\n"
        "from attune_sim.contexts.registry import strategies\n"
        "print(fingerprint(strategies['shared'], {'a': {1, 'b', 2.5}}, frozenset('xyz')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": seed, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == fingerprint(strategies["shared"], {"a": {1, "b", 2.5}}, frozenset("xyz"))
