"""Every verdict of a comparison with what it rests on: ratio, interval, pairs, and how often the rule errs on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.comparison import SummaryRow
from attune_sim.analysis.figures import CASE, JUDGED
from attune_sim.analysis.noise import FalseAlarms, NoiseFloor
from attune_sim.errors import counted

VERDICT_COLUMNS: Final = (
    *CASE,
    *("metric", "reference", "verdict", "ratio", "low", "high", "n"),
    *("false_alarm_rate", "alarms", "comparisons", "words"),
)

NOT_MEASURED: Final = "not measured here: at.noise(), or attune-sim compare ... --noise, takes about a minute"


def verdicts(rows: Sequence[SummaryRow], noise: NoiseFloor | None = None) -> pd.DataFrame:
    """One row a case and judged metric; the reference has none.

    Columns: `CASE`, then

        metric, reference       what was judged, beside which strategy
        verdict                 `changed`, `not changed` or `cannot tell`
        ratio                   median of reference / this over the pairs, above 1 where this one is better; missing where there is none
        low, high               its interval; of fewer than six pairs their range
        n                       pairs
        false_alarm_rate, alarms, comparisons
                                how often the rule calls the same thing `changed`, over so many pairs, as measured on this machine;
                                missing where nobody measured it (`at.noise()`)
        words                   the verdict as the summary words it
    """
    told = [_row(row, metric, noise) for row in rows if not row.is_reference for metric in JUDGED]
    return pd.DataFrame(told, columns=list(VERDICT_COLUMNS)).astype(
        {"items": "Int64", "n": "int64", "alarms": "Int64", "comparisons": "Int64"}
    )


def alarms_of(row: SummaryRow, metric: str, noise: NoiseFloor | None) -> FalseAlarms | None:
    """How often the rule of this verdict errs; None where that was not measured, or nothing was set beside anything."""
    found = row.change(metric)
    if noise is None or found is None:
        return None
    looks = max(row.base[metric].looks, row.figures[metric].looks, key=len)
    return noise.false_alarms(metric, found.n, looks=looks, workload=row.case.workload)


def alarm_lines(rows: Sequence[SummaryRow], noise: NoiseFloor | None) -> Iterator[str]:
    """How often such verdicts are false alarms, in words: a line a number of pairs."""
    seen: dict[str, dict[str, None]] = {}
    for row in (row for row in rows if not row.is_reference):
        for metric in JUDGED:
            if found := alarms_of(row, metric, noise):
                basis = (
                    f"{counted(found.n, 'pair')}, as {found.workload} came out here ({found.rounds} rounds)"
                )
                seen.setdefault(basis, {})[f"{metric} {found}"] = None
    yield from (f"{', '.join(told)} (over {basis})" for basis, told in seen.items())
    if not seen and any(not row.is_reference for row in rows):
        yield NOT_MEASURED


def is_open(row: SummaryRow, metric: str) -> bool:
    """Whether more repeats may turn `cannot tell` into a verdict: both sides have figures, and neither was cut short."""
    sides = row.base.get(metric), row.figures.get(metric)
    if row.is_reference or row.change(metric) is None or any(side is None or side.least for side in sides):
        return False
    return row.ending.well and row.word(metric) == "cannot tell"


def _row(row: SummaryRow, metric: str, noise: NoiseFloor | None) -> dict[str, Any]:
    found, alarms = row.change(metric), alarms_of(row, metric, noise)
    return {
        **row.case._asdict(),
        "metric": metric,
        "reference": row.reference,
        "verdict": row.word(metric),
        "ratio": row.ratio(metric),
        "n": found.n if found else 0,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "false_alarm_rate": alarms.rate if alarms else None,
        "alarms": alarms and alarms.alarms,
        "comparisons": alarms and alarms.comparisons,
        "words": row.verdict_on(metric) if row.can_be_judged else row.verdict,
    }
