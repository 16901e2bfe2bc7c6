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
from attune_sim.scenarios.parts.mail_sink import MailSink
from attune_sim.scenarios.parts.users import made_users, write_users
from attune_sim.scenarios.scenario import (
    Ballast,
    adopt_size,
    ballast_variables,
    history_of,
    positive,
    workflow_named,
)
from attune_sim.scenarios.workload import History, Workload


def notifications(
    messages: int = 5000,
    *,
    payload: str = "records",
    history: History | Mapping[str, Any] | int | None = None,
    variables_bytes: int = 0,
    concurrency: int | None = None,
    seed: int = 0,
) -> Workload:
    """Bulk mail: fetch, filter, prepare, then send each message.

    In a real run the mails go to an SMTP server on loopback, a process of its own, which refuses some recipients
    (`parts.mail_sink` says how many), and the users come from a file; in a replay every mail is accepted.
    """
    workload = Workload(
        name="notifications",
        workflow=workflow_named("notifications", concurrency),
        items=positive("messages", messages),
        seed=seed,
        history=history_of(history, payload),
        make_parameters=_parameters,
        make_variables=ballast_variables,
        real=notify.pack(),
        parts=_parts,
        adopt=partial(adopt_size, "messages"),
        options={"ballast": Ballast(variables_bytes, 0, payload)},
        resize=_with_replay,
    )
    return _with_replay(workload)


def _with_replay(workload: Workload) -> Workload:
    users = _Users(workload.items, workload.seed)
    return replace(workload, replay={**notify.pack(), "notify.fetch": users, "notify.send": replayed_send})


def _parameters(workload: Workload) -> dict[str, Any]:
    return {"messages": workload.items}


@contextmanager
def _parts(workload: Workload) -> Iterator[Mapping[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="attune-sim-") as folder, MailSink(workload.seed) as sink:
        users = write_users(Path(folder) / "users.jsonl", workload.items, workload.seed)
        yield {"users": str(users), "smtp_host": sink.host, "smtp_port": sink.port}


class _Users:
    """`notify.fetch` without a file."""

    def __init__(self, eligible: int, seed: int) -> None:
        self.eligible, self.seed = eligible, seed

    def __call__(self, file: str = "") -> dict[str, Any]:
        users = list(made_users(self.eligible, self.seed))
        return {"users": users, "total": len(users)}


def replayed_send(
    message: Mapping[str, Any], host: str = "", port: int = 0, sender: str = "", timeout: float = 0.0
) -> dict[str, Any]:
    """`notify.send` without a server: what an accepted message gives."""
    return {"id": message["id"], "to": message["to"], "accepted": True}
