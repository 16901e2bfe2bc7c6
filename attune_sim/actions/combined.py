"""Apache's combined log format, one line: the fields if it is well formed, else which part is wrong.

    host identity user [day/Mon/year:hh:mm:ss zone] "request" status bytes "referer" "agent"

The common format (without referer and agent) is its beginning and is read too, as are further fields at the end.
The log_config module of Apache defines both; inside quotes `"` is written as `\\"`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any, Final

_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_COMMON: Final = (
    (r"(\S+)", "begins with no host"),
    (r" (\S+) ([^\[]+) \[", "has no '[' after host, identity and user"),
    (r"([^\]]*)\]", "the time is not closed by ']'"),
    (r' (?=")', "has no quoted request after the time"),
    (_QUOTED, "the request is not closed by a quote"),
    (r" (\S+)", "ends before the status"),
    (r" (\S+)", "ends before the size"),
)
"""The parts of a line of the common format, and what is wrong with a line that has all before one, but not that one."""
_FURTHER: Final = (
    (r' (?=")', "has no quoted referer after the size"),
    (_QUOTED, "the referer is not closed by a quote"),
    (r' (?=")', "ends before the user agent"),
    (_QUOTED, "the user agent is not closed by a quote"),
)
_LINE: Final = re.compile(
    f"{''.join(part for part, _ in _COMMON)}(?:{''.join(part for part, _ in _FURTHER)}(?: (.*))?)?", re.DOTALL
)
_TIME: Final = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_line(text: str) -> dict[str, Any]:
    """The fields of one line.

    Returns `host identity user time request method path protocol status bytes referer agent extra`: `time` as ISO 8601,
    `status` and `bytes` as integers (`-` bytes are 0), None for a field that is `-` or absent; `method`, `path`,
    `protocol` are None where the client sent no proper request line.

    Raises:
        ValueError: names the part that is wrong.

    >>> fields = parse_line('::1 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=1 HTTP/1.1" 200 2326 "-" "curl/8"')
    >>> fields["time"], fields["path"], fields["status"], fields["referer"]
    ('2000-10-10T13:55:36-07:00', '/a?b=1', 200, None)
    """
    match = _LINE.fullmatch(text)
    if match is None:
        raise ValueError(_what_is_wrong(text))
    host, identity, user, time, request, status, size, referer, agent, extra = match.groups()
    method, path, protocol = _request(request)
    return {
        "host": host,
        "identity": _given(identity),
        "user": _given(user),
        "time": _time(time),
        "request": request,
        "method": method,
        "path": path,
        "protocol": protocol,
        "status": _status(status),
        "bytes": _size(size),
        "referer": _given(referer),
        "agent": _given(agent),
        "extra": extra,
    }


def _given(field: str | None) -> str | None:
    return None if field in (None, "-") else field


def _request(request: str) -> tuple[str | None, str | None, str | None]:
    match request.split(" "):
        case [method, path, protocol] if method.isalpha():
            return method, path, protocol
        case [method, path] if method.isalpha():  # HTTP/0.9 has no protocol
            return method, path, None
    return None, None, None  # what a client sent in place of a request


def _time(text: str) -> str:
    match = _TIME.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        raise ValueError(f"the time {_short(text)} is not dd/Mon/yyyy:hh:mm:ss +zzzz")
    day, year, hour, minute, second = (int(match[n]) for n in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
    try:
        zone = timezone(offset if match[7] == "+" else -offset)
        moment = datetime(year, _MONTHS.index(match[2]) + 1, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise ValueError(f"the time {_short(text)} does not exist: {error}") from None
    return moment.isoformat()


def _status(text: str) -> int:
    if len(text) != 3 or not (text.isascii() and text.isdigit()) or not 100 <= int(text) <= 599:
        raise ValueError(f"the status {_short(text)} is not a number from 100 to 599")
    return int(text)


def _size(text: str) -> int:
    if text == "-":
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise ValueError(f"the size {_short(text)} is neither a number of bytes nor '-'")
    return int(text)


def _what_is_wrong(text: str) -> str:
    beginning = ""
    for part, complaint in _COMMON + _FURTHER:
        beginning += part
        if re.match(beginning, text, re.DOTALL) is None:
            return f"{complaint}: {_short(text)}"
    return f"has something between its fields that does not belong there: {_short(text)}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
