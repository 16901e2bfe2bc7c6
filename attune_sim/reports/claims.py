"""The summaries of claims against measurement, and of the original's benchmarks beside ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.claims import CONFIRMED, REFUTED, UNKNOWN, VERDICTS, amount
from attune_sim.errors import counted
from attune_sim.metrics import format_us
from attune_sim.reports.summary import Number, Summary, Table, surroundings_lines

_SHOWN: Final = ("claim", "claimed", "measured", "ratio", "verdict")


def claims_summary(
    frame: pd.DataFrame, summary: pd.DataFrame, attrs: Mapping[str, Any], warnings: Iterable[str] = ()
) -> Summary:
    """From a frame of `CLAIM_COLUMNS` and one of `SUMMARY_COLUMNS`; `attrs` are those of the frame of cells."""
    told = tuple(
        f"{row.claim}: {row.words} {str(row.why)[:1].upper()}{str(row.why)[1:]}"
        for row in summary.itertuples()
    )
    counts = Counter(summary["verdict"])
    return Summary.plain(
        title="The claims of the design, measured on this machine",
        lead=_lead(summary),
        tables=(_claims(summary), _lines(frame)),
        remarks=[("What was claimed, and why the verdict", told)],
        surroundings=surroundings_lines(attrs),
        number=Number(
            f"{counts[CONFIRMED]} of {len(summary)}", "claims confirmed in every shape and reading"
        ),
        warnings=tuple(warnings),
        kind="Claims",
    )


def _lead(summary: pd.DataFrame) -> str:
    counts = Counter(summary["verdict"])
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    return (
        f"{counted(len(summary), 'claim')}: {told}. Ratios are measured / claimed, from the smallest to the largest of all shapes and "
        "readings; where these do not agree, it depends."
    )


def _claims(summary: pd.DataFrame) -> Table:
    rows = tuple(tuple(str(row[name]) for name in _SHOWN) for row in summary.to_dict("records"))
    places = (place for place, verdict in enumerate(summary["verdict"]) if verdict in (REFUTED, UNKNOWN))
    return Table(
        caption="Claims: a row a claim, before against after",
        headers=_SHOWN,
        rows=rows,
        failed=frozenset(places),
        texts=frozenset({0, 1, 2, 3, 4}),
    )


def _lines(frame: pd.DataFrame) -> Table:
    rows = tuple(_line(row) for row in frame.to_dict("records"))
    return Table(
        caption="Lines: a row a reading and shape (≥: at least that, the run was cut short)",
        headers=(
            "claim",
            "side",
            "reading",
            "shape",
            "claimed",
            "measured",
            "ratio",
            "n",
            "source",
            "verdict",
        ),
        rows=rows,
        failed=frozenset(
            place for place, verdict in enumerate(frame["verdict"]) if verdict in (REFUTED, UNKNOWN)
        ),
        texts=frozenset({0, 1, 2, 3, 8, 9}),
    )


def _line(row: Mapping[Any, Any]) -> tuple[str, ...]:
    unit, known = row["unit"], not pd.isna(row["measured"])
    ends = [amount(row[name], unit) for name in ("claimed", "claimed_upto")]
    near = " (near the edge)" if row["near"] else ""
    return (
        row["claim"],
        row["side"] or "both",
        row["reading"],
        row["payload"],
        ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}",
        f"{'≥ ' if row['at_least'] else ''}{amount(row['measured'], unit)}" if known else "–",
        f"{row['ratio']:.3g}" if known else "–",
        str(row["n"]),
        row["source"] if known else "–",
        f"{row['verdict']}{near}",
    )


def original_summary(
    frame: pd.DataFrame, attrs: Mapping[str, Any], author: str, warnings: Iterable[str] = ()
) -> Summary:
    """The original's benchmark groups: our figures, and beside them what its authors published."""
    keys = ["group", "of", "size"]
    names = list(dict.fromkeys(frame["series"]))
    rows = [
        (f"{group}: {f'{size:,} ' if size else ''}{of}", *(_figure(part, name) for name in names))
        for (group, of, size), part in frame.groupby(keys, sort=False)
    ]
    table = Table(
        caption="Time of one clone, of all clones of a fan-out, of one rendering (~: estimated)",
        headers=("group", *names),
        rows=tuple(rows),
    )
    return Summary.plain(
        title="The benchmark groups of the original",
        lead=(
            "Columns of strategies are from this machine, in Python. The columns named published are theirs: another machine, "
            "another language; their figures of before are their own estimates. What stands beside each other shows the same "
            "growth or not, never which is faster."
        ),
        tables=(table,),
        remarks=[("Published by", (author,))],
        surroundings=surroundings_lines(attrs),
        warnings=tuple(warnings),
        kind="Claims",
    )


def _figure(rows: pd.DataFrame, series: str) -> str:
    known = rows[rows["series"] == series].dropna(subset=["us"])
    if known.empty:
        return "–"
    row = known.iloc[0]
    return f"{'~' if row['source'] == 'estimated' else ''}{format_us(row['us'])}"
