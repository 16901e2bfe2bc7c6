"""One cluster of two worker processes for all tests of a file about the performer on Dask, and a way to drive sessions on it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from attune_sim.executors import executor_named
from attune_sim.executors.dask.ledger import Ledger
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.session import Session, session_of


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A client of the cluster, as long as a file needs it: its threads make objects, which tests of probes would count."""
    from distributed import Client, LocalCluster

    # Now, and not by several threads at once, which CPython's parser may not survive.
    import attune_sim.executors.dask.performer  # noqa: F401

    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": ":0"},
        silence_logs=logging.CRITICAL,
    )
    with cluster, Client(cluster, set_as_default=False) as found:
        yield found


FAN = """
version: '1'
%s
tasks:
  - name: each
    action: t.each
    with_items: "{{ parameters.numbers }}"
    concurrency: %d
    %s
    input: {n: "{{ item }}"}
    next: [{publish: [{got: "{{ result().results }}"}]}]
"""


class OnDask:
    """Drives runs on the shared cluster: `on_dask(text, actions, parameters, ...)` gives session and ledger."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __call__(
        self,
        text: str,
        actions: dict[str, Any],
        parameters: dict[str, Any] | None = None,
        *,
        cluster: Any = None,
        **options: Any,
    ) -> tuple[Session, Ledger]:
        named = {name: options.pop(name) for name in ("observers", "journal", "recorded") if name in options}
        spec = RunSpec(workflow=load(text), parameters=parameters or {}, **options)
        session = session_of(spec, actions, **named)
        return session, self.drive(session, cluster)

    def drive(self, session: Session, cluster: Any = None) -> Ledger:
        ledger = Ledger()
        executor_named("dask").run(session.job, cluster=cluster or self.client, ledger=ledger)
        return ledger


@pytest.fixture(scope="module")
def on_dask(client: Any) -> OnDask:
    """A driver of runs on the shared cluster."""
    return OnDask(client)


@pytest.fixture(scope="session")
def fan() -> Callable[..., str]:
    """The text of one fan-out: `fan(window, more, head)`."""
    return lambda window=4, more="", head="": FAN % (head, window, more)
