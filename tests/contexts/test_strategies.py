"""What sets one strategy apart from the others: prices in copies and sizes, not in time."""

import copy
import pickle
import sys

import pytest

from attune_sim.contexts.laws import EXACT, packed, type_fidelity
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import plain_fork
from attune_sim.expressions import compile_value, reads
from attune_sim.scope import MISSING


def context_of(strategy, **namespaces):
    return strategy.begin({"parameters": {}, "workflow": {}, "task": {}, **namespaces})


class Copied:
    """Counts how often it is copied."""

    def __init__(self):
        self.times = 0

    def __deepcopy__(self, memo):
        self.times += 1
        return Copied()


def test_projected_copies_what_is_read_and_nothing_else():
    read, unread, item = Copied(), Copied(), {"id": Copied(), "rest": Copied()}
    strategy = strategies["projected"]()
    context = context_of(strategy, parameters={"read": read, "unread": unread}, task={"t": {"rows": unread}})

    forker = strategy.fan_out(context, frozenset({("parameters", "read"), ("item", "id")}))
    forks = [forker.fork(item, n) for n in range(3)]

    assert (read.times, unread.times, item["id"].times, item["rest"].times) == (3, 0, 3, 0)
    assert forks[0].resolve("item").keys() == {"id"}
    assert forks[0].resolve("task") is MISSING


def test_projected_copies_a_value_that_is_read_by_two_names_once():
    rows = [{"n": 1}]
    strategy = strategies["projected"]()
    context = context_of(strategy, parameters={"rows": rows}, workflow={"also": rows, "other": 1})

    forker = strategy.fan_out(context, frozenset({("parameters", "rows"), ("workflow", "also"), ("item",)}))
    fork = forker.fork(rows[0], 0)

    assert fork.resolve("parameters")["rows"] is fork.resolve("workflow")["also"]
    assert fork.resolve("item") is fork.resolve("workflow")["also"][0]
    assert fork.resolve("item") is not rows[0]


def test_projected_never_writes_into_the_context_however_paths_overlap():
    inner = {"b": 1, "c": [2]}
    strategy = strategies["projected"]()
    context = context_of(strategy, parameters={"a": inner, "z": 0})
    before = copy.deepcopy(context.namespaces)

    paths = frozenset(
        {("parameters", "a"), ("parameters", "a", "b"), ("parameters", "a", "x"), ("parameters", "y")}
    )
    fork = strategy.fan_out(context, paths).fork(MISSING, MISSING)

    assert fork.resolve("parameters") == {"a": inner}
    assert context.namespaces == before


@pytest.mark.parametrize(
    ("template", "kept"),
    [
        ("{{ item }} {{ parameters.region }} {{ limit }}", 3),
        ("{{ parameters.get('region') }}", 1),
        ("{{ task.fetch.result.rows | length }}", 1),
    ],
)
def test_a_template_reads_the_same_from_a_projected_fork(template, kept):
    namespaces = {
        "parameters": {"region": "eu", "big": list(range(100))},
        "workflow": {"limit": 3, "other": 4},
        "task": {"fetch": {"rows": [1, 2]}, "later": {}},
    }
    paths = reads(template)
    values = []
    for name in ("deepcopy", "projected"):
        strategy = strategies[name]()
        fork = strategy.fan_out(strategy.begin(namespaces), paths).fork({"id": 1}, 0)
        values.append(compile_value(template).render(fork))

    assert len(paths) == kept
    assert values[0] == values[1]


@pytest.mark.parametrize("name", ["shared", "hamt", "rpds", "persistent"])
def test_a_fork_that_copies_nothing_is_one_small_object(name):
    strategy = strategies[name]()
    fork = strategy.fan_out(context_of(strategy, task={str(n): n for n in range(1000)}), None).fork("x", 0)

    assert sys.getsizeof(fork) <= 56  # three slots, and the collector's header


@pytest.mark.parametrize("name", ["shared", "merge"])
def test_results_that_nobody_reads_are_not_copied_when_further_ones_are_stored(name):
    strategy = strategies[name]()
    context = context_of(strategy)
    versions = [context := strategy.store(context, f"t{n}", n) for n in range(1000)]
    put_together = [version for version in versions if "task" in version.maps]

    assert len(put_together) < 10
    assert len(context.resolve("task")) == 1000
    assert context.resolve("task") is context.resolve("task")


def test_a_chain_of_maps_stays_short_however_much_is_published():
    strategy = strategies["chainmap"]()
    context = context_of(strategy)
    for n in range(2_000):
        context = strategy.publish(context, {f"v{n}": n})
        assert len(context.resolve("workflow").maps) <= n.bit_length() / 3 + 2

    assert dict(context.resolve("workflow")) == {f"v{n}": n for n in range(2_000)}


TEMPLATES = {
    "json": "{{ workflow | tojson }} {{ task | tojson }} {{ item | tojson }}",
    "equal": "{{ workflow == {'b': [1, {'c': 2}], 'a': 1} }} {{ item == {'x': [1]} }} {{ task.t.rows == [1] }}",
    "text": "{{ workflow }} {{ task.t }}",
    "pairs": "{{ item.items() | list | tojson }} {{ task.t.items() | list == [['rows', [1]]] }}",
    "kinds": "{{ workflow is mapping }} {{ workflow.b is sequence }} {{ length(workflow) }} {{ task.t.rows[-1] }}",
}


