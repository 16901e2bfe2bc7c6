"""Pack `notify`: from a file of users to mails that a server has accepted."""

from __future__ import annotations

import csv
import io
import itertools
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from attune_sim.actions.http import require_timeout
from attune_sim.actions.mail import Mailer
from attune_sim.errors import ActionError, FileError
from attune_sim.files import opened


def fetch(file: str, limit: int | None = None) -> dict[str, Any]:
    """Users from a file: JSON lines (one map a line), or CSV with a header if its name ends in `.csv`.

    Returns `{users: [{...}], total}`; a CSV's values stay text.

    Raises:
        ActionError: no such file, or a line that is not a map; names the line.
    """
    path = Path(file)
    try:
        with io.TextIOWrapper(opened(path), encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines) if path.suffix == ".csv" else _maps(path, lines)
            users = [dict(row) for row in itertools.islice(rows, limit)]
    except FileError as error:
        raise ActionError(f"{path}: the users {error.reason}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ActionError(f"{path}: the users cannot be read: {error}") from None
    return {"users": users, "total": len(users)}


def _maps(path: Path, lines: Iterator[str] | Any) -> Iterator[dict[str, Any]]:
    import orjson

    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            user = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ActionError(f"{path}: line {number} is not JSON: {error}") from None
        if not isinstance(user, dict):
            raise ActionError(f"{path}: line {number} is a {type(user).__name__}, not a map of one user")
        yield user


def filter(users: Sequence[Mapping[str, Any]], limit: int | None = None) -> dict[str, Any]:
    """The users who are `active`, `subscribed` and have an `email`; at most `limit`.

    Returns `{users: [...], total, left_out: {inactive, unsubscribed, no_email}}`, each left out for its first reason.
    """
    kept: list[Mapping[str, Any]] = []
    left_out = {"inactive": 0, "unsubscribed": 0, "no_email": 0}
    for user in users:
        if reason := _ineligible(user):
            left_out[reason] += 1
        else:
            kept.append(user)
    return {"users": kept[:limit], "total": len(kept[:limit]), "left_out": left_out}


def _ineligible(user: Mapping[str, Any]) -> str | None:
    if not _true(user.get("active", True)):
        return "inactive"
    if not _true(user.get("subscribed", True)):
        return "unsubscribed"
    return None if user.get("email") else "no_email"


def _true(value: Any) -> bool:
    return value.strip().lower() in ("true", "1", "yes") if isinstance(value, str) else bool(value)


def prepare(users: Sequence[Mapping[str, Any]], subject: str, text: str) -> dict[str, Any]:
    """One message for each user; `$name` and the user's other keys are filled in, unknown ones stay as they are.

    Returns `{messages: [{id, to, subject, body}], total}`.
    """
    head, body = string.Template(subject), string.Template(text)
    messages = [
        {
            "id": str(user.get("id", number)),
            "to": user["email"],
            "subject": head.safe_substitute(user),
            "body": body.safe_substitute(user),
        }
        for number, user in enumerate(users)
    ]
    return {"messages": messages, "total": len(messages)}


class Sending(Mailer):
    """A mailer with the action `notify.send`."""

    def send(
        self,
        message: Mapping[str, Any],
        host: str = "127.0.0.1",
        port: int = 25,
        sender: str = "attune-sim@example.org",
        timeout: float = 10.0,
    ) -> dict[str, Any]:
        """Hand one message to a mail server. Returns `{id, to, accepted: True}`.

        Raises:
            ActionError: the server refuses sender, recipient or text (with its code and words), or cannot be reached.
            ActionTimeout: no answer within `timeout` seconds.
        """
        require_timeout(timeout)
        mail, to = _mail(message, sender)
        self.hand_over(mail, sender, to, host=host, port=port, timeout=timeout)
        return {"id": message.get("id"), "to": to, "accepted": True}


def _mail(message: Mapping[str, Any], sender: str) -> tuple[bytes, str]:
    if not isinstance(message, Mapping) or not isinstance(message.get("to"), str):
        raise ActionError("a message is a map {id, to, subject, body} whose 'to' is an address")
    to: str = message["to"]
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"], mail["To"], mail["Subject"] = sender, to, message.get("subject", "")
        mail["Message-ID"] = f"<{message.get('id', to)}@attune-sim>"
        mail.set_content(str(message.get("body", "")))
        return mail.as_bytes(), to
    except (ValueError, IndexError, UnicodeError) as error:
        # The library refuses line breaks in headers, and stumbles over some addresses that are none.
        raise ActionError(f"{to!r}: the message cannot be written: {error}") from None


def pack() -> Mapping[str, Callable[..., Any]]:
    """The pack, with connections of its own: `notify.fetch`, `notify.filter`, `notify.prepare`, `notify.send`."""
    actions: tuple[Callable[..., Any], ...] = (fetch, filter, prepare, Sending().send)
    return {f"notify.{action.__name__}": action for action in actions}
