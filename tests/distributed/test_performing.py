"""Runs whose attempts are made on the workers of a cluster: what other performers do, this one does too."""

import asyncio
import json
import os
import re
import runpy
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.contexts.registry import strategies
from attune_sim.errors import ActionError, ActionTimeout, InputError

pytestmark = pytest.mark.slow


async def _async_double(n):
    await asyncio.sleep(0)
    return 2 * n


ACTIONS = {"sync": lambda n: 2 * n, "async": _async_double}


@pytest.mark.parametrize("kind", ACTIONS)
@pytest.mark.parametrize("window", [1, 50])
def test_sync_and_async_actions_are_performed_in_item_order(on_dask, fan, window, kind):
    session, ledger = on_dask(fan(window), {"t.each": ACTIONS[kind]}, {"numbers": list(range(window + 5))})

    assert session.state.variables["got"] == [2 * n for n in range(window + 5)]
    assert ledger.total("items") == window + 5
    assert [account.fate for account in ledger.accounts.values()] == ["stayed", "stayed"]


@pytest.mark.parametrize("dispatch", ["windowed", "eager"])
@pytest.mark.parametrize("strategy", strategies)
def test_every_strategy_hands_on_its_context(on_dask, strategy, dispatch):
    text = """
version: '1'
parameters: {numbers: {type: array}, region: {type: string}}
tasks:
  - {name: first, action: t.list, next: [{publish: [{rows: "{{ result().rows }}"}], do: [each]}]}
  - name: each
    action: t.each
    with_items: "{{ parameters.numbers }}"
    concurrency: 5
    input: {n: "{{ item }}", at: "{{ index }}", region: "{{ parameters.region }}", rows: "{{ workflow.rows }}"}
    next: [{publish: [{got: "{{ result().results }}"}]}]
"""
    actions = {
        "t.list": lambda **rest: {"rows": [{"a": list(range(300))}]},
        "t.each": lambda n, at, region, rows: [n, at, region, len(rows[0]["a"])],
    }
    given = {"numbers": [7, 8, 9], "region": "eu"}
    session, _ = on_dask(text, actions, given, strategy=strategy, dispatch=dispatch)

    assert session.state.error is None
    assert session.state.variables["got"] == [[7, 0, "eu", 300], [8, 1, "eu", 300], [9, 2, "eu", 300]]


def _picky(n):
    if n == 1:
        raise ActionError("one is refused", {"code": 1})
    if n == 2:
        raise ActionTimeout("two did not answer")
    if n == 3:
        raise ValueError("three")
    if n == 4:
        sys.exit(4)
    if n == 5:
        return threading.Lock()
    return n


def test_what_actions_raise_becomes_outcomes_with_a_reason_and_a_place(on_dask, fan):
    ended = []
    watch = type("Ends", (), {"action_ended": lambda self, event: ended.append(event)})()
    session, _ = on_dask(fan(6), {"t.each": _picky}, {"numbers": list(range(7))}, observers=[watch])

    failed = session.state.task_results["each"]["failed_items"]
    assert [(item["index"], item["error"]) for item in failed] == [
        (1, "one is refused"),
        (2, "two did not answer"),
        (3, "ValueError: three"),
        (4, "the action called sys.exit(4)"),
        (5, "the result cannot be sent home from its worker: TypeError: cannot pickle '_thread.lock' object"),
    ]
    places = {event.index: event.raised.function for event in ended if event.raised is not None}
    assert places == dict.fromkeys(range(1, 5), "_picky")


def test_a_retry_is_made_and_waits_and_on_error_is_asked_at_home(on_dask, fan, tmp_path):
    def flaky(n):
        mark = tmp_path / str(n)
        if not mark.exists():
            mark.touch()
            raise ActionError("not yet")
        return n

    ended = []
    watch = type("Ends", (), {"action_ended": lambda self, event: ended.append(event)})()
    more = 'retry: {count: 2, delay: 1, on_error: "item > 1"}'
    session, _ = on_dask(fan(3, more), {"t.each": flaky}, {"numbers": [1, 2, 3]}, observers=[watch])

    failed = session.state.task_results["each"]["failed_items"]
    assert [item["index"] for item in failed] == [0]
    first, second = (event for event in ended if event.index == 2)
    assert second.started >= first.ended + 1
    assert all(0 <= event.started <= event.ended for event in ended)
    assert all(min(event.fork_us, event.render_us, event.action_us) > 0 for event in ended)


async def _hang_async(n):
    if n == 0:
        await asyncio.sleep(60)
    return n


def _hang(n):
    if n == 0:
        time.sleep(3)
    return n


@pytest.mark.parametrize("action", [_hang_async, _hang])
def test_an_action_past_its_timeout_has_timed_out(on_dask, fan, action):
    session, _ = on_dask(fan(3, "timeout: 1"), {"t.each": action}, {"numbers": [0, 1, 2]})

    assert session.state.task_results["each"]["failed_items"] == [
        {"index": 0, "item": 0, "error": "timed out after 1 s"}
    ]
    left = "1 action(s) did not end within their timeout"
    assert [warning.startswith(left) for warning in session.state.warnings] == [True] * (action is _hang)


