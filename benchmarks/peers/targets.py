"""What the figures have to show, at 1 MB: below pypyr an item, and a thousandth of Orquesta."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from table import REFERENCE, Row

PYPYR: Final = ("pypyr", "foreach")

sys.path.append(str(Path(__file__).resolve().parents[1]))


def check(rows: Sequence[Row]) -> Any:
    """Print the targets and leave, with 1 if one is missed. One without its figures is open."""
    from verdict import Verdict

    verdict = Verdict("attune-sim, recording included, C = 1 MB")
    for items in (10, 100):
        own, rival = micros(rows, *REFERENCE, items), micros(rows, *PYPYR, items)
        if own and rival:
            verdict.note(
                f"N = {items}, with what a run costs once", f"{own:.2f} us an item, pypyr {rival:.2f} us"
            )
    own, rival = micros(rows, *REFERENCE, 1_000), micros(rows, *PYPYR, 1_000)
    if own and rival:
        verdict.require("N = 1,000, against pypyr", own, "<", rival, "us an item")
    else:
        verdict.note("below pypyr's", "open: a figure is missing")
    own, rival = micros(rows, *REFERENCE, 100), micros(rows, "orquesta", "unlimited", 100)
    if own and rival:
        verdict.require("Orquesta's time as a multiple, N = 100", rival / own, ">=", 1_000, "times")
    else:
        verdict.note("a thousandth of Orquesta's", "open: a figure is missing")
    return verdict.exit()


def micros(rows: Sequence[Row], peer: str, variant: str, items: int) -> float | None:
    """Microseconds an item of that cell at 1 MB, if it was measured."""
    wanted = {"peer": peer, "variant": variant, "items": items, "context_mb": 1.0, "outcome": "ok"}
    found = (row for row in rows if wanted.items() <= row.items())
    return next((row["seconds"] / items * 1e6 for row in found), None)
