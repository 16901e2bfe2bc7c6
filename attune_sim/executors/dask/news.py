"""What the home and its line to a cluster tell each other: who is there, what is handed out, what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from attune_sim.executors.dask.ledger import Account


@dataclass(eq=False, slots=True)
class Guest:
    """A worker of the run. `offset` is what is added to a reading of its clock to have one of this process, `counted` what Dask had
    counted of it before the run."""

    address: str
    threads: int
    incarnation: str
    offset: float
    account: Account
    counted: dict[str, int] = field(default_factory=dict)
    has: dict[str, asyncio.Task[bool]] = field(default_factory=dict)
    paused_since: float | None = None


class Came(NamedTuple):
    """News: a worker is ready."""

    guest: Guest


class Went(NamedTuple):
    """News: a worker is gone, with all that it had in hand."""

    guest: Guest


class Done(NamedTuple):
    """News: a batch came back."""

    number: int
    answer: bytes


class Lost(NamedTuple):
    """News: a batch will not come back, though its worker may be there."""

    number: int
    why: str


class Vanished(NamedTuple):
    """News: the cluster is gone."""

    why: str


News = Came | Went | Done | Lost | Vanished


class Order(NamedTuple):
    """A batch for a worker: the offers and pieces that it needs, new secrets, and the packed batch."""

    number: int
    guest: Guest
    needs: Mapping[str, bytes]
    secrets: Mapping[str, Any]
    data: bytes
