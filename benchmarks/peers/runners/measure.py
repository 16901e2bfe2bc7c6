"""What every runner shares: read the spec, warm up, measure one fan-out, check its results, write the answer.

A runner is started in its peer's environment with a JSON spec on stdin (`variant`, `context`: a file, `items`, `cpu`,
`bytes`: what the fan-out may take) and writes one JSON object as the last line of stdout: `seconds`, `queued`,
`bytes`, `versions`. One peer needs Python 3.8, so this file runs on it.
"""
# ruff: noqa: UP006, UP035

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import platform
import resource
import sys
import time
from importlib import metadata
from typing import Any, Callable, ContextManager, Dict, List

WARM_UP_S = 0.3

Results = List[Any]
FanOut = Callable[[], Results]
Prepare = Callable[[str, Dict[str, Any], List[Dict[str, Any]]], FanOut]
"""prepare(variant, context, items): all that exists before the fan-out; gives the fan-out itself."""


def action(endpoint: str) -> dict[str, bool]:
    """The no-op; it is false where the template gave something else than the item's endpoint."""
    return {"ok": endpoint[:7] == "http://"}


def make_items(count: int) -> list[dict[str, Any]]:
    """The servers of the fan-out."""
    return [
        {"id": number, "health_endpoint": f"http://10.0.{number >> 8}.{number & 255}/health"}
        for number in range(count)
    ]


def serve(
    prepare: Prepare,
    packages: tuple[str, ...],
    service: Callable[[str], ContextManager[Any]] = lambda variant: contextlib.nullcontext(),
    inside: Callable[[Callable[[], Any]], Any] = lambda work: work(),
) -> None:
    """Answer the spec on stdin.

    `service` is what the peer needs around everything (a server, a cluster); `inside` calls what it is given within a
    run of the peer, where a fan-out is not a run of its own.
    """
    spec = json.load(sys.stdin)
    os.sched_setaffinity(0, {spec["cpu"]})
    resource.setrlimit(resource.RLIMIT_DATA, (2 * int(spec["bytes"]), resource.RLIM_INFINITY))
    with open(spec["context"], encoding="utf-8") as file:
        context = json.load(file)
    small = {name: dict(list(part.items())[:2]) for name, part in context.items()}
    with service(spec["variant"]):
        # Imports, compiled templates, first connections and cold code belong to no item.
        began = time.perf_counter()
        while time.perf_counter() - began < WARM_UP_S:
            _run(prepare(spec["variant"], small, make_items(10)), 10, inside)
        answer = _run(prepare(spec["variant"], context, make_items(spec["items"])), spec["items"], inside)
    answer["versions"] = {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
    }
    print("\n" + json.dumps(answer), flush=True)


def _run(fan_out: FanOut, count: int, inside: Callable[[Callable[[], Any]], Any]) -> dict[str, Any]:
    results, answer = inside(lambda: _measured(fan_out))
    _check(results, count)
    return answer


def _measured(fan_out: FanOut) -> tuple[Results, dict[str, Any]]:
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # memory that set-up gave back would hide growth
    before = {pid: _anonymous_from_now(pid) for pid in family()}
    queued, began = _queued(), time.perf_counter()
    results = fan_out()
    seconds = time.perf_counter() - began
    queued = _queued() - queued
    grown = sum(_peak_anonymous(pid) - before.get(pid, 0) for pid in family())
    return results, {"seconds": seconds, "queued": queued, "bytes": max(0, grown)}


def _queued() -> float:
    """Seconds that this thread was ready to run and had no CPU: other work, or its own peer's other processes."""
    with contextlib.suppress(OSError), open("/proc/thread-self/schedstat", encoding="utf-8") as file:
        return int(file.read().split()[1]) / 1e9
    return 0.0


def _check(results: Results, count: int) -> None:
    if list(results) != [{"ok": True}] * count:
        sys.exit(f"wrong results: {len(results)} for {count} items, first: {results[:1]!r}")


def family() -> list[int]:
    """This process and its descendants."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8") as file:
            children.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(int(name))
    found = [os.getpid()]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _status(pid: int) -> dict[str, int]:
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            fields = (
                line.split() for line in file if line.startswith(("VmHWM", "RssAnon", "RssFile", "RssShmem"))
            )
            return {field[0].rstrip(":"): int(field[1]) * 1024 for field in fields}
    except OSError:
        return {}


def _anonymous_from_now(pid: int) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/clear_refs", "w", encoding="utf-8") as file:
        file.write("5")  # the peak (VmHWM) starts anew
    return _status(pid).get("RssAnon", 0)


def _peak_anonymous(pid: int) -> int:
    # The system keeps the peak of all resident pages only; file pages hardly shrink, so the rest was anonymous.
    status = _status(pid)
    return status.get("VmHWM", 0) - status.get("RssFile", 0) - status.get("RssShmem", 0)
