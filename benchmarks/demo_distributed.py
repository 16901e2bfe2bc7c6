"""What a Dask cluster of this machine is sent for one fan-out, what a worker that dies takes with it, and results that do not come home.

python benchmarks/demo_distributed.py [--workers 4]
"""

from __future__ import annotations

import argparse
import os
import signal
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench_distributed import CONTEXT, cluster_of, run, work
from distributed import Client, LocalCluster

import attune_sim as at
from attune_sim.metrics import format_bytes

ITEMS: Final = 4_000
COPIES: Final = 40
LARGE: Final = 100_000
KILL_AT: Final = 500

HANDED_ON: Final = {
    "shared": "one context for all",
    "projected": "the paths that are read",
    "deepcopy": "a copy with each item",
}

WORKFLOW: Final = """
version: '1'
tasks:
  - name: each
    action: t.square
    with_items: "{{ range(2000) }}"
    concurrency: 400
    input: {n: "{{ item }}"}
"""


class Killer:
    """Ends a worker once so many items have ended, and counts the attempts that are lost with it."""

    def __init__(self, cluster: LocalCluster) -> None:
        self.cluster, self.ended, self.lost = cluster, 0, 0

    def action_ended(self, event: Any) -> None:
        self.ended += 1
        if self.ended == KILL_AT:
            os.kill(next(iter(self.cluster.workers.values())).pid, signal.SIGKILL)

    def attempt_lost(self, event: Any) -> None:
        self.lost += 1


def square(n: int) -> dict[str, int]:
    return {"n": n, "squared": n * n}


def wire(client: Client) -> None:
    """A row a strategy: what went to each worker once, and what with each item."""
    print(f"{'how the context is handed on':<36}{'items':>6} {'once a worker':>14} {'with an item':>13}")
    far = []
    for strategy, how in HANDED_ON.items():
        items = COPIES if strategy == "deepcopy" else ITEMS
        ledger, _ = run(client, items, strategy, work, history=CONTEXT)
        workers = sum(account.offers > 0 for account in ledger.accounts.values())
        once, each = ledger.total("offer_bytes") / max(workers, 1), ledger.total("item_bytes") / items
        print(
            f"  {strategy:<10}{how:<24}{items:>6,} {format_bytes(once):>14} {format_bytes(each):>13}",
            flush=True,
        )
        far.append(f"{strategy} {format_bytes(workers * once + LARGE * each)}")
    print(f"\nFor {LARGE:,} items that would be (estimated):\n  {', '.join(far)}\n", flush=True)


def losses(client: Client, cluster: LocalCluster) -> None:
    """A worker dies in the middle; results are kept where they are made."""
    killer = Killer(cluster)
    with TemporaryDirectory() as folder:
        ran = at.run(
            WORKFLOW, actions={"t.square": square}, executor="dask", cluster=client, observers=[killer],
            results={"each": folder},
        )  # fmt: skip
        kept = ran.task_results["each"]["kept"]
        read = sum(1 for _ in ran.kept_results("each"))
        print(
            f"A worker was killed after {KILL_AT} of {kept['items']:,} items of another run: it {ran.status}."
        )
        print(f"  {killer.lost} attempts were lost with it, and made anew elsewhere; nothing else was.")
        print(
            f"  Results stayed with the {len(ran.kept)} processes that made them ({format_bytes(kept['bytes'])}):"
        )
        print(f"  home has their number and digest, and read {read:,} of them back.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args()
    print(f"A fan-out over a context of 1 MB. Its actions are called by {given.workers} worker processes")
    print("of Dask on this machine; the engine stays in this one.\n", flush=True)
    with cluster_of(given.workers) as (cluster, client):
        wire(client)
        losses(client, cluster)
    print("\nMore: docs/scaling.md")


if __name__ == "__main__":
    main()
