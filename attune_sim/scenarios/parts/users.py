"""A file of users, JSON lines: so many who may be written to, and some more who may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from attune_sim.files import replaced
from attune_sim.scenarios.draw import Shares, pick

KINDS: Final[Shares] = (("eligible", 0.9), ("inactive", 0.04), ("unsubscribed", 0.05), ("no_email", 0.01))
_FIRST = ("Ada", "Björn", "Chloé", "Dmitri", "Emeka", "Fatima", "Grace", "Hiroshi", "Inés", "Jürgen")
_LAST = ("Almeida", "Berg", "Castro", "Dubois", "Eriksen", "Fischer", "Gupta", "Haddad", "Ito", "Jensen")


def made_users(eligible: int, seed: int) -> Iterator[dict[str, Any]]:
    """Users until `eligible` of them are active, subscribed and have an address; about a ninth more are not."""
    number = reachable = 0
    while reachable < eligible:
        kind = pick(KINDS, "user", seed, number)
        reachable += kind == "eligible"
        yield _user(number, kind)
        number += 1


def _user(number: int, kind: str) -> dict[str, Any]:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number // len(_FIRST) % len(_LAST)]
    return {
        "id": f"user-{number:06d}",
        "name": f"{first} {last}",
        "email": "" if kind == "no_email" else f"user{number:06d}@example.org",
        "active": kind != "inactive",
        "subscribed": kind != "unsubscribed",
        "plan": ("free", "team", "enterprise")[number % 3],
        "logins": number * 7 % 1000,
        "score": round(number * 0.37 % 100, 2),
    }


def write_users(path: Path, eligible: int, seed: int) -> Path:
    """The file, written anew."""
    with replaced(path) as file:
        for user in made_users(eligible, seed):
            file.write(json.dumps(user, ensure_ascii=False) + "\n")
    return path
