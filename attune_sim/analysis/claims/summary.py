"""What the lines of a claim come to: one row a claim, in texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.claims.claim import DEPENDS, UNKNOWN
from attune_sim.analysis.claims.words import amount, three

SUMMARY_COLUMNS: Final = (
    *("claim", "words", "claimed", "measured", "ratio", "verdict", "why", "near", "origin"),
)
"""One row a claim, in texts: what was claimed and measured, before against after; `ratio` is from the smallest to the largest."""


def summarised(frame: pd.DataFrame, notes: Mapping[str, str]) -> pd.DataFrame:
    """One row a claim (`SUMMARY_COLUMNS`), from a frame of `CLAIM_COLUMNS`."""
    rows = [_told(part, notes.get(str(claim), "")) for claim, part in frame.groupby("claim", sort=False)]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def _told(rows: pd.DataFrame, note: str) -> dict[str, Any]:
    first, ratios = rows.iloc[0], rows["ratio"].dropna()
    return {
        **{name: first[name] for name in ("claim", "words", "origin")},
        "claimed": _by_side(rows, _claimed),
        "measured": _by_side(rows, _span),
        "ratio": "–" if ratios.empty else _between(three(ratios.min()), three(ratios.max())),
        "verdict": overall(rows["verdict"]),
        "why": _why(rows, note),
        "near": bool(rows["near"].any()),
    }


def overall(verdicts: Iterable[str]) -> str:
    """What verdicts of lines and shapes come to: what they agree on. What was not measured says nothing.

    >>> overall(["confirmed", "confirmed"]), overall(["confirmed", "exceeded"]), overall(["refuted", "not measured"])
    ('confirmed', 'depends', 'refuted')
    """
    known = set(verdicts) - {UNKNOWN}
    return UNKNOWN if not known else known.pop() if len(known) == 1 else DEPENDS


def _by_side(rows: pd.DataFrame, said: Callable[[pd.DataFrame], str]) -> str:
    """Before against after; what is about both is one text."""
    parts = (said(rows[rows["side"] == side]) for side in dict.fromkeys(rows["side"]))
    return " against ".join(parts)


def _claimed(rows: pd.DataFrame) -> str:
    ends = rows[["claimed", "claimed_upto", "unit"]].itertuples(index=False, name=None)
    return ", ".join(dict.fromkeys(_range(*end) for end in ends))


def _range(low: float, high: float, unit: str) -> str:
    if high == inf:
        return f"{amount(low, unit)} or more"
    return amount(low, unit) if low == high else f"{three(low)} to {amount(high, unit)}"


def _span(rows: pd.DataFrame) -> str:
    known = rows.dropna(subset=["measured"]).sort_values("measured").to_dict("records")
    if not known:
        return "–"
    return _between(
        *(f"{'≥ ' * row['at_least']}{amount(row['measured'], row['unit'])}" for row in (known[0], known[-1]))
    )


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _why(rows: pd.DataFrame, note: str) -> str:
    """One line: what each reading came to, then what explains it; where all agree, only that."""
    agreed = overall(rows["verdict"])
    lines = [*_readings(rows)] if agreed == DEPENDS or rows["near"].any() else [*_agreed(rows, agreed)]
    return "; ".join(lines) + (f". {note}" if note else "")


def _agreed(rows: pd.DataFrame, agreed: str) -> Iterator[str]:
    readings = list(dict.fromkeys(rows["reading"]))
    yield (
        f"{agreed} in every shape and reading: {', '.join(readings)}"
        if agreed != UNKNOWN
        else "it was not measured"
    )


def _readings(rows: pd.DataFrame) -> Iterator[str]:
    both = rows["side"].nunique() > 1
    for (side, reading), part in rows.groupby(["side", "reading"], sort=False):
        yield f"{f'{side}, ' if both else ''}{reading}: {_of_shapes(part)}"


def _of_shapes(rows: pd.DataFrame) -> str:
    """`confirmed`, or what each shape says where they do not agree, and where repeats do not."""
    near = " (near the edge)" if rows["near"].any() else ""
    if rows["verdict"].nunique() == 1:
        return f"{rows['verdict'].iloc[0]}{near}"
    shapes: dict[str, list[str]] = {}
    for row in rows.itertuples():
        shapes.setdefault(str(row.verdict), []).append(str(row.payload))
    return ", ".join(f"{verdict} for {' and '.join(names)}" for verdict, names in shapes.items()) + near
