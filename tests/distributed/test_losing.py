"""Workers that die, clusters that vanish, runs that are stopped: nothing is lost, nothing hangs."""

import logging
import os
import signal
import threading
import time

import pytest
from distributed import LocalCluster

import attune_sim as at
from attune_sim.errors import ActionError, ClusterError

pytestmark = pytest.mark.slow


class Lost:
    """Notes how attempts ended."""

    def __init__(self):
        self.ended = []

    def action_ended(self, event):
        self.ended.append((event.index, event.attempt, event.outcome))


class Deadly:
    """Ends its worker at one item, as often as is wanted; every call leaves a line in a file."""

    def __init__(self, folder, deaths):
        self.folder, self.deaths = folder, deaths

    def __call__(self, n):
        with open(self.folder / "calls", "a") as calls:
            calls.write(f"{n}\n")
        if n == 5 and (self.folder / "calls").read_text().split().count("5") <= self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        return n


def _calls(folder):
    made = (folder / "calls").read_text().split()
    return {n: made.count(str(n)) for n in range(12)}


def test_a_worker_that_dies_loses_its_attempts_and_nothing_else(on_dask, fan, tmp_path):
    watch = Lost()
    session, ledger = on_dask(
        fan(4), {"t.each": Deadly(tmp_path, 1)}, {"numbers": list(range(12))}, observers=[watch]
    )

    assert session.state.variables["got"] == list(range(12))
    [died] = [account for account in ledger.accounts.values() if account.fate == "died"]
    assert died.lost >= 1
    assert len(watch.ended) == 12
    told = {index: attempt + 1 for index, attempt, _ in watch.ended}
    assert all(told[n] >= count for n, count in _calls(tmp_path).items()), (
        "nothing ran more often than is told"
    )
    assert sum(told.values()) == 12 + died.lost


def test_an_item_that_ends_every_worker_fails_alone(on_dask, fan, tmp_path):
    session, ledger = on_dask(fan(4), {"t.each": Deadly(tmp_path, 99)}, {"numbers": list(range(12))})

    [failed] = session.state.task_results["each"]["failed_items"]
    assert failed["index"] == 5
    assert failed["error"].startswith("lost with its worker 4 times, the last time because")
    assert [account.fate for account in ledger.accounts.values()].count("died") == 4


class Greedy:
    """Takes more memory than there is, the first time that it is called with 1."""

    def __init__(self, folder):
        self.mark = folder / "called"

    def __call__(self, n):
        held = []
        if n == 1 and not self.mark.exists():
            self.mark.touch()
            for _ in range(100):
                held.append(bytearray(b"x") * 20_000_000)
                time.sleep(0.1)
        return n


def test_a_worker_over_its_memory_limit_is_named(fan, tmp_path):
    with LocalCluster(
        n_workers=1, threads_per_worker=1, memory_limit=450_000_000, dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": ":0"}, silence_logs=logging.CRITICAL,
    ) as cluster:  # fmt: skip
        run = at.run(
            fan(1), {"numbers": [0, 1, 2]}, actions={"t.each": Greedy(tmp_path)}, executor="dask",
            cluster=cluster.scheduler_address,
        )  # fmt: skip

    assert run.variables["got"] == [0, 1, 2]
    assert run.workers["fate"].tolist() == ["memory_limit", "stayed"]
    assert "Dask ended it for its memory: it came to its limit of 450,000,000 bytes" in run.workers["why"][0]
    assert run.workers["lost"].tolist() == [1, 0]
    assert run.items["attempts"].tolist() == [1, 2, 1]


@pytest.mark.parametrize("after", ["dask", "inline"])
def test_a_run_that_broke_is_taken_up_from_its_journal(client, fan, tmp_path, after, stopping):
    path, actions = tmp_path / "run.jsonl", {"t.each": lambda n: n * n}
    given = {"actions": actions, "executor": "dask", "cluster": client}
    with pytest.raises(stopping.Stop):
        at.run(fan(8), {"numbers": list(range(20))}, journal=path, observers=[stopping(7)], **given)

    beside = {"cluster": client} if after == "dask" else {}
    run = at.resume(path, actions=actions, executor=after, **beside)

    assert run.variables["got"] == [n * n for n in range(20)]
    assert 7 <= run.skipped["each"] <= 8


class CloseAt:
    """Closes a cluster after some ends, from beside."""

    def __init__(self, cluster, ends):
        self.thread, self.left = threading.Thread(target=cluster.close), ends

    def action_ended(self, event):
        self.left -= 1
        if self.left == 0:
            self.thread.start()


def test_a_cluster_that_vanishes_ends_the_run_and_the_journal_takes_it_up(fan, tmp_path):
    path, actions = tmp_path / "run.jsonl", {"t.each": lambda n: time.sleep(0.05) or n}
    cluster = LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": ":0"}, silence_logs=logging.CRITICAL,
    )  # fmt: skip
    killer = CloseAt(cluster, 20)
    with pytest.raises(ClusterError, match=r"at\.resume"):
        at.run(
            fan(4), {"numbers": list(range(400))}, actions=actions, journal=path, executor="dask",
            cluster=cluster.scheduler_address, observers=[killer],
        )  # fmt: skip
    killer.thread.join()

    run = at.resume(path, actions={"t.each": lambda n: n})
    assert run.variables["got"] == list(range(400))
    assert 0 < run.skipped["each"] < 400


def test_ctrl_c_ends_the_run_as_cancelled_with_everything_recorded(client, fan):
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(at.Interrupted) as stopped:
        at.run(
            fan(4), {"numbers": list(range(2000))}, actions={"t.each": lambda n: time.sleep(0.02) or n},
            executor="dask", cluster=client,
        )  # fmt: skip
    timer.join()

    run = stopped.value.result
    assert run.status == "cancelled"
    assert 0 < run.counts["succeeded"] < 2000
    assert run.items["outcome"].notna().all()


async def _sleeping(n):
    import asyncio

    await asyncio.sleep(0 if n else 60)
    if n == 3:
        raise ActionError("enough")
    return n


def test_what_is_under_way_is_stopped_where_the_workflow_says_so(client, fan):
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(at.Interrupted) as stopped:
        at.run(
            fan(2, head="cancellation_policy: cancel_running"), {"numbers": [0, 0]}, actions={"t.each": _sleeping},
            executor="dask", cluster=client,
        )  # fmt: skip
    timer.join()

    assert time.monotonic() - began < 30
    assert stopped.value.result.items["outcome"].tolist() == ["cancelled", "cancelled"]