def test_what_cannot_travel_is_told_by_name_and_path_before_anything_starts(on_dask, fan):
    lock = threading.Lock()
    started = []
    watch = type("Starts", (), {"task_started": lambda self, *told: started.append(told)})()

    with pytest.raises(
        InputError, match=r"action 't.each' .*: t.each.lock: TypeError: cannot pickle '_thread.lock'"
    ):
        on_dask(fan(), {"t.each": lambda n: lock.locked()}, {"numbers": [1]}, observers=[watch])
    assert started == []


class Box(dict):
    """A map that is one without a lock where it leaves, and has one where it arrives."""

    def __reduce__(self):
        return _box, (self["n"],)


def _box(n):
    return {"n": n, "lock": threading.Lock()}


@pytest.mark.parametrize("strategy", ["shared", "projected", "merge"])
def test_what_cannot_be_sent_fails_where_it_is_needed_by_name(on_dask, strategy):
    text = """
version: '1'
tasks:
  - {name: first, action: t.list, next: [{do: [each]}]}
  - {name: each, action: t.each, with_items: "{{ task.first }}", concurrency: 3, input: {n: "{{ item.n }}"}}
"""
    actions = {"t.list": lambda: [{"n": 1}, Box(n=2), {"n": 3}], "t.each": lambda n: n}
    session, _ = on_dask(text, actions, strategy=strategy)

    failed = session.state.task_results["each"]["failed_items"]
    if strategy == "projected":
        assert [one["index"] for one in failed] == [1]
        assert "task 'each', item 1 cannot be sent to a worker: item.lock: TypeError" in failed[0]["error"]
    else:
        assert [one["index"] for one in failed] == [0, 1, 2]
        assert "its context cannot be sent to a worker: task.first[1].lock: TypeError" in failed[0]["error"]


def test_every_hostile_template_of_the_suite_ends_by_its_limit_on_a_worker(client):
    suite = Path(__file__).parents[1] / "expressions" / "test_hostile.py"

    def ends(path, after):
        """Of each expression what it ends with in the process of a worker, and what it must end with; `harmless` it may not be."""
        names = runpy.run_path(path)
        limits, given = names["Limits"](fuel=names["SHORT"]), {"workflow": names["names"]()}
        wanted = [(text, kind) for _, text, kind in names["cases"]() if kind != names["HARMLESS"]]
        wanted += [(text, None) for text in names["BEHIND"]]
        return {text: (names["attempt"](text, given, limits), kind) for text, kind in wanted[after::2]}

    halves = client.gather([client.submit(ends, str(suite), after, pure=False) for after in (0, 1)])
    found = halves[0] | halves[1]
    assert len(found) > 100
    assert {text for text, (kind, wanted) in found.items() if wanted and kind != wanted} == set()
    assert "harmless" not in {kind for kind, _ in found.values()}


def test_hostile_templates_stay_caged_on_workers(on_dask):
    text = """
version: '1'
tasks:
  - name: each
    action: t.each
    with_items: "{{ [1, 2] }}"
    input: {x: "%s"}
"""
    for hostile in (
        "{{ item.__class__.__mro__ }}",
        "{{ ('a' * 10**9) | length }}",
        "{{ [1].append.__globals__ }}",
        "{{ 'x'.center(2000000000) }}",
    ):
        session, _ = on_dask(text % hostile, {"t.each": lambda x: x})
        assert session.state.task_results["each"]["failed"] == 2, hostile


def test_a_run_can_be_awaited_and_its_loop_goes_on(client, fan):
    ticks = []

    async def ticking():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)

    async def main():
        other = asyncio.create_task(ticking())
        run = await at.arun(
            fan(2),
            {"numbers": [1, 2]},
            actions={"t.each": lambda n: time.sleep(0.1) or n},
            executor="dask",
            cluster=client,
        )
        other.cancel()
        return run

    run = asyncio.run(main())
    assert run.variables["got"] == [1, 2]
    assert len(ticks) > 3
    assert list(run.workers["fate"]) == ["stayed", "stayed"]
    whole = run.transfers.query("kind == 'all'")
    assert whole["bytes"].sum() == sum(account["wire_bytes"] for account in run.accounts) > 0


def test_a_notebook_cell_runs_on_a_cluster_too(client, fan):
    async def cell():
        return at.run(
            fan(), {"numbers": [1]}, actions={"t.each": lambda n: n}, executor="dask", cluster=client
        )

    assert asyncio.run(cell()).status == "succeeded"


