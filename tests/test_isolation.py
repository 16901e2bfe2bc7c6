"""The leak detector: it finds planted writes at any depth, names them, and cries no wolf."""

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.errors import ActionError
from attune_sim.isolation import Change, Leak, difference, watch_isolation
from attune_sim.loader import load
from attune_sim.runspec import RunSpec

WORKFLOW = """
version: '1'
parameters: {deep: {type: object}}
vars: {list: [1, 2], map: {a: {b: [3]}}}
tasks:
  - name: fetch
    action: t.fetch
    input: {x: 1}
    next: [{do: [each]}]
  - name: each
    action: t.each
    with_items: "{{ task.fetch.servers }}"
    concurrency: 3
    %s
    input:
      server: "{{ item }}"
      list: "{{ list }}"
      map: "{{ map }}"
      deep: "{{ parameters.deep }}"
      whole: "{{ workflow }}"
      fresh: {rendered: ["{{ index }}"]}
"""


def _fetch(x):
    return {"servers": [{"name": f"s{n}", "tags": ["a"], "net": {"ips": [[n]]}} for n in range(4)]}


def _watch(each, text=WORKFLOW, retry="", deep=None, **more):
    workflow = load(text % retry if "%s" in text else text)
    spec = RunSpec(workflow=workflow, name="test", parameters={"deep": deep or {}})
    return watch_isolation(spec, {"t.fetch": _fetch, "t.each": each, **more})


def _polite(server, fresh, **rest):
    fresh["rendered"].append("mine")  # rendered for this attempt alone: nobody else sees it
    fresh["own"] = server["name"]
    return {"seen": server}


def test_an_action_that_only_writes_into_its_fresh_input_is_no_leak():
    found = _watch(_polite)

    assert found.ok
    assert found.calls == 5
    assert set(found.safe) == set(strategies)
    assert "every strategy is safe" in repr(found)


def _tags(server, **rest):
    if server["name"] == "s2":
        server["tags"].append("checked")


def test_a_write_into_an_item_names_action_item_path_and_change():
    found = _watch(_tags)

    assert found.leaks == (Leak("each", "t.each", 2, 0, "item.tags", "2 entries instead of 1", "resized"),)
    assert str(found.leaks[0]) == "task 'each' item 2: t.each wrote into item.tags: 2 entries instead of 1"


def test_strategies_that_share_nested_values_are_unsafe_then():
    found = _watch(_tags)

    assert "deepcopy" in found.safe
    assert {"shared", "chainmap", "persistent"} <= set(found.unsafe)


@pytest.mark.parametrize(
    ("write", "path"),
    [
        (lambda i: i["list"].append(3), "workflow.list"),
        (lambda i: i["map"]["a"]["b"].clear(), "workflow.map.a.b"),
        (lambda i: i["deep"].update(x=1), "parameters.deep"),
        (lambda i: i["server"]["net"]["ips"][0].append(9), "item.net.ips[0]"),
        (lambda i: i["whole"].update(new=1), "workflow"),
    ],
)
def test_a_write_anywhere_in_the_context_is_found_with_its_path(write, path):
    found = _watch(lambda **input: write(input))

    assert found.leaks[0].path == path


def test_a_write_into_a_namespace_itself_is_safe_where_items_are_isolated():
    found = _watch(lambda whole, **rest: whole.update(new=1))

    assert "chainmap" in found.safe
    assert "shared" in found.unsafe


class FailsAfterWriting:
    """Writes and fails, so that the retry meets what it wrote."""

    def __init__(self):
        self.calls = 0

    def __call__(self, server, **rest):
        self.calls += 1
        if server["name"] == "s1" and "tried" not in server:
            server["tried"] = True
            raise ActionError("again")


def test_a_write_of_an_attempt_that_failed_is_found_too():
    found = _watch(FailsAfterWriting(), retry="retry: {count: 1, delay: 0}")

    assert [(leak.index, leak.attempt, leak.change) for leak in found.leaks] == [(1, 0, "'tried' was added")]


class WritesLater:
    """Gives a thread what it was handed; the thread writes after the action has returned."""

    def __init__(self):
        self.thread = None

    def __call__(self, server, list, **rest):
        if server["name"] == "s0":
            held = list
            self.go = threading.Event()
            self.thread = threading.Thread(target=lambda: (self.go.wait(), held.append("late")))
            self.thread.start()
        if server["name"] == "s3":
            self.go.set()
            self.thread.join()


def test_a_write_after_the_action_has_returned_is_found():
    found = _watch(WritesLater())

    assert any(leak.path == "workflow.list" for leak in found.leaks)


async def _async_write(server, **rest):
    await asyncio.sleep(0)
    server["seen"] = True


def test_async_actions_are_watched_like_others():
    found = _watch(_async_write)

    assert [leak.index for leak in found.leaks] == [0, 1, 2, 3]


CHILD = "version: '1'\nref: t.child\ntasks:\n  - {name: inner, action: t.each, input: {server: '{{ parameters.server }}'}}\n"


def test_actions_of_sub_workflows_are_watched():
    text = WORKFLOW % ""
    parent = text.replace("action: t.each", "action: t.child").split("      list:")[0]
    spec = RunSpec(workflow=load(parent), name="test", workflows=(load(CHILD),))

    found = watch_isolation(spec, {"t.fetch": _fetch, "t.each": _tags})

    assert [(leak.workflow, leak.task, leak.action) for leak in found.leaks] == [
        ("t.child", "inner", "t.each")
    ]
    assert str(found.leaks[0]).startswith(
        "task 'inner' of t.child: t.each wrote into task.fetch.servers[2].tags"
    )


PATHS = st.lists(st.sampled_from(["k", 0]), max_size=6)


@given(path=PATHS)
@settings(max_examples=40, deadline=None)
def test_a_planted_write_is_found_at_any_depth(path):
    value = {"leaf": 1}
    for key in reversed(path):
        value = {"k": value} if key == "k" else [value]
    planted = {"top": value}

    def write(deep, **rest):
        target = deep["top"]
        for key in path:
            target = target[key]
        target["planted"] = True

    found = _watch(write, deep=planted)
    expected = "parameters.deep.top" + "".join(f".{key}" if key == "k" else f"[{key}]" for key in path)

    assert found.leaks[0].path == expected
    assert found.leaks[0].change == "'planted' was added"


@pytest.mark.parametrize(
    ("before", "after", "kind", "words"),
    [
        ([1], [1], None, None),
        ([1], [2], "replaced", "entry 0 was replaced"),
        ({"a": 1}, {}, "removed", "'a' was removed"),
        ({"a": 1}, {"a": True}, "replaced", "'a' was replaced"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "reordered", "its keys were reordered"),
        ({1}, {1, 2}, "resized", "2 entries instead of 1"),
        ({1}, {2}, "replaced", "an entry was replaced"),
        ([], [1], "resized", "1 entry instead of 0"),
        (b"a", b"b", "content", "its contents changed"),
    ],
)
def test_a_difference_has_a_kind_and_is_told_in_a_few_words(before, after, kind, words):
    assert difference(before, after) == (Change(kind, words) if kind else None)
