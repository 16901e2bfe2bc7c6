"""Scenario `health_check`: list the servers of a fleet, then check each of them over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from attune_sim.actions import cloud, monitoring
from attune_sim.actions.payload import Shape
from attune_sim.errors import InputError
from attune_sim.runspec import History
from attune_sim.scenarios.contents import Ballast
from attune_sim.scenarios.parts.fleet import Fleet, delay_of, failure_of, inventory, kind_of
from attune_sim.scenarios.planned import Planned
from attune_sim.scenarios.scenario import catalogued
from attune_sim.scenarios.workload import Workload


def health_check(
    servers: int = 1000,
    *,
    timeout: float = 0.5,
    delay: float = 0.0,
    payload: Shape = "records",
    history: History | Mapping[str, Any] | int | None = None,
    variables_bytes: int = 0,
    concurrency: int | None = None,
    asynchronous: bool = False,
    seed: int = 0,
) -> Workload:
    """HTTP health check of a fleet of servers, some of them slow, failing or hanging.

    In a real run the fleet is served on loopback by a process of its own (`parts.fleet` says what to expect); in a
    replay every server is healthy, and in a simulation each behaves as it would. `timeout` is in seconds, and so is `delay`, what the network takes of each
    check in the mean; `asynchronous` takes the awaited client, for the asyncio executor.

    >>> import attune_sim as at
    >>> at.run(at.scenarios.health_check(servers=3, timeout=1.0)).counts["done"]
    3

    Raises:
        InputError: a size or a time that is none.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        raise InputError(f"timeout must be a number of seconds above 0, not {timeout!r}")
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay < 1e6:
        raise InputError(f"delay must be a number of seconds of 0 or more, not {delay!r}")
    ballast = Ballast(variables_bytes, payload=payload)
    workload = catalogued("health_check", "servers", servers, ballast, history, concurrency, seed)
    return replace(
        workload,
        make_parameters=_parameters,
        real={**cloud.pack(), **monitoring.pack(asynchronous)},
        parts=_parts,
        knobs={"timeout": timeout, "delay": delay},
        resize=_with_replay,
    ).sized()


def _with_replay(workload: Workload) -> Workload:
    servers = partial(replayed_servers, workload.seed)
    return replace(
        workload,
        replay={"cloud.list_servers": servers, "monitoring.check_http": replayed_check},
        plan={
            "cloud.list_servers": partial(planned_servers, workload.seed),
            "monitoring.check_http": partial(planned_check, workload.seed, workload.knobs["delay"]),
        },
    )


def _parameters(workload: Workload) -> dict[str, Any]:
    return {"servers": workload.items, "timeout": workload.knobs["timeout"]}


@contextmanager
def _parts(workload: Workload) -> Iterator[Mapping[str, Any]]:
    with Fleet(workload.items, workload.seed, workload.knobs["delay"]) as fleet:
        yield {"inventory": fleet.url}


def replayed_servers(seed: int, url: str = "", limit: int = 0) -> dict[str, Any]:
    """`cloud.list_servers` without a network."""
    servers = inventory(limit, seed, "http://127.0.0.1:8080")
    return {"servers": servers, "total": len(servers)}


def replayed_check(url: str, timeout: float = 5.0) -> dict[str, Any]:
    """`monitoring.check_http` without a network: what a healthy server's check gives."""
    return {"url": url, "status_code": 200, "healthy": True, "bytes": 56, "elapsed_ms": 1.0}


# A day's cycles list the same servers and ask for each of them over and over.
@lru_cache(maxsize=4)
def planned_servers(seed: int, url: str = "", limit: int = 0) -> Planned:
    """What listing the servers comes to."""
    return Planned("succeeded", replayed_servers(seed, url, limit))


@lru_cache(maxsize=1 << 16)
def planned_check(seed: int, delay: float, url: str, timeout: float = 5.0) -> Planned:
    """What a check of a server of the fleet comes to; one that refuses connections takes no time."""
    number = int(url.rsplit("/", 2)[1])
    kind = kind_of(seed, number)
    failure = failure_of(seed, number) if kind == "failing" else ""
    seconds = 0.0 if failure == "refused" else delay_of(seed, number, delay)
    if kind == "hanging" or seconds > timeout:
        reason = f"{url} did not answer within {timeout:g} s"
        return Planned("timed_out", {"error": reason}, reason, timeout, is_whole=True)
    if failure:
        return _failed(url, failure, seconds)
    return Planned("succeeded", replayed_check(url), seconds=seconds)


def _failed(url: str, how: str, seconds: float) -> Planned:
    if not how.isdecimal():
        reason = f"{url} {'broke off' if how == 'dropped' else 'cannot be reached'}"
        return Planned("failed", {"error": reason}, reason, seconds)
    check = {**replayed_check(url), "status_code": int(how), "healthy": False, "bytes": 21}
    return Planned("failed", check, f"{url} answered {how}, expected 200", seconds)
