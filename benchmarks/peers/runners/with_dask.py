"""Dask: Client.map on one worker process; the context travels in the function, or once through scatter."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client, LocalCluster, get_client
from measure import FanOut, Results, action, serve


def each(item: dict[str, Any], context: dict[str, Any]) -> dict[str, bool]:
    return action(item["health_endpoint"])


@contextmanager
def cluster(variant: str) -> Iterator[None]:
    dask.config.set({"distributed.comm.timeouts.connect": "60s"})
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as local,
        Client(local),
    ):
        yield


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    client = get_client()

    def in_the_function() -> Results:
        return client.gather(client.map(functools.partial(each, context=context), items, pure=False))

    def scattered() -> Results:
        # A dict would be scattered key by key; the list makes it one value.
        (held,) = client.scatter([context])
        return client.gather(client.map(each, items, context=held, pure=False))

    return {"closure": in_the_function, "scatter": scattered}[variant]


if __name__ == "__main__":
    serve(prepare, ("dask", "distributed", "cloudpickle"), cluster)
