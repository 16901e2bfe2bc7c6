"""Runs on a cluster whose workers are killed at random moments: nothing is lost, and nothing runs twice that is not told.

The actions write down, in a file of their own, that they were called: what ran is so known from outside.
"""

import logging
import os
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from random import Random

import pytest
from distributed import LocalCluster

import attune_sim as at

FULL = int(os.environ.get("ATTUNE_SIM_CAMPAIGN", "0"))
KILLS = min(FULL, 50) or 4

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
    """The attempts of each item that were told, lost ones included: they are counted from 0; and how many failed."""

    def __init__(self):
        self.attempts, self.failed = {}, 0

    def action_ended(self, event):
        self.failed += event.outcome == "failed"
        self.attempts[event.index] = max(self.attempts.get(event.index, 0), event.attempt + 1)


class Killer(threading.Thread):
    """Ends a worker that is alive, now and then, until it has done so often enough."""

    def __init__(self, cluster, kills):
        super().__init__(daemon=True)
        self.cluster, self.left, self.random = cluster, kills, Random(7)
        self.is_over = threading.Event()

    def run(self):
        while self.left and not self.is_over.wait(self.random.uniform(0.3, 1.5)):
            pids = [nanny.pid for nanny in self.cluster.workers.values() if nanny.pid is not None]
            if len(pids) > 1:
                with suppress(ProcessLookupError):
                    os.kill(self.random.choice(pids), signal.SIGKILL)
                    self.left -= 1


@pytest.mark.slow
def test_workers_that_are_killed_lose_attempts_and_nothing_else(tmp_path):
    items = 150 * KILLS
    with LocalCluster(
        n_workers=3, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL,
        scheduler_kwargs={"dashboard": False, "dashboard_address": ":0"},
    ) as cluster:  # fmt: skip
        killer, ends = Killer(cluster, KILLS), Ends()
        killer.start()
        try:
            run = at.run(
                WORKFLOW % items, actions={"t.work": Work(tmp_path)}, observers=[ends], executor="dask",
                cluster=cluster.scheduler_address,
            )  # fmt: skip
        finally:
            killer.is_over.set()

    assert run.status == "succeeded"
    assert run.variables["got"] == list(range(items))
    calls = Counter({n: len((tmp_path / str(n)).read_text().split()) for n in range(items)})
    more = {n: (count, ends.attempts[n]) for n, count in calls.items() if count > ends.attempts[n]}
    assert more == {}, "called more often than attempts were told"
    lost = sum(account["lost"] for account in run.accounts)
    assert sum(ends.attempts.values()) == items + lost + ends.failed
