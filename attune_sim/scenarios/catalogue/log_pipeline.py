"""Scenario `log_pipeline`: read a log file, gather what is known about it, then parse each of its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from typing import Any, Final

from attune_sim.actions import logs
from attune_sim.actions.combined import parse_line
from attune_sim.actions.payload import Shape
from attune_sim.errors import ActionError, InputError
from attune_sim.runspec import History
from attune_sim.scenarios.contents import Ballast
from attune_sim.scenarios.counts import positive
from attune_sim.scenarios.parts.access_log import access_log
from attune_sim.scenarios.scenario import catalogued
from attune_sim.scenarios.workload import Workload


def log_pipeline(
    entries: int | None = None,
    *,
    file: str | PathLike[str] | None = None,
    payload: Shape = "records",
    history: History | Mapping[str, Any] | int | None = None,
    variables_bytes: int = 0,
    concurrency: int | None = None,
    seed: int = 0,
) -> Workload:
    """Log file to parsed entries: aggregate, enrich, extract, then parse each line.

    A real run reads `file` (Apache combined or common format, plain or gzip; `entries` limits how many of its lines) or else a
    generated log of `entries` lines, 10,000 by default, some malformed (`parts.access_log` says how many). A replay
    has as many lines, all well formed.

    >>> import attune_sim as at
    >>> at.run("log_pipeline", items=5).counts["done"]
    5

    Raises:
        InputError: a size that is none, a file that cannot be read.
    """
    given = None if file is None else str(file)
    size = _size(given, None if entries is None else positive("entries", entries))
    ballast = Ballast(variables_bytes, payload=payload)
    workload = catalogued("log_pipeline", "entries", size, ballast, history, concurrency, seed)
    return replace(
        workload,
        replay={
            **logs.pack(),
            "logs.aggregate": replayed_aggregate,
            "analytics.extract": replayed_extract,
            "logs.parse": replayed_parse,
        },
        real=logs.pack(),
        parts=_parts,
        adopt=_adopted,
        knobs={"file": given},
    )


def _adopted(workload: Workload, given: Mapping[str, Any]) -> Workload:
    """The workload over the user's file, all of it unless `entries` says how many lines."""
    file = given.get("file", workload.knobs["file"])
    named = "file" in given or "entries" in given
    items = _size(file, given.get("entries")) if named else workload.items
    return replace(workload, items=items, knobs={**workload.knobs, "file": file})


def _size(file: str | None, limit: int | None) -> int:
    if file is None:
        return 10_000 if limit is None else limit
    try:
        return int(logs.aggregate(file, limit)["total"])
    except ActionError as error:
        raise InputError(str(error)) from None


@contextmanager
def _parts(workload: Workload) -> Iterator[Mapping[str, Any]]:
    yield {"file": workload.knobs["file"] or str(access_log(workload.items, workload.seed))}


_LINE: Final = (
    '{host} - - [05/Jan/2026:06:00:00 +0100] "GET /api/orders/{n} HTTP/1.1" 200 5120 "-" "curl/8.5.0"'
)
_FIELDS: Final = parse_line(_LINE.format(host="203.0.113.7", n=17))


def replayed_aggregate(file: str = "", limit: int = 0) -> dict[str, Any]:
    """`logs.aggregate` without a file: `limit` well-formed lines of 250 clients."""
    entries = [
        {"line": n + 1, "text": _LINE.format(host=f"203.0.113.{n % 250 + 1}", n=n % 10_000)}
        for n in range(limit)
    ]
    return {"file": file, "entries": entries, "total": limit, "blank": 0, "undecodable": 0}


def replayed_extract(entries: Sequence[Any]) -> dict[str, Any]:
    """`analytics.extract` without the parsing: patterns of lines that are all alike."""
    count = len(entries)
    return {
        "statuses": {"200": count},
        "methods": {"GET": count},
        "hours": {"06": count},
        "paths": [{"path": f"/api/orders/{n}", "requests": count // 50} for n in range(50)],
        "matched": count,
        "unmatched": 0,
    }


def replayed_parse(entry: Mapping[str, Any]) -> dict[str, Any]:
    """`logs.parse` without the parsing: the fields of one well-formed line."""
    return {"line": entry["line"], **_FIELDS}