def test_an_awaited_run_that_is_cancelled_ends_as_cancelled(client, fan):
    async def main():
        running = asyncio.create_task(
            at.arun(
                fan(2), {"numbers": list(range(1000))}, actions={"t.each": lambda n: time.sleep(0.02)},
                executor="dask", cluster=client,
            )
        )  # fmt: skip
        await asyncio.sleep(1)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert at.last().status == "cancelled"
    assert 0 < at.last().counts["succeeded"] < 1000


def test_a_run_starts_a_cluster_of_its_own_and_ends_it(fan):
    before = {thread.name for thread in threading.enumerate()}
    run = at.run(fan(), {"numbers": [1, 2]}, actions={"t.each": lambda n: os.getpid()}, executor="dask")

    assert os.getpid() not in run.variables["got"]
    time.sleep(0.2)
    for pid in set(run.variables["got"]):
        assert not Path(f"/proc/{pid}").exists()
    assert {
        name for name in {thread.name for thread in threading.enumerate()} - before if "attune" in name
    } == set()


def test_a_cluster_that_is_not_there_and_one_that_is_none_are_refused(fan):
    given = {"actions": {"t.each": lambda n: n}, "executor": "dask"}
    with pytest.raises(InputError, match="not a int"):
        at.run(fan(), {"numbers": [1]}, cluster=7, **given)
    with pytest.raises(InputError, match="no Dask scheduler answers at 'nonsense'"):
        at.run(fan(), {"numbers": [1]}, cluster="nonsense", **given)
    with pytest.raises(InputError, match='cluster= needs executor="dask"'):
        at.run(fan(), {"numbers": [1]}, cluster="tcp://x:1", actions={"t.each": lambda n: n})


RECORDED = Path(__file__).parents[1] / "conformance" / "workflows"
LAST_ONE_WINS = "diamond_publish_order.expect"
"""Two branches write one variable, and the branch that ends last wins: where one thing is done after the other that is another
one than where both are under way. It has a test of its own."""
OF_A_CLUSTER = re.compile("with_items|retry|timeout|cancel|sub_workflows")
"""What a cluster has a way of its own for; all else is told by the engine, here as under `inline`."""


def _is_tried(record):
    """All of them in a campaign, else those that have something of it."""
    if record.stem == LAST_ONE_WINS:
        return False
    told = record.read_text()
    workflow = record.parent / json.loads(told)["workflow"]
    return "ATTUNE_SIM_CAMPAIGN" in os.environ or OF_A_CLUSTER.search(told + workflow.read_text())


WORKFLOWS = [record for record in sorted(RECORDED.glob("*.expect.json")) if _is_tried(record)]


def test_the_recorded_workflows_give_the_answers_of_inline(client):
    def seen(path, **beside):
        record = json.loads(path.read_text())
        given = ("parameters", "actions", "config", "keystore")
        script = {name: record[name] for name in given if name in record}
        text = (path.parent / record["workflow"]).read_text()
        quicker = text.replace("delay: 2", "delay: 1").replace("max_delay: 10", "max_delay: 2")
        called = [path.parent / name for name in record.get("sub_workflows", {}).values()]
        run = at.run(at.load(quicker), script=script, workflows=called, **beside)
        return run.status, run.output, run.error, dict(run.variables), dict(run.task_statuses)

    with ThreadPoolExecutor(16) as pool:  # most of their time is pauses of retries
        there = pool.map(lambda path: seen(path, executor="dask", cluster=client), WORKFLOWS)
        here = pool.map(lambda path: seen(path, executor="inline"), WORKFLOWS)
        for path, answer, wanted in zip(WORKFLOWS, there, here, strict=True):
            assert answer == wanted, path.stem


class Ended:
    """Touches a file once a task has ended, at home."""

    def __init__(self, task, mark):
        self.task, self.mark = task, mark

    def action_ended(self, event):
        if event.task == self.task:
            self.mark.touch()


def _answering_after(mark):
    def answer(x):
        until = time.monotonic() + 60
        while not mark.exists() and time.monotonic() < until:
            time.sleep(0.005)

    return answer


@pytest.mark.parametrize("executor", ["threads", "dask"])
@pytest.mark.parametrize(("first", "last"), [("fast", "slow"), ("slow", "fast")])
def test_of_two_branches_that_overlap_the_one_that_ends_last_wins(client, tmp_path, executor, first, last):
    record = json.loads((RECORDED / f"{LAST_ONE_WINS}.json").read_text())["expect"]
    mark = tmp_path / "ended"
    run = at.run(
        RECORDED / "diamond_publish_order.yaml", executor=executor, observers=[Ended(first, mark)],
        actions={
            f"demo.{last}": _answering_after(mark), f"demo.{first}": lambda x: None, "demo.noop": lambda x: None,
            "demo.end": lambda who: None,
        },
        **({"cluster": client} if executor == "dask" else {}),
    )  # fmt: skip

    assert run.variables == {"who": last}
    assert run.task_starts == record["starts"]
    assert run.task_statuses == record["task_status"]
    if last == record["variables"]["who"]:
        assert run.output == record["output"]
