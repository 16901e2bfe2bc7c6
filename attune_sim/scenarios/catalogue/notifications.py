"""Scenario `notifications`: fetch users, keep the eligible ones, prepare a message for each, send them all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from attune_sim.actions import notify
from attune_sim.actions.payload import Shape
from attune_sim.runspec import History
from attune_sim.scenarios.contents import Ballast
from attune_sim.scenarios.parts.mail_sink import MailSink
from attune_sim.scenarios.parts.users import made_users, write_users
from attune_sim.scenarios.scenario import catalogued
from attune_sim.scenarios.workload import Workload


def notifications(
    messages: int = 5000,
    *,
    payload: Shape = "records",
    history: History | Mapping[str, Any] | int | None = None,
    variables_bytes: int = 0,
    concurrency: int | None = None,
    seed: int = 0,
) -> Workload:
    """Bulk mail: fetch, filter, prepare, then send each message.

    In a real run the mails go to an SMTP server on loopback, a process of its own, which refuses some recipients
    (`parts.mail_sink` says how many), and the users come from a file; in a replay every mail is accepted.

    >>> import attune_sim as at
    >>> at.scenarios.notifications(messages=200).items
    200

    Raises:
        InputError: a size that is none.
    """
    ballast = Ballast(variables_bytes, payload=payload)
    workload = catalogued("notifications", "messages", messages, ballast, history, concurrency, seed)
    return replace(workload, real=notify.pack(), parts=_parts, resize=_with_replay).sized()


def _with_replay(workload: Workload) -> Workload:
    users = partial(replayed_users, workload.items, workload.seed)
    return replace(workload, replay={**notify.pack(), "notify.fetch": users, "notify.send": replayed_send})


@contextmanager
def _parts(workload: Workload) -> Iterator[Mapping[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="attune-sim-") as folder, MailSink(workload.seed) as sink:
        users = write_users(Path(folder) / "users.jsonl", workload.items, workload.seed)
        yield {"users": str(users), "smtp_host": sink.host, "smtp_port": sink.port}


def replayed_users(eligible: int, seed: int, file: str = "") -> dict[str, Any]:
    """`notify.fetch` without a file."""
    users = list(made_users(eligible, seed))
    return {"users": users, "total": len(users)}


def replayed_send(
    message: Mapping[str, Any], host: str = "", port: int = 0, sender: str = "", timeout: float = 0.0
) -> dict[str, Any]:
    """`notify.send` without a server: what an accepted message gives."""
    return {"id": message["id"], "to": message["to"], "accepted": True}
