"""Prefect: task.map in a flow on a temporary server; `quoted` hands the context on unexamined and uncached."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_HOME = tempfile.TemporaryDirectory()
os.environ.update(
    PREFECT_HOME=_HOME.name,
    PREFECT_LOGGING_LEVEL="ERROR",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    DO_NOT_TRACK="1",
)

from measure import FanOut, Results, action, serve  # noqa: E402
from prefect import flow, task, unmapped  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.testing.utilities import prefect_test_harness  # noqa: E402
from prefect.utilities.annotations import quote  # noqa: E402


@contextmanager
def server(variant: str) -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


@task
def each(item: dict[str, Any], context: dict[str, Any]) -> dict[str, bool]:
    return action(item["health_endpoint"])


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    quoted = variant == "quoted"
    own_task = each.with_options(cache_policy=NO_CACHE) if quoted else each
    handed = unmapped(quote(context) if quoted else context)

    def fan_out() -> Results:
        return [future.result() for future in own_task.map(items, handed)]

    return fan_out


def in_a_flow(work: Callable[[], Any]) -> Any:
    # A flow waits up to a second for its heartbeat thread when it ends: that belongs to no item.
    def fan_out() -> Any:
        return work()

    return flow(fan_out)()


if __name__ == "__main__":
    serve(prepare, ("prefect", "fastapi"), server, in_a_flow)
