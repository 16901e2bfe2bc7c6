"""Pack `cloud`: which servers there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attune_sim.actions.http import Client
from attune_sim.errors import ActionError

LARGEST_INVENTORY: Final = 1024 * 1024 * 1024
"""Bytes of an inventory: a million servers and more."""


class Cloud(Client):
    """An HTTP client with the actions of the pack."""

    def list_servers(self, url: str, limit: int | None = None, timeout: float = 30.0) -> dict[str, Any]:
        """GET an inventory: JSON `{"servers": [...]}` or a bare list; at most `limit` servers of it.

        Returns `{servers: [{id, name, health_endpoint, ...}], total}`.

        Raises:
            ActionError: the inventory cannot be reached, or is something else.
            ActionTimeout: no answer within `timeout` seconds.
        """
        import orjson

        reply = self.get(url, timeout, LARGEST_INVENTORY)
        if reply.status != 200:
            raise ActionError(f"{url} answered {reply.status} instead of an inventory")
        try:
            inventory = orjson.loads(reply.body)
        except orjson.JSONDecodeError as error:
            raise ActionError(f"{url}: the inventory is not JSON: {error}") from None
        servers = inventory.get("servers") if isinstance(inventory, dict) else inventory
        if not isinstance(servers, list):
            raise ActionError(f"{url}: the inventory has no list 'servers'")
        return {"servers": servers[:limit], "total": len(servers[:limit])}


def pack() -> Mapping[str, Callable[..., Any]]:
    """The pack, with connections of its own: `cloud.list_servers`."""
    return {"cloud.list_servers": Cloud().list_servers}
