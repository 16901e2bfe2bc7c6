"""Beyond one process: what the wire carries for 100,000 items over a context of 1 MB on four workers, and what the way costs.

Bytes are counted where they are pickled. `shared` and `projected` send their context once a worker; `deepcopy` sends a copy with each
item, and is stopped by a budget of bytes. Beside them stands what Dask itself counts, less that of the same run over an empty
context. Times are ratios: rounds of bare Dask futures of 20 items of 1 ms, and of the same items through the engine, in turns.

    python benchmarks/bench_distributed.py [--items 100000] [--workers 4] [--rounds 5] [--budget 200000000]
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from distributed import Client, LocalCluster
from verdict import Verdict

from attune_sim.executors import executor_named
from attune_sim.executors.dask.ledger import Ledger
from attune_sim.loader import load
from attune_sim.runspec import History, RunSpec
from attune_sim.session import session_of

BATCH: Final = 20
ITEM_S: Final = 0.001
OFFER_BYTES: Final = 10_000_000
CONTEXT: Final = History(tasks=100, bytes_each=10_000)
TIMED_ITEMS: Final = 8_000

WORKFLOW: Final = """
version: '1'
parameters: {region: {type: string}}
tasks:
  - name: each
    action: t.work
    with_items: "{{ range(%d) }}"
    concurrency: %d
    input: {n: "{{ item }}", region: "{{ parameters.region }}"}
"""


class OverBudget(Exception):
    """As many bytes were sent as were allowed."""


@dataclass
class Budget:
    """Ends a run whose ledger has reached so many bytes."""

    ledger: Ledger
    most: int

    def action_ended(self, event: Any) -> None:
        if self.ledger.total("item_bytes") > self.most:
            raise OverBudget


def work(n: int, region: str) -> int:
    return n


def slow_work(n: int, region: str) -> int:
    time.sleep(ITEM_S)
    return n


def slow_batch(first: int) -> list[int]:
    return [slow_work(n, "eu") for n in range(first, first + BATCH)]


def run(
    client: Client, items: int, strategy: str, action: Any, *, history: History, budget: int | None = None
) -> tuple[Ledger, float]:
    """What a run sent, and its seconds, without those of starting and leaving."""
    ledger = Ledger()
    text = WORKFLOW % (items, 200 * BATCH)
    spec = RunSpec(
        workflow=load(text), parameters={"region": "eu"}, strategy=strategy, history=history, max_task_runs=10
    )
    observers = [] if budget is None else [Budget(ledger, budget)]
    session = session_of(spec, {"t.work": action}, observers=observers)
    began = time.perf_counter()
    with suppress(OverBudget):
        executor_named("dask").run(session.job, cluster=client, ledger=ledger)
    return ledger, time.perf_counter() - began


def bytes_sent(verdict: Verdict, client: Client, items: int, budget: int) -> None:
    empty = History(tasks=0)
    for strategy in ("shared", "projected"):
        whole, _ = run(client, items, strategy, work, history=CONTEXT)
        alone, _ = run(client, items, strategy, work, history=empty)
        verdict.require(
            f"{strategy}, bytes of offers to all workers",
            whole.total("offer_bytes"),
            "<",
            OFFER_BYTES,
            "bytes",
        )
        verdict.figure(f"{strategy}, bytes of batches an item", whole.total("item_bytes") / items, "bytes")
        verdict.figure(f"{strategy}, bytes of answers an item", whole.total("answer_bytes") / items, "bytes")
        more = whole.total("dask_sent_bytes") - alone.total("dask_sent_bytes")
        verdict.figure(f"{strategy}, Dask's stream to workers, less the run over nothing", more, "bytes")
    copied, _ = run(client, items, "deepcopy", work, history=CONTEXT, budget=budget)
    done = copied.total("items")
    each = copied.total("item_bytes") / max(sum(a.items for a in copied.accounts.values()), 1)
    verdict.note("deepcopy", f"stopped by the budget of {budget:,} bytes at item {done:,} of {items:,}")
    verdict.require(
        "deepcopy, bytes of batches an item that came back", each, ">=", CONTEXT.context_bytes / 4, "bytes"
    )


def seconds_bare(client: Client, items: int) -> float:
    began = time.perf_counter()
    client.gather(client.map(slow_batch, range(0, items, BATCH), pure=False))
    return time.perf_counter() - began


def times(verdict: Verdict, client: Client, items: int, rounds: int) -> None:
    seconds_bare(client, items // 10)
    ratios = []
    for _ in range(rounds):
        bare = seconds_bare(client, items)
        _, whole = run(client, items, "shared", slow_work, history=CONTEXT)
        ratios.append(whole / bare)
        verdict.note("  a round", f"bare {bare:.2f} s, engine {whole:.2f} s, all of the run included")
    verdict.require(
        f"{items:,} items of 1 ms: time against bare futures of {BATCH}", median(ratios), "<=", 1.2, "times"
    )


@contextmanager
def cluster_of(workers: int) -> Iterator[tuple[LocalCluster, Client]]:
    """So many processes of one thread, and nothing that is looked at."""
    off = {"dashboard": False, "dashboard_address": ":0"}
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, scheduler_kwargs=off,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        yield cluster, client


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=200_000_000)
    given = parser.parse_args()
    verdict = Verdict(f"On a cluster of {given.workers} worker processes: {given.items:,} items over 1 MB")
    with cluster_of(given.workers) as (_, client):
        bytes_sent(verdict, client, given.items, given.budget)
        times(verdict, client, TIMED_ITEMS, given.rounds)
    verdict.exit()


if __name__ == "__main__":
    main()
