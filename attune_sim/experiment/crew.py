"""The cluster of an experiment: for attempts of its cells, which are made on workers, or for whole cells.

A cell is the home of its run whatever makes its attempts, and a process of its own: it is told where the cluster is (`Line`), and
connects before anything is measured. What went to workers and home is read from the ledger of its run.
"""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from attune_sim.errors import InputError
from attune_sim.executors import ClusterExecutor, executor_named
from attune_sim.executors.dask.ledger import Ledger
from attune_sim.record import Reading

_JOIN_S: Final = 30.0


class Line(NamedTuple):
    """Where a cluster is, as a cell is told it: the address of its scheduler, its workers, and Dask's `Security`."""

    address: str
    workers: int
    security: Any = None


def on_cluster(executor: str) -> bool:
    """Whether attempts are made by workers of a cluster.

    >>> on_cluster("dask"), on_cluster("threads")
    (True, False)
    """
    return isinstance(executor_named(executor), ClusterExecutor)


class Crew:
    """A cluster for as long as the block lasts: `cluster` is the address of a scheduler, a Client, or None for workers of this
    machine, which end with the block. It may be entered again."""

    def __init__(self, cluster: Any = None) -> None:
        self._cluster = cluster
        self._connection: Any = None

    def __enter__(self) -> Self:
        """Raises `InputError` where nobody answers, or no worker comes."""
        from attune_sim.executors.dask.connecting import START_S, Connection

        connection = Connection(self._cluster)
        try:
            connection.client.wait_for_workers(1, timeout=START_S)
        except TimeoutError:
            connection.close()
            raise InputError(
                f"no worker of the cluster {connection.client.scheduler.address} came within {START_S:g} s; start one"
            ) from None
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        connection.close()

    @property
    def client(self) -> Any:
        """A client of the cluster, whose event loop is in a thread of its own."""
        assert self._connection is not None, "a crew is used inside of its block"
        return self._connection.client

    @property
    def line(self) -> Line:
        """What cells are told."""
        client = self.client
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        return Line(client.scheduler.address, workers, client.security)

    def __repr__(self) -> str:
        return f"<Crew: {'workers of this machine' if self._cluster is None else self._cluster}>"


class Joined:
    """In the process of a cell: its connection to the cluster, and the ledger of its run."""

    def __init__(self, line: Line) -> None:
        from distributed import Client

        import attune_sim.executors.dask.performer  # noqa: F401  # what it imports is not to count for the run

        self.ledger = Ledger()
        self._client = Client(
            line.address, security=line.security, asynchronous=False, set_as_default=False, timeout=_JOIN_S
        )

    @property
    def options(self) -> dict[str, Any]:
        """What the executor is given beside the job."""
        return {"cluster": self._client, "ledger": self.ledger}

    def readings(self) -> list[Reading]:
        """What went over the wire, once the run is over."""
        return wire_readings(self.ledger)

    def leave(self) -> None:
        with suppress(Exception):
            self._client.close(timeout=_JOIN_S)

    def __repr__(self) -> str:
        return f"<Joined: {self._client!r}>"


def wire_readings(ledger: Ledger) -> list[Reading]:
    """What a run sent to workers and they sent home: in all, to each worker once, and with each item.

    What Dask did not tell has a row without a value.
    """
    crew = [account for account in ledger.accounts.values() if account.batches]
    items = sum(account.items for account in crew)
    once = sum(account.offer_bytes + account.action_bytes for account in crew)
    each = sum(account.item_bytes + account.answer_bytes for account in crew)
    counted = [account.dask_wire_bytes for account in crew if account.dask_wire_bytes is not None]
    grown = [account.grown_bytes for account in crew if account.grown_bytes is not None]
    return [
        Reading("wire_bytes", float(ledger.total("wire_bytes")), n=len(crew)),
        _mean("wire_once_bytes", once, len(crew), "no worker had a part in it"),
        _mean("wire_item_bytes", each, items, "no attempt came to its end"),
        _told("dask_wire_bytes", float(sum(counted)), len(counted)),
        _told("worker_grown_bytes", float(max([*grown, 0])), len(grown)),
        Reading("wire_workers", float(len(crew))),
    ]


def _mean(metric: str, total: int, n: int, otherwise: str) -> Reading:
    return Reading(metric, total / n, n=n) if n else Reading(metric, None, label=f"unavailable: {otherwise}")


def _told(metric: str, value: float, n: int) -> Reading:
    return Reading(metric, value, n=n) if n else Reading(metric, None, label="unavailable: Dask told nothing")
