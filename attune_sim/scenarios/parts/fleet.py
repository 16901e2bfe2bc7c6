"""A fleet of HTTP servers on loopback, one process: healthy, slow, failing, hanging ones.

Server `n` of a seed always behaves in the same way, whatever the size of the fleet. With seed 0 the first 1,000 are
932 healthy, 34 slow (they answer, after 20 to 80 ms), 28 failing and 6 hanging ones.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from attune_sim.scenarios.draw import Shares, draw, pick
from attune_sim.scenarios.parts.process import Answer, Process, serve

KINDS: Final[Shares] = (("healthy", 0.94), ("slow", 0.03), ("failing", 0.025), ("hanging", 0.005))
FAILURES: Final[Shares] = (("500", 0.4), ("503", 0.3), ("dropped", 0.15), ("refused", 0.15))
REGIONS: Final = ("eu-central", "eu-west", "us-east", "us-west", "ap-south")


def kind_of(seed: int, number: int) -> str:
    """What server `number` of a fleet is: `healthy`, `slow`, `failing` or `hanging`."""
    return pick(KINDS, "fleet", seed, number)


def failure_of(seed: int, number: int) -> str:
    """How a failing server fails: it answers `500` or `503`, drops the connection, or is not there (`refused`)."""
    return pick(FAILURES, "failure", seed, number)


def delay_of(seed: int, number: int, delay: float = 0.0) -> float:
    """After how many seconds a server answers, well or ill: slow ones need some by themselves, and the network takes from half
    of `delay` to one and a half of it, the same each time."""
    own = 0.02 + 0.06 * draw("delay", seed, number) if kind_of(seed, number) == "slow" else 0.0
    return own + (delay * (0.5 + draw("network", seed, number)) if delay else 0.0)


def load_of(seed: int, number: int) -> float:
    """The load that a server tells."""
    return round(draw("load", seed, number), 3)


def expected(servers: int, seed: int) -> dict[str, int]:
    """How many servers of each kind a fleet has.

    >>> expected(1000, seed=0)
    {'healthy': 932, 'slow': 34, 'failing': 28, 'hanging': 6}
    """
    counts = Counter(kind_of(seed, number) for number in range(servers))
    return {kind: counts[kind] for kind, _ in KINDS}


def inventory(servers: int, seed: int, base: str, refused_base: str | None = None) -> list[dict[str, Any]]:
    """What `GET /servers` answers: one map for each server, without a word on how it will behave.

    A server that refuses connections is found under `refused_base`.
    """
    return [_described(number, seed, base, refused_base or base) for number in range(servers)]


def _described(number: int, seed: int, base: str, refused_base: str) -> dict[str, Any]:
    gone = kind_of(seed, number) == "failing" and failure_of(seed, number) == "refused"
    return {
        "id": f"srv-{number:06d}",
        "name": f"web-{number:06d}.example.org",
        "region": REGIONS[number % len(REGIONS)],
        "cpus": 2 ** (number % 6),
        "memory_gb": 4.0 * (1 + number % 8),
        "tags": {"tier": ("gold", "silver")[number % 2], "managed": number % 3 != 0},
        "health_endpoint": f"{refused_base if gone else base}/servers/{number}/health",
    }


class Fleet(Process):
    """The running fleet: `.url` is its inventory, `.expected` counts its servers by kind; `delay` is that of `delay_of`.

    with Fleet(servers=1000, seed=0) as fleet:
        httpx.get(fleet.url).json()["servers"][0]["health_endpoint"]
    """

    module = __name__

    def __init__(self, servers: int, seed: int = 0, delay: float = 0.0) -> None:
        super().__init__({"servers": servers, "seed": seed, "delay": delay})
        self.expected = expected(servers, seed)

    @property
    def url(self) -> str:
        """Where the inventory is."""
        return f"{self.ready['base']}/servers"

    def requests(self) -> int:
        """How many requests have arrived so far."""
        return int(self.ask({})["requests"])

    def connections(self) -> int:
        """Over how many connections they came."""
        return int(self.ask({})["connections"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in two packets would wait for each other, 40 ms a request.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.counts["connections"] += 1

    def do_GET(self) -> None:
        server = self.server
        server.counts["requests"] += 1
        match self.path.split("/"):
            case ["", "servers"]:
                listed = inventory(server.servers, server.seed, server.base, server.refused_base)
                self._reply(200, {"servers": listed})
            case ["", "servers", number, "health"] if number.isdecimal() and int(number) < server.servers:
                self._behave(int(number))
            case _:
                self._reply(404, {"error": f"there is no {self.path}"})

    def _behave(self, number: int) -> None:
        seed = self.server.seed
        kind = kind_of(seed, number)
        if kind == "hanging":
            threading.Event().wait()  # until the process ends
        if delay := delay_of(seed, number, self.server.delay):
            time.sleep(delay)
        if kind == "failing":
            self._fail(failure_of(seed, number))
            return
        self._reply(200, {"id": f"srv-{number:06d}", "status": "ok", "load": load_of(seed, number)})

    def _fail(self, how: str) -> None:
        if how == "dropped":
            self.close_connection = True
        else:
            self._reply(int(how) if how.isdecimal() else 500, {"status": "failing"})

    def _reply(self, status: int, body: Mapping[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: stdout belongs to the parent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, servers: int, seed: int, delay: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.servers, self.seed, self.delay = servers, seed, delay
        self.counts: Counter[str] = Counter()
        # Bound but not listening: nobody else gets this port, and whoever calls is refused.
        self._refusing = socket.socket()
        self._refusing.bind(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.refused_base = f"http://127.0.0.1:{self._refusing.getsockname()[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the play."""


def _started(spec: Mapping[str, Any]) -> tuple[Answer, Callable[[], Answer]]:
    server = _Server(spec["servers"], spec["seed"], spec["delay"])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"base": server.base}, lambda: dict(server.counts)


if __name__ == "__main__":
    serve(_started)
