"""Packs `logs`, `data` and `analytics`: from a log file to its entries, what is known about them, and each one parsed.

No line is ever lost, and no line ever loses the file: bytes that are not UTF-8 arrive as `\\xhh` (the way Apache itself
writes them), a line that is too long or a stream that breaks off becomes an entry with a `problem`, and `logs.parse`
fails that entry with its line number.
"""

from __future__ import annotations

import gzip
import ipaddress
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from attune_sim.actions.combined import parse_line
from attune_sim.errors import ActionError, FileError
from attune_sim.files import opened

LONGEST_LINE = 64 * 1024
"""Bytes of a line that are kept; the rest of a longer one is skipped."""


def aggregate(file: str, limit: int | None = None) -> dict[str, Any]:
    """Read the lines of a log file, plain or gzip (told by its content), at most `limit` of them.

    Returns `{file, entries: [{line, text, problem?}], total, blank, undecodable}`: `line` counts from 1, blank lines are
    counted and left out, `undecodable` counts the lines with bytes that are not UTF-8.

    Raises:
        ActionError: there is no such file, or it cannot be read.
    """
    entries: list[dict[str, Any]] = []
    counts = Counter(blank=0, undecodable=0)
    for number, raw in enumerate(_lines(Path(file)), start=1):
        if limit is not None and len(entries) >= limit:
            break
        if isinstance(raw, str):
            entries.append({"line": number, "text": "", "problem": raw})
        elif raw.strip():
            entries.append(_entry(number, raw, counts))
        else:
            counts["blank"] += 1
    return {"file": str(file), "entries": entries, "total": len(entries), **counts}


def _entry(number: int, raw: bytes, counts: Counter[str]) -> dict[str, Any]:
    kept = raw[:LONGEST_LINE].rstrip(b"\r\n")
    try:
        text = kept.decode("utf-8")
    except UnicodeDecodeError:
        text = kept.decode("utf-8", "backslashreplace")
        counts["undecodable"] += 1
    entry: dict[str, Any] = {"line": number, "text": text}
    if len(raw) > LONGEST_LINE:
        entry["problem"] = f"longer than {LONGEST_LINE:,} bytes"
    return entry


def _lines(file: Path) -> Iterator[bytes | str]:
    """Each line as bytes; at last, if the file broke off, the reason as text."""
    try:
        with _opened(file) as packed, _unpacked(packed) as stream:
            while raw := stream.readline(LONGEST_LINE + 1):
                yield raw
                while not raw.endswith(b"\n") and len(raw) > LONGEST_LINE:
                    raw = stream.readline(LONGEST_LINE + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        yield f"the gzip stream is damaged from here on: {error}"


def _opened(file: Path) -> BinaryIO:
    if file.is_dir():
        raise ActionError(f"{file} is a directory; name one log file")
    try:
        return opened(file)
    except FileError as error:
        raise ActionError(f"{file}: the log {error.reason}") from None


def _unpacked(stream: BinaryIO) -> IO[bytes]:
    zipped = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return cast("IO[bytes]", gzip.open(stream, "rb")) if zipped else stream


def enrich(entries: Sequence[Any]) -> dict[str, Any]:
    """What is known about the clients that the entries name.

    Returns `{hosts: [{host, kind, network, requests}], total}`, busiest host first; `kind` is `public`, `private`,
    `loopback`, `other`, or `name` for a host that is no address; `network` is the /24 or /48 that it is in.
    """
    requests = Counter(text.split(" ", 1)[0] for text in map(_text, entries) if text)
    busiest = sorted(requests.items(), key=lambda pair: (-pair[1], pair[0]))
    return {"hosts": [{"host": h, **_address(h), "requests": n} for h, n in busiest], "total": len(requests)}


def _address(host: str) -> dict[str, Any]:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return {"kind": "name", "network": None}
    width = 24 if address.version == 4 else 48
    kinds = {"loopback": address.is_loopback, "private": address.is_private, "public": address.is_global}
    kind = next((name for name, is_so in kinds.items() if is_so), "other")
    return {"kind": kind, "network": str(ipaddress.ip_network(f"{host}/{width}", strict=False))}


def extract(entries: Sequence[Any], top: int = 50) -> dict[str, Any]:
    """Patterns over all entries that can be parsed.

    Returns `{statuses: {"200": n}, methods: {"GET": n}, paths: [{path, requests}], hours: {"13": n}, matched, unmatched}`;
    `paths` holds the `top` busiest, without their query.
    """
    counts: dict[str, Counter[str]] = {key: Counter() for key in ("statuses", "methods", "paths", "hours")}
    unmatched = 0
    for entry in entries:
        try:
            parsed = parse(entry)
        except ActionError:
            unmatched += 1
            continue
        counts["statuses"][str(parsed["status"])] += 1
        counts["methods"][parsed["method"] or "-"] += 1
        counts["paths"][(parsed["path"] or "-").split("?", 1)[0]] += 1
        counts["hours"][parsed["time"][11:13]] += 1
    paths = sorted(counts["paths"].items(), key=lambda pair: (-pair[1], pair[0]))[:top]
    return {
        **{key: dict(sorted(counts[key].items())) for key in ("statuses", "methods", "hours")},
        "paths": [{"path": path, "requests": n} for path, n in paths],
        "matched": len(entries) - unmatched,
        "unmatched": unmatched,
    }


def parse(entry: Mapping[str, Any] | str) -> dict[str, Any]:
    """One line in Apache's combined (or common) format, as `{line, host, user, time, method, path, status, ...}`.

    `entry` is one of `logs.aggregate`, or the bare text. For the keys see `attune_sim.actions.combined.parse_line`.

    Raises:
        ActionError: the line is malformed; the reason names its number and the part that is wrong.
    """
    line = entry.get("line") if isinstance(entry, Mapping) else None
    where = "the line" if line is None else f"line {line}"
    if isinstance(entry, Mapping) and (problem := entry.get("problem")):
        raise ActionError(f"{where}: {problem}")
    try:
        return {"line": line, **parse_line(_text(entry))}
    except ValueError as error:
        raise ActionError(f"{where}: {error}") from None


def _text(entry: Any) -> str:
    text = entry.get("text") if isinstance(entry, Mapping) else entry
    if not isinstance(text, str):
        raise ActionError(f"an entry is text or a map with 'text', not {type(entry).__name__}")
    return text


def pack() -> Mapping[str, Callable[..., Any]]:
    """The pack: `logs.aggregate`, `data.enrich`, `analytics.extract`, `logs.parse`."""
    return {
        "logs.aggregate": aggregate,
        "data.enrich": enrich,
        "analytics.extract": extract,
        "logs.parse": parse,
    }
