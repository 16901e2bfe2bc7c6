"""What the figures have to show, at 1 MB: below pypyr an item, and a thousandth of Orquesta."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from duel import CONTEXT_MB, RIVAL, Duel
from table import REFERENCE, Row

ORQUESTA: Final = ("orquesta", "unlimited")
MANY: Final = 100  # below that a figure says more about beginning and ending a run than about an item

sys.path.append(str(Path(__file__).resolve().parents[1]))


def check(rows: Sequence[Row], duels: Sequence[Duel]) -> Any:
    """Print the targets and leave, with 1 if one is missed. One without its figures is open."""
    from verdict import Verdict

    verdict = Verdict(f"attune-sim, recording included, C = {CONTEXT_MB:g} MB")
    for duel in duels:
        name = f"N = {duel.items:,}, over {RIVAL[0]}'s time, in turns"
        if duel.items < MANY:
            verdict.figure(f"{name}, with what a run costs once", duel.ratio, "times")
        else:
            verdict.require(name, duel.ratio, "<", 1, "times")
    if not duels:
        verdict.note(f"below {RIVAL[0]}'s", "open: a figure is missing")
    own, rival = seconds(rows, *REFERENCE), seconds(rows, *ORQUESTA)
    if own and rival:
        verdict.require("Orquesta's time as a multiple, N = 100", rival / own, ">=", 1_000, "times")
    else:
        verdict.note("a thousandth of Orquesta's", "open: a figure is missing")
    return verdict.exit()


def seconds(rows: Sequence[Row], peer: str, variant: str) -> float | None:
    """Seconds of that variant's fan-out over 100 items, if it was measured."""
    wanted = {
        "peer": peer,
        "variant": variant,
        "items": 100,
        "context_mb": CONTEXT_MB,
        "outcome": "ok",
    }
    found = (row for row in rows if wanted.items() <= row.items())
    return next((row["seconds"] for row in found), None)
