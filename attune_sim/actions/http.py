"""One HTTP client for all actions of a pack: connections are reused, nothing waits without end.

Failures are told in words of the peer: a timeout becomes `ActionTimeout`, everything else `ActionError`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from attune_sim.errors import ActionError, ActionTimeout

if TYPE_CHECKING:
    import ssl

    import httpx

MOST_BYTES = 16 * 1024 * 1024
"""The longest body that is read unless the caller allows more; a longer one is an error."""


def require_timeout(timeout: Any) -> None:
    """Refuse, as an ActionError, what is no limit: without one a peer could keep a run waiting for ever."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < 1e6:
        raise ActionError(f"timeout must be a number of seconds above 0, not {timeout!r}")


class Reply(NamedTuple):
    """What a server said; `elapsed_s` is the whole exchange, body included."""

    status: int
    body: bytes
    elapsed_s: float


class Client:
    """A thread-safe HTTP client that opens when first used, and again after `close`. Pickles without connections."""

    def __init__(self) -> None:
        self._sync: httpx.Client | None = None
        # An asynchronous connection lives in one event loop and must not be used from another.
        self._idle = WeakKeyDictionary[asyncio.AbstractEventLoop, "deque[httpx.AsyncClient]"]()
        self._tls: ssl.SSLContext | None = None

    def get(self, url: str, timeout: float, most_bytes: int = MOST_BYTES) -> Reply:
        """GET `url`, redirects not followed, within `timeout` seconds for everything together."""
        require_timeout(timeout)
        if self._sync is None:
            self._sync = _httpx().Client(**self._settings())
        started = time.monotonic()
        with _explained(url, timeout), self._sync.stream("GET", url, timeout=timeout) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                _take(body, chunk, url, started + timeout, most_bytes)
            return Reply(response.status_code, bytes(body), time.monotonic() - started)

    async def get_async(self, url: str, timeout: float) -> Reply:
        """The same for an event loop."""
        require_timeout(timeout)
        # One client per request under way: a single one searches all its connections at each step of each request,
        # which makes fifty at a time slower than ten.
        idle = self._idle.setdefault(asyncio.get_running_loop(), deque())
        client = idle.pop() if idle else _httpx().AsyncClient(**self._settings())
        started = time.monotonic()
        try:
            with _explained(url, timeout):
                async with asyncio.timeout(timeout), client.stream("GET", url, timeout=timeout) as response:
                    body = bytearray()
                    async for chunk in response.aiter_bytes():
                        _take(body, chunk, url, started + timeout, MOST_BYTES)
                    return Reply(response.status_code, bytes(body), time.monotonic() - started)
        finally:
            idle.append(client)

    def _settings(self) -> dict[str, Any]:
        # Reading the certificates takes longer than a request, so all clients share them. Surroundings (proxies,
        # .netrc) must not decide whether a server counts as healthy.
        httpx = _httpx()
        self._tls = self._tls or httpx.create_ssl_context()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        headers = {"user-agent": "attune-sim"}
        return {"limits": limits, "trust_env": False, "headers": headers, "verify": self._tls}

    def close(self) -> None:
        """Close the connections of threads; those of an event loop end with their loop."""
        client, self._sync = self._sync, None
        if client is not None:
            client.close()
        self._idle.clear()

    def __reduce__(self) -> tuple[type[Client], tuple[()]]:
        return (type(self), ())


def _httpx() -> Any:
    import httpx

    return httpx


def _take(body: bytearray, chunk: bytes, url: str, due: float, most_bytes: int) -> None:
    body += chunk
    if len(body) > most_bytes:
        raise ActionError(f"{url} sent more than {most_bytes:,} bytes")
    # The client's own limit starts anew with every packet: a server that drips would never run into it.
    if time.monotonic() > due:
        raise TimeoutError


@contextmanager
def _explained(url: str, timeout: float) -> Iterator[None]:
    httpx = _httpx()
    try:
        yield
    except (TimeoutError, httpx.TimeoutException):
        raise ActionTimeout(f"{url} did not answer within {timeout:g} s") from None
    except httpx.ConnectError as error:
        raise ActionError(f"{url} cannot be reached: {_words(error)}") from None
    except httpx.RemoteProtocolError as error:
        raise ActionError(f"{url} broke off: {_words(error)}") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ActionError(f"{url!r} is not a usable address: {_words(error)}") from None
    except httpx.HTTPError as error:
        raise ActionError(f"{url} failed: {type(error).__name__}: {_words(error)}") from None


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
