from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import attune_sim as at

SERVERS = """
version: 1.0.0
vars: {settings: {retries: 3, tags: [web, {zone: north}]}, motd: "a text that is long enough"}
tasks:
  - {name: list, action: demo.list, next: [{publish: [{servers: "{{ result() }}"}], do: [check]}]}
  - name: check
    action: demo.check
    with_items: "{{ servers }}"
    concurrency: 3
    input: {server: "{{ item }}", tags: "{{ settings.tags }}"}
output_map: {checked: "{{ task.check.results | length }}"}
"""


class Fleet:
    """The actions of the workflow above; `calls` notes every one of them."""

    def __init__(self, servers: int = 5) -> None:
        self.servers = servers
        self.calls: list[Any] = []

    @property
    def actions(self) -> dict[str, Callable[..., Any]]:
        return {"demo.list": self.list, "demo.check": self.check}

    def list(self) -> Any:
        self.calls.append("list")
        return [
            {"id": 1_000 + n, "name": f"server {n}", "tags": [n, {"n": 1_000 + n}]}
            for n in range(self.servers)
        ]

    def check(self, server: Any, tags: Any) -> Any:
        self.calls.append(server["id"])
        return {"ok": True}


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
def servers_text() -> str:
    """A workflow that lists servers, and checks each of them, three at a time."""
    return SERVERS


@pytest.fixture
def stepper(fleet: Fleet) -> Callable[..., at.Stepper]:
    """Makes a stepper of the workflow above, under a strategy."""

    def made(strategy: str = "shared", **options: Any) -> at.Stepper:
        return at.step(SERVERS, actions=fleet.actions, strategy=strategy, **options)

    return made
