"""The frames of a run on a cluster: its workers, what went to them and came home, and what stayed there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from attune_sim.frame.columns import CREW_COLUMNS, KEPT_COLUMNS, TRANSFER_COLUMNS, typed

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "offer_bytes": ("offers", "attune-sim"),
    "action_bytes": ("actions", "attune-sim"),
    "item_bytes": ("items", "attune-sim"),
    "answer_bytes": ("answers", "attune-sim"),
    "wire_bytes": ("all", "attune-sim"),
    "dask_sent_bytes": ("stream of the scheduler", "dask"),
    "dask_incoming_bytes": ("data received", "dask"),
    "dask_outgoing_bytes": ("data sent", "dask"),
    "dask_wire_bytes": ("stream and data", "dask"),
}
"""What an account holds -> the kind of bytes, and who counted them."""


def crew_frame(accounts: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a worker, in the order in which they came (`CREW_COLUMNS`).

    `grown_bytes` and `dask_wire_bytes` are missing where Dask did not tell them, `bytes_a_second` where no offer was brought.
    """
    rows = [
        {"worker": number, "address": account["worker"], **_own(account)}
        for number, account in enumerate(accounts)
    ]
    return typed(pd.DataFrame(rows, columns=list(CREW_COLUMNS)))


def transfers_frame(accounts: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a worker and kind of bytes (`TRANSFER_COLUMNS`), what nobody counted left out.

    `bytes_an_item` is missing where the worker brought no item to its end. `counted_by` is `attune-sim` for what was
    counted where it was pickled, and `dask` for Dask's own counters, which hold other things too.
    """
    rows = [
        {
            "worker": number,
            "address": account["worker"],
            "kind": kind,
            "counted_by": by,
            "items": account["items"],
            "bytes": account[name],
            "bytes_an_item": account[name] / account["items"] if account["items"] else None,
        }
        for number, account in enumerate(accounts)
        for name, (kind, by) in _KINDS.items()
        if account[name] is not None
    ]
    return typed(pd.DataFrame(rows, columns=list(TRANSFER_COLUMNS)))


def kept_frame(files: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a file of kept results (`KEPT_COLUMNS`)."""
    return typed(pd.DataFrame(list(files), columns=list(KEPT_COLUMNS)))


def _own(account: Mapping[str, Any]) -> dict[str, Any]:
    took_s = account["offer_s"]
    known = {**account, "bytes_a_second": account["offer_bytes"] / took_s if took_s else None}
    return {name: known[name] for name in CREW_COLUMNS if name not in ("worker", "address")}
