"""Runs on a cluster whose workers and scheduler are killed at random moments: nothing is lost, and nothing runs twice that is
not told.

The actions write down, in a file of their own, that they were called: what ran is so known from outside.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from random import Random

import dask
import pytest
from distributed import LocalCluster

import attune_sim as at
from attune_sim.errors import ClusterError

FULL = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0"))
KILLS = min(FULL, 50) or 4
ITEMS = 150 * KILLS

WORKFLOW = """
version: '1'
tasks:
  - name: each
    action: t.work
    with_items: "{{ range(%d) }}"
    concurrency: 12
    retry: {count: 2, delay: 0}
    input: {n: "{{ item }}"}
    next: [{publish: [{got: "{{ result().results }}"}]}]
"""


class Work:
    """Notes each call with its process, and fails each seventh item the first time."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, n):
        with open(self.folder / str(n), "a") as calls:
            calls.write(f"{os.getpid()}\n")
        time.sleep(0.02)
        if n % 7 == 0 and len((self.folder / str(n)).read_text().split()) == 1:
            raise ValueError("the first time")
        return n


class Ends:
    """The attempts of each item that were told, lost ones included: they are counted from 0; how many failed, and were lost."""

    def __init__(self):
        self.attempts, self.failed, self.lost = {}, 0, 0

    def action_ended(self, event):
        self.failed += event.outcome == "failed"
        self.attempts[event.index] = max(self.attempts.get(event.index, 0), event.attempt + 1)

    def attempt_lost(self, event):
        self.lost += 1


def _check(run, ends, folder, items):
    """Nothing is lost, and nothing was called more often than attempts were told."""
    assert run.status == "succeeded"
    assert run.variables["got"] == list(range(items))
    calls = Counter({n: len((folder / str(n)).read_text().split()) for n in range(items)})
    more = {n: (count, ends.attempts[n]) for n, count in calls.items() if count > ends.attempts[n]}
    assert more == {}, "called more often than attempts were told"
    assert sum(ends.attempts.values()) == items + ends.lost + ends.failed


class Killer:
    """Ends a worker at ends of items that are drawn, each time another process that the scheduler knows."""

    def __init__(self, cluster, kills, items):
        self.cluster, self.random = cluster, Random(7)
        self.due = sorted(self.random.sample(range(items * 9 // 10), kills))
        self.ended, self.killed = 0, set()

    def action_ended(self, event):
        self.ended += 1
        if len(self.killed) < len(self.due) and self.ended > self.due[len(self.killed)]:
            self._kill()

    def _kill(self):
        known = self.cluster.scheduler.workers
        there = [nanny for nanny in self.cluster.workers.values() if nanny.worker_address in known]
        pids = [nanny.pid for nanny in there if nanny.pid not in {None, *self.killed}]
        if pids:
            self.killed.add(pid := self.random.choice(pids))
            os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_workers_that_are_killed_lose_attempts_and_nothing_else(tmp_path):
    # Else a cluster of Dask takes a place away for good, if 15 s after a death nobody happens to stand there.
    patient = dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
    with patient, LocalCluster(
        n_workers=3, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL,
        scheduler_kwargs={"dashboard": False, "dashboard_address": ":0"},
    ) as cluster:  # fmt: skip
        killer, ends = Killer(cluster, KILLS, ITEMS), Ends()
        run = at.run(
            WORKFLOW % ITEMS, actions={"t.work": Work(tmp_path)}, observers=[ends, killer], executor="dask",
            cluster=cluster.scheduler_address,
        )  # fmt: skip

    _check(run, ends, tmp_path, ITEMS)
    assert len(killer.killed) == KILLS
    assert ends.lost == sum(account["lost"] for account in run.accounts)
    # One that was killed before the run had greeted it has no account.
    assert 0 < [account["fate"] for account in run.accounts].count("died") <= KILLS
    print(
        f"{KILLS} workers killed, {ends.lost} attempts lost, {ends.failed} failed and retried, {ITEMS} items"
    )


class KillAt:
    """Ends a process once so many attempts have ended."""

    def __init__(self, pid, ends):
        self.pid, self.left = pid, ends

    def action_ended(self, event):
        self.left -= 1
        if self.left == 0:
            os.kill(self.pid, signal.SIGKILL)


def _process(part, *given):
    command = [sys.executable, "-m", f"distributed.cli.{part}", "--no-dashboard", *given]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, start_new_session=True, **quiet)


@contextmanager
def _cluster_of_processes(file):
    """A scheduler and two workers, each a process of its own; gives the address, and the process of the scheduler."""
    processes = [
        _process("dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--scheduler-file", file),
        _process("dask_worker", "--scheduler-file", file, "--nworkers", "2", "--nthreads", "1"),
    ]
    try:
        until = time.monotonic() + 60
        while not file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"], processes[0]
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.slow
@pytest.mark.skipif(
    not FULL, reason="of a campaign: a cluster that vanishes is part of every run of the tests"
)
def test_a_scheduler_that_is_killed_loses_attempts_and_nothing_else(tmp_path):
    items = ITEMS // 3
    text, work, journal = WORKFLOW % items, Work(tmp_path), tmp_path / "run.jsonl"
    with _cluster_of_processes(tmp_path / "scheduler.json") as (address, scheduler):
        killer = KillAt(scheduler.pid, Random(items).randrange(items))
        with pytest.raises(ClusterError, match=r"at\.resume"):
            at.run(
                text, actions={"t.work": work}, journal=journal, observers=[killer], executor="dask", cluster=address
            )  # fmt: skip
        # What its workers have in hand they may still perform.
        ends = Ends()
        run = at.resume(journal, actions={"t.work": work}, observers=[ends], executor="dask")

    _check(run, ends, tmp_path, items)
    assert 0 < run.skipped["each"] < items + ends.failed
    assert ends.lost > 0
    print(f"the scheduler killed: {run.skipped} ended before, {ends.lost} attempts lost, {items} items")
