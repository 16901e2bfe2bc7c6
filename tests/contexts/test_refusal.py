"""A value that a strategy cannot hand on is named, and what it says is never shown."""

import datetime
import threading

import orjson
import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.contexts.serial import RoundTripForker
from attune_sim.errors import ResultError


def forked(name, value, item="x"):
    strategy = strategies[name]()
    context = strategy.store(strategy.begin({"parameters": {}, "workflow": {}, "task": {}}), "fetch", value)
    return strategy.fan_out(context, None).fork(item, 0)


DEEP = []
for _ in range(100_000):
    DEEP = [DEEP]
RING = {}
RING["self"] = RING


@pytest.mark.parametrize(
    ("name", "value", "culprit"),
    [
        (
            "json",
            {"rows": [1, {"when": datetime.date(2026, 1, 2)}]},
            r"task.fetch.rows\[1\].when: a date is not JSON",
        ),
        ("json", {"a": {1, 2}}, "task.fetch.a: a set is not JSON"),
        ("json", {"a": {(1, 2): 3}}, "task.fetch.a: a dict with a key of type tuple is not JSON"),
        ("json", RING, "task.fetch: a dict nested too deeply, within itself or without end"),
        ("json", {"deep": DEEP}, "task.fetch.deep.*: a list nested too deeply"),
        ("orjson", {"a": {1: 2}}, "task.fetch.a: a dict with a key of type int is not JSON"),
        ("orjson", {"a": [2**70]}, r"task.fetch.a\[0\]: an integer of this size is not JSON"),
        ("orjson", {"a": "secret \ud800"}, "task.fetch.a: a text that is no valid Unicode"),
        ("orjson", {"a": b"secret"}, "task.fetch.a: a bytes is not JSON"),
        ("pickle", {"a": [threading.Lock()]}, r"task.fetch.a\[0\]: a lock is not picklable"),
        ("pickle", {"a": lambda: None}, "task.fetch.a: a function is not picklable"),
        ("deepcopy", {"a": [threading.Lock()]}, r"task.fetch.a\[0\]: a lock is not copyable"),
        ("projected", {"a": [threading.Lock()]}, r"task.fetch.a\[0\]: a lock is not copyable"),
        ("projected", {"deep": DEEP}, "task.fetch.deep.*: a list nested too deeply"),
    ],
)
def test_the_smallest_part_that_is_refused_is_named(name, value, culprit):
    with pytest.raises(ResultError, match=f"strategy '{name}' cannot hand on {culprit}") as caught:
        forked(name, value)

    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("name", ["json", "orjson"])
def test_an_item_that_is_refused_is_named(name):
    with pytest.raises(ResultError, match=r"cannot hand on item\.tags: a set is not JSON"):
        forked(name, {"fine": 1}, item={"id": 1, "tags": {"a"}})


def test_what_is_nested_too_deeply_to_freeze_is_refused_when_it_is_stored():
    with pytest.raises(
        ResultError, match=r"'frozen' cannot hand on task\.fetch\.deep.*: a list nested too deeply"
    ):
        forked("frozen", {"deep": DEEP})


def raising(error):
    def write(value):
        raise error

    return write


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        orjson.JSONDecodeError("Not enough memory to allocate buffer for parsing", "", 0),
        TypeError("out of memory"),
    ],
)
def test_running_out_of_memory_is_never_the_fault_of_a_value(error):
    writing = RoundTripForker({"task": {}}, "json", "JSON", raising(error), orjson.loads)
    reading = RoundTripForker({"task": {}}, "json", "JSON", orjson.dumps, raising(error))

    for forker in (writing, reading):
        with pytest.raises(type(error)):
            forker.fork("x", 0)


@pytest.mark.parametrize("value", [object(), len, Exception("secret")])
def test_what_frozen_can_neither_freeze_nor_knows_to_be_immutable_is_refused(value):
    with pytest.raises(
        ResultError, match=rf"cannot hand on task\.fetch\.rows\[1\]: an? {type(value).__name__} is not plain"
    ):
        forked("frozen", {"rows": [1, value]})
    with pytest.raises(ResultError, match=r"'frozen' cannot hand on item\.tags"):
        forked("frozen", {}, item={"tags": value})


class Unlookable(dict):
    """Says nothing of what it holds."""

    def __iter__(self):
        raise ValueError("secret")

    keys = items = values = __deepcopy__ = __reduce_ex__ = __iter__


@pytest.mark.parametrize("name", ["json", "orjson", "pickle", "deepcopy", "projected", "frozen"])
def test_what_cannot_even_be_looked_into_is_refused_as_it_stands(name):
    with pytest.raises(
        ResultError, match=rf"'{name}' cannot hand on task\.fetch\.a: an? Unlookable is not"
    ) as caught:
        forked(name, {"a": Unlookable(b=1)})

    assert "secret" not in str(caught.value)


SHARED = []
for _ in range(60):
    SHARED = [SHARED, SHARED]


@pytest.mark.parametrize("name", ["json", "orjson"])
def test_what_holds_itself_so_often_that_writing_it_does_not_end_is_refused(name):
    with pytest.raises(
        ResultError, match=rf"'{name}' cannot hand on task\.fetch\.a\[0\].*: a list .* without end"
    ):
        forked(name, {"a": SHARED})


def test_what_is_shared_is_frozen_once():
    frozen = forked("frozen", {"a": SHARED}).resolve("task")["fetch"]["a"]

    assert frozen[0] is frozen[1]
