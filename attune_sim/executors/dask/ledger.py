"""What each worker was sent, what it sent home, and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Account:
    """One worker of one run. Bytes are counted where they are pickled: `offer_bytes` of offers and pieces of contexts, `action_bytes`
    of actions, `item_bytes` of batches, forks included; `answer_bytes` came home. `dask_*` are Dask's own counters: the stream of
    the scheduler to the worker (which carries batches, and not offers), and data that it received and sent. `grown_bytes` is by how
    much the memory of its process grew, as Dask reads it, and `offer_s` how long the messages took that brought offers.

    `fate` is `stayed`, `died`, `memory_limit` (killed for it, or paused by it until it was given up) or `refused`.
    """

    worker: str
    name: str = ""
    pid: int = 0
    threads: int = 0
    memory_limit_bytes: int = 0
    memory_bytes: int = 0
    fate: str = "stayed"
    why: str = ""
    batches: int = 0
    items: int = 0
    lost: int = 0
    offers: int = 0
    offer_bytes: int = 0
    action_bytes: int = 0
    item_bytes: int = 0
    answer_bytes: int = 0
    offer_s: float = 0.0
    grown_bytes: int | None = None
    dask_sent_bytes: int | None = None
    dask_incoming_bytes: int | None = None
    dask_outgoing_bytes: int | None = None

    @property
    def wire_bytes(self) -> int:
        """All that was sent to it and by it."""
        return self.offer_bytes + self.action_bytes + self.item_bytes + self.answer_bytes

    @property
    def dask_wire_bytes(self) -> int | None:
        """All that Dask counted; None where it told nothing, as of a worker that died."""
        counted = (self.dask_sent_bytes, self.dask_incoming_bytes, self.dask_outgoing_bytes)
        known = [count for count in counted if count is not None]
        return sum(known) if known else None

    def row(self) -> dict[str, Any]:
        """Name -> value, `wire_bytes` and `dask_wire_bytes` included."""
        return {**asdict(self), "wire_bytes": self.wire_bytes, "dask_wire_bytes": self.dask_wire_bytes}


class Ledger:
    """The accounts of a run by the address of their worker, in the order in which they came."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}

    def rows(self) -> list[dict[str, Any]]:
        """One row a worker."""
        return [account.row() for account in self.accounts.values()]

    def total(self, name: str) -> int:
        """A column, summed over the workers."""
        return sum(getattr(account, name) or 0 for account in self.accounts.values())

    def __repr__(self) -> str:
        return f"<Ledger of {len(self.accounts)} workers: {self.total('wire_bytes'):,} bytes>"
