"""Claims beside figures: one row a line and shape, with its verdict."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.claims.claim import UNKNOWN, Claim, Line
from attune_sim.analysis.claims.readings import Measured, Readings
from attune_sim.analysis.claims.words import amount, three

CLAIM_COLUMNS: Final = (
    *("claim", "words", "side", "payload", "reading", "claimed", "claimed_upto", "unit", "measured"),
    *("low", "high", "n", "ratio", "verdict", "why", "near", "at_least", "source", "origin"),
)
"""One row a line of a claim and shape

    claim, words        text       its name, and what it says
    side                text       `before` or `after` the change; empty where it is about both
    payload             text       the shape, or `any`
    reading             text       what of the claim was measured
    claimed             in `unit`  what was claimed; `claimed_upto` is the other end of a range, infinite where it is open
    unit                text       `bytes`, `us`, `times`, `count` or `share`
    measured            in `unit`  the median over the repeats, missing where it was not measured
    low, high, n                   smallest and largest of the repeats, and how many they are
    ratio               times      measured / claimed; of a range beside the end that is nearer, 1 within it
    verdict, why        text       of this line in this shape
    near                bool       repeats fall on both sides of an edge of the band: the verdict is not to be relied on
    at_least            bool       a run was cut short: what was measured is a lower bound
    source              text       `measured`, or `estimated` where a figure stands for more than was run
    origin              text       who claimed it, and where
"""


ESTIMATED: Final = ("copied_bytes",)
"""Metrics that are reckoned from others."""


def judged(claims: Iterable[Claim], readings: pd.DataFrame) -> pd.DataFrame:
    """One row a line and shape (`CLAIM_COLUMNS`), from a frame of `READING_COLUMNS`."""
    known = Readings(readings)
    rows = [
        _row(claim, line, payload, known.measured(line, payload))
        for claim in claims
        for line in claim.lines
        for payload in claim.shapes
    ]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS)).astype({"n": "int64", "at_least": "bool"})


def _row(claim: Claim, line: Line, payload: str, found: Measured | None) -> dict[str, Any]:
    told = {"claim": claim.id, "words": claim.words, "origin": claim.origin, "payload": payload}
    what = {name: getattr(line, name) for name in ("side", "reading", "claimed", "unit")}
    row = {**told, **what, "claimed_upto": line.upto, "source": _source(line)}
    if found is None:
        return {
            **row,
            "n": 0,
            "at_least": False,
            "near": False,
            "verdict": UNKNOWN,
            "why": "it was not measured",
        }
    verdict = line.verdict(found.value, at_least=found.at_least)
    sides = {line.verdict(end, at_least=found.at_least) for end in (found.low, found.high)}
    ratio = line.ratio(found.value)
    return {
        **row,
        **{name: getattr(found, name) for name in ("low", "high", "n", "at_least")},
        "measured": found.value,
        "ratio": ratio,
        "verdict": verdict,
        "near": bool(sides - {verdict}),
        "why": _why_of_line(line, ratio, at_least=found.at_least),
    }


def _source(line: Line) -> str:
    """A figure that stands for more than was run is an estimate; a factor that both sides have is none."""
    factors = [{one.times for one in part} for part in (line.of, line.over)]
    reckoned = any(one.metric in ESTIMATED for one in (*line.of, *line.over))
    is_whole = factors[0] == {1.0} or factors[0] == factors[1]
    return "measured" if is_whole and not reckoned else "estimated"


def _why_of_line(line: Line, ratio: float, *, at_least: bool) -> str:
    low, high = line.band
    band = (
        f"{amount(low, line.unit)} or more"
        if high == inf
        else f"{amount(low, line.unit)} to {amount(high, line.unit)}"
    )
    least = "at least " if at_least else ""
    return f"{least}{three(ratio)} times what was claimed; {band} confirms it"