@pytest.mark.parametrize("name", strategies)
def test_the_language_reads_every_kind_of_map_alike(name):
    strategy = strategies[name]()
    context = context_of(strategy, workflow={"b": [1, {"c": 2}]})
    context = strategy.store(strategy.publish(context, {"a": 1}), "t", {"rows": [1]})
    fork = strategy.fan_out(context, None).fork({"x": [1]}, 0)

    assert compile_value(TEMPLATES).render(fork) == {
        "json": '{"a": 1, "b": [1, {"c": 2}]} {"t": {"rows": [1]}} {"x": [1]}',
        "equal": "true true true",
        "text": '{"a":1,"b":[1,{"c":2}]} {"rows":[1]}',
        "pairs": '[["x", [1]]] true',
        "kinds": "true true 2 1",
    }


def test_the_fate_of_each_kind_of_value_is_known():
    fates = {name: type_fidelity(strategies[name]()) for name in strategies}

    changed = {
        name: {kind for kind, fate in known.items() if fate != "kept"} for name, known in fates.items()
    }
    assert {name: lost for name, lost in changed.items() if lost} == {
        "json": set(EXACT) - {"dict", "list", "big integer", "lone surrogate", "integer beside float"},
        "orjson": set(EXACT) - {"dict", "list", "integer beside float"},
        "frozen": {"dict", "list", "set", "integer keys", "bytearray", "integer beside float"},
    }
    assert fates["json"]["tuple"] == "refused"
    assert fates["json"]["set"] == "refused"


@pytest.mark.parametrize("name", strategies)
@pytest.mark.parametrize("paths", [None, frozenset({("parameters",), ("item", "id"), ("index",)})])
def test_the_fork_of_a_plain_task_has_the_context_and_neither_item_nor_index(name, paths):
    strategy = strategies[name]()
    forker = strategy.fan_out(context_of(strategy, parameters={"region": "eu"}), paths)

    for fork in (forker.fork_plain(), plain_fork(forker), forker.fork(MISSING, MISSING)):
        assert fork.resolve("parameters")["region"] == "eu"
        assert [fork.resolve("item"), fork.resolve("index"), fork.item, fork.index] == [MISSING] * 4


class Outsider:
    """A forker that knows items only; what it is called with is kept."""

    def __init__(self):
        self.calls = []

    def fork(self, *positional, **named):
        self.calls.append((positional, named))
        return "a fork"


class OutsiderWithPlainForks(Outsider):
    def fork_plain(self):
        return "a plain fork"


def test_a_forker_without_plain_forks_is_asked_for_one_with_two_arguments_that_are_missing():
    outsider = Outsider()

    assert plain_fork(outsider) == "a fork"
    assert outsider.calls == [((MISSING, MISSING), {})]


def test_a_forker_with_plain_forks_is_asked_for_nothing_else():
    outsider = OutsiderWithPlainForks()

    assert plain_fork(outsider) == "a plain fork"
    assert outsider.calls == []


RECORDS = [{"id": n, "name": f"host-{n}"} for n in range(2_000)]


@pytest.mark.parametrize("name", strategies)
def test_a_forker_that_travels_weighs_its_context_once_and_projected_what_is_read(name):
    strategy = strategies[name]()
    context = strategy.publish(strategy.store(context_of(strategy), "fetch", {"rows": RECORDS}), {"limit": 3})
    weights = [
        len(packed(strategy.fan_out(context, reads))) for reads in (None, frozenset({("workflow", "limit")}))
    ]
    whole = len(pickle.dumps(RECORDS, protocol=5))

    assert whole < weights[0] < 1.5 * whole
    assert weights[1] < 200 if name == "projected" else weights[1] == weights[0]


@pytest.mark.parametrize("name", strategies)
def test_plain_pickle_is_enough_for_a_forker_of_ours_and_it_can_travel_on(name):
    strategy = strategies[name]()
    context = strategy.store(
        context_of(strategy, parameters={"region": "eu"}), "fetch", {"rows": RECORDS[:3]}
    )

    forker = strategy.fan_out(context, None)
    for _ in range(2):
        forker = pickle.loads(pickle.dumps(forker, protocol=5))
    fork = forker.fork({"id": 7}, 4)

    assert (fork.resolve("parameters")["region"], fork.resolve("item")["id"], fork.index) == ("eu", 7, 4)
    assert [dict(row) for row in fork.resolve("task")["fetch"]["rows"]] == RECORDS[:3]


class Uncarried:
    """A value that no other process can open."""

    def __reduce__(self):
        raise TypeError("not me")


@pytest.mark.parametrize("name", ["shared", "merge", "chainmap", "hamt", "rpds", "persistent", "deepcopy"])
def test_a_forker_over_a_value_that_cannot_be_pickled_raises_what_pickling_raises(name):
    strategy = strategies[name]()

    with pytest.raises(TypeError, match="not me"):
        packed(strategy.fan_out(context_of(strategy, parameters={"x": Uncarried()}), None))
