"""Pack `monitoring`: is a server well?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attune_sim.actions.http import Client, Reply
from attune_sim.errors import ActionError


class Monitoring(Client):
    """An HTTP client with the actions of the pack."""

    def check_http(self, url: str, timeout: float = 5.0, expect_status: int = 200) -> dict[str, Any]:
        """GET `url` and expect a status within `timeout` seconds.

        Returns `{url, status_code, healthy: True, bytes, elapsed_ms}`.

        Raises:
            ActionError: another status, or a server that cannot be reached or breaks off; says which.
            ActionTimeout: no complete answer in time.
        """
        return _judged(url, self.get(url, timeout), expect_status)

    async def check_http_async(
        self, url: str, timeout: float = 5.0, expect_status: int = 200
    ) -> dict[str, Any]:
        """`check_http` for executors that await: hundreds of checks are in flight in one thread."""
        return _judged(url, await self.get_async(url, timeout), expect_status)


def _judged(url: str, reply: Reply, expect_status: int) -> dict[str, Any]:
    check = {
        "url": url,
        "status_code": reply.status,
        "healthy": reply.status == expect_status,
        "bytes": len(reply.body),
        "elapsed_ms": round(reply.elapsed_s * 1000, 3),
    }
    if reply.status != expect_status:
        raise ActionError(f"{url} answered {reply.status}, expected {expect_status}", check)
    return check


def pack(asynchronous: bool = False) -> Mapping[str, Callable[..., Any]]:
    """The pack, with connections of its own: `monitoring.check_http` and `monitoring.check_http_async`.

    `asynchronous` puts the awaited form under both refs, for a workflow that says `monitoring.check_http`.
    """
    checks = Monitoring()
    plain: Callable[..., Any] = checks.check_http_async if asynchronous else checks.check_http
    return {"monitoring.check_http": plain, "monitoring.check_http_async": checks.check_http_async}
