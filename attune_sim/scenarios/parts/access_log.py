"""An access log in Apache's combined format, generated: the same lines for the same seed, some of them broken.

Line `n` of a seed is always the same, whatever the length of the file. With seed 0, of the first 10,000 lines 83
are malformed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Final

from attune_sim.files import replaced
from attune_sim.scenarios.data import generated_folder
from attune_sim.scenarios.draw import Shares, pick

EDITION: Final = 1
"""Part of the file's name; raised when the same seed would give other lines."""

KINDS: Final[Shares] = (
    ("good", 0.99),
    ("truncated", 0.002),
    ("bad_time", 0.002),
    ("bad_status", 0.002),
    ("bad_size", 0.001),
    ("open_quote", 0.001),
    ("noise", 0.001),
    ("no_such_day", 0.001),
)
_PATHS: Final = (
    "/",
    "/login",
    "/api/orders",
    "/api/orders/{n}",
    "/static/app.js",
    "/search?q=item+{n}",
    "/users/{n}",
)
_AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "curl/8.5.0",
    'monitor \\"probe\\" 1.2',
)
_START: Final = datetime(2026, 1, 5, 6, 0, tzinfo=timezone(timedelta(hours=1)))
_SPAN_S: Final = 20 * 24 * 3600


def kind_of(seed: int, number: int) -> str:
    """What line `number` (from 0) is: `good`, or in which way it is malformed."""
    return pick(KINDS, "line", seed, number)


def expected(entries: int, seed: int) -> dict[str, int]:
    """How many lines of each kind the file has.

    >>> counts = expected(10_000, seed=0)
    >>> counts["good"], 10_000 - counts["good"]
    (9917, 83)
    """
    counts = Counter(kind_of(seed, number) for number in range(entries))
    return {kind: counts[kind] for kind, _ in KINDS}


def lines(entries: int, seed: int) -> Iterator[str]:
    """The lines, without their ends."""
    return (_line(number, seed) for number in range(entries))


def _line(number: int, seed: int) -> str:
    rng = Random(f"line {seed} {number}")
    moment = _START + timedelta(seconds=number * 7 // 10 % _SPAN_S)
    is_v4 = rng.random() < 0.9
    host = f"203.0.113.{rng.randrange(1, 255)}" if is_v4 else f"2001:db8::{rng.randrange(1, 16**4):x}"
    user = rng.choice(("-", "-", "-", "ada", "grace"))
    path = rng.choice(_PATHS).format(n=rng.randrange(10_000))
    method = rng.choices(("GET", "POST", "HEAD"), (90, 8, 2))[0]
    status = rng.choices((200, 204, 301, 304, 404, 500), (80, 3, 3, 6, 6, 2))[0]
    size = "-" if status in (204, 304) else str(rng.randrange(200, 90_000))
    referer = rng.choice(("-", "https://example.org/", "https://search.example.net/?q=shop"))
    time = moment.strftime("%d/Jan/%Y:%H:%M:%S %z")
    request = f"{method} {path} HTTP/1.1"
    good = f'{host} - {user} [{time}] "{request}" {status} {size} "{referer}" "{rng.choice(_AGENTS)}"'
    kind = kind_of(seed, number)
    return good if kind == "good" else _BREAKS[kind](good, rng)


_BREAKS: Final[Mapping[str, Callable[[str, Random], str]]] = {
    "truncated": lambda line, rng: line[: rng.randrange(5, line.index(" HTTP/1.1"))],
    "bad_time": lambda line, rng: line.replace("/Jan/", "/01/"),
    "bad_status": lambda line, rng: line.replace('HTTP/1.1" ', 'HTTP/1.1" x', 1),
    "bad_size": lambda line, rng: re.sub(r'" (\d{3}) \S+ "', r'" \1 12kB "', line),
    "open_quote": lambda line, rng: line[:-1],
    "noise": lambda line, rng: "".join(rng.choices("\x16\x03\x01\x7fabc\ufffd{}%", k=rng.randrange(20, 80))),
    "no_such_day": lambda line, rng: re.sub(r"\[\d\d/Jan", "[31/Feb", line),
}


def write_log(path: Path, entries: int, seed: int) -> Path:
    """The file, written whole or not at all: two who write it at once do not disturb each other."""
    with replaced(path) as file:
        file.writelines(f"{line}\n" for line in lines(entries, seed))
    return path


def access_log(entries: int, seed: int = 0) -> Path:
    """The generated log with so many lines; made when it is asked for the first time, then kept."""
    path = generated_folder() / f"access-{entries}-seed{seed}-v{EDITION}.log"
    return path if path.is_file() else write_log(path, entries, seed)
