"""The frame of what strategies promise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

ISOLATES: Final = ("all: read-only", "all", "top level", "nothing")
"""How much a strategy keeps apart of what an item is handed, the most first."""

OF_ISOLATION: Final = ("isolated_items", "isolated_nested", "immutable")
"""Promises that `isolates` tells of."""

PROMISE_COLUMNS: Final = ("strategy", "isolates", "gives_up")


def promises_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a strategy: `strategy`, `isolates` (one of `ISOLATES`), a flag for each promise, and `gives_up`: the other promises that it
    does not give and another one of these does, separated by `, `.

    >>> rows = [{"strategy": "a", "isolates": "all", "ordered": True, "travels": False},
    ...         {"strategy": "b", "isolates": "nothing", "ordered": False, "travels": False}]
    >>> promises_frame(rows)["gives_up"].tolist()
    ['', 'ordered']
    """
    known = [dict(row) for row in rows]
    flags = [name for name in (known[0] if known else {}) if name not in PROMISE_COLUMNS]
    given = [name for name in flags if name not in OF_ISOLATION and any(row[name] for row in known)]
    for row in known:
        row["gives_up"] = ", ".join(name for name in given if not row[name])
    return pd.DataFrame(known, columns=["strategy", "isolates", *flags, "gives_up"])
