"""Each cost at each size: a row a size, a column a strategy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from attune_sim.metrics import METRICS, format_bytes
from attune_sim.reports.rows import AXES
from attune_sim.reports.summary import Table


def grids(rows: pd.DataFrame, metrics: Iterable[str]) -> Iterator[Table]:
    """A table for each of these metrics that the rows (`sizes_summary`) have; what was foretold has a sign."""
    varied = [name for name in AXES if rows[name].nunique(dropna=False) > 1] or ["items", "context_bytes"]
    places = [tuple(row[name] for name in varied) for row in rows.to_dict("records")]
    sizes, names = sorted(set(places), key=_order), list(dict.fromkeys(rows["strategy"]))
    for metric in dict.fromkeys(metrics):
        if metric not in rows or not rows[metric].notna().any():
            continue
        shown = {
            (place, row["strategy"]): _shown(row, metric)
            for place, row in zip(places, rows.to_dict("records"), strict=True)
        }
        yield Table(
            caption=f"{metric}, {METRICS[metric].title}, at each size{_legend(shown.values())}",
            headers=("size", *names),
            rows=tuple(
                (
                    size_text(dict(zip(varied, size, strict=True))),
                    *(shown.get((size, name), "–") for name in names),
                )
                for size in sizes
            ),
            name=metric,
        )


def size_text(values: Mapping[str, Any]) -> str:
    """A size in words.

    >>> size_text({"items": 1000, "context_bytes": 50_000})
    '1,000 items, 50.0 KB'
    """
    words: dict[str, Callable[[Any], str]] = {
        "items": lambda value: "? items" if pd.isna(value) else f"{value:,} items",
        "context_bytes": format_bytes,
        "concurrency": lambda value: "" if pd.isna(value) else f"{value:,} at once",
    }
    return ", ".join(text for name, value in values.items() if (text := str(words.get(name, str)(value))))


def _order(size: tuple[Any, ...]) -> tuple[tuple[str, float], ...]:
    """Numbers by their size, what is missing first."""
    return tuple(
        (one, 0.0) if isinstance(one, str) else ("", 0.0 if pd.isna(one) else float(one)) for one in size
    )


def _shown(row: Mapping[Any, Any], metric: str) -> str:
    value, total = row[metric], METRICS[metric].total
    if pd.isna(value):
        return "✗" if row["outcome"] not in ("ok", "skipped") else "–"
    text = METRICS[metric].format(value)
    if row["source"] == "estimated":
        return f"≈ {text}"
    return f"≥ {text}" if total and row["outcome"] != "ok" else text


def _legend(texts: Iterable[str]) -> str:
    signs = {"≈": "foretold, and left out", "≥": "at least that: the run was cut short", "✗": "ended early"}
    found = {text[:1] for text in texts}
    return "".join(f"; {sign} {what}" for sign, what in signs.items() if sign in found)
