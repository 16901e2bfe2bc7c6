"""The summary of a comparison, and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeGuard, cast

import pandas as pd

from attune_sim.analysis.comparison import JUDGED, of_items, summarise, times
from attune_sim.metrics import HEADLINES, METRICS, format_bytes
from attune_sim.plot import plot_fork_memory, plot_fork_time, plot_memory, plot_time_split
from attune_sim.report.pictures import drawn
from attune_sim.report.summary import Picture, Summary, Table, differing, surroundings_lines
from attune_sim.scenarios.registry import scenarios

AXES: Final = ("dispatch", "executor", "items", "context_bytes", "payload")
"""What may be varied beside the strategy: named in the rows where it is, in the lead where it is not."""


def comparison_summary(cells: pd.DataFrame, metrics: pd.DataFrame, samples: pd.DataFrame) -> Summary:
    """From the three frames of a comparison."""
    rows = cast("list[dict[str, Any]]", summarise(metrics, cells, samples).to_dict("records"))
    varied = [name for name in AXES if cells[name].nunique() > 1]
    names = [_named(row, varied) for row in rows]
    workload = ", ".join(dict.fromkeys(cells["workload"]))
    return Summary(
        title=f"{workload}: context strategies compared",
        lead=lead(cells, rows),
        tables=(_headlines(rows, names), *_laws(rows, names), *_everything(rows, names, metrics)),
        remarks=tuple(_remarks(cells, rows, names)),
        surroundings=surroundings_lines(_attrs(cells)),
    )


def comparison_pictures(metrics: pd.DataFrame, samples: pd.DataFrame) -> tuple[Picture, ...]:
    """Memory over the items, fork memory, fork time, and the time of an item, each from its frame."""
    return (
        drawn("memory", "Live heap over the items forked, a line a strategy", plot_memory, samples),
        drawn(
            "fork-memory", "Live heap of one more fork, strategy beside strategy", plot_fork_memory, metrics
        ),
        drawn("fork-time", "Time of one fork, strategy beside strategy", plot_fork_time, metrics),
        drawn("time-split", "The time of one item, split into its parts", plot_time_split, metrics),
    )


def lead(cells: pd.DataFrame, rows: list[dict[str, Any]]) -> str:
    """The finding in two sentences.

    Names what was measured, then the strategy whose fork keeps the least memory alive, beside the reference.
    """
    first = cells.iloc[0]
    counted = f"{_span(_item_counts(cells), '{:,}')} items"
    what = f"{counted}{_over_context(cells)}, {first['dispatch']} dispatch{_done_by(first)}."
    known = [row for row in rows if _is(row.get("fork_bytes"))]
    if not known:
        return what
    best = min(known, key=lambda row: float(row["fork_bytes"]))
    price = f"One more fork of {best['strategy']} keeps {format_bytes(best['fork_bytes'])} alive"
    if not _is(best.get("fork_bytes_ratio")) or best["strategy"] == best["reference"]:
        return f"{what} {price}."
    return f"{what} {price}, {times(best['fork_bytes_ratio'])} times less than {best['reference']}."


def _done_by(cell: pd.Series) -> str:
    """How the actions of a scenario were done; a user's own are whatever was given."""
    if cell["workload"] not in scenarios:
        return ""
    return ", the real thing" if cell["real"] else ", replayed actions"


def _over_context(cells: pd.DataFrame) -> str:
    """What the fan-out was handed; nothing where no cell got so far as to know it."""
    known = cells["fan_out_context_bytes"].dropna()
    if known.empty:
        return ""
    shapes = ", ".join(dict.fromkeys(cells["payload"]))
    return f" over {_span(known, format_bytes)} of context (bytes of JSON, {shapes})"


def _item_counts(cells: pd.DataFrame) -> pd.Series:
    """The size of each cell's fan-out; where no cell knows it, the most that any of them got to."""
    known = cells["items"].dropna()
    return pd.Series([cells[["items_done", "forks"]].max(axis=None)]) if known.empty else known


def _headlines(rows: list[dict[str, Any]], names: list[str]) -> Table:
    shown = [name for name in HEADLINES if any(_is(row.get(name)) for row in rows)]
    headers: list[str] = ["strategy", "outcome"]
    for name in shown:
        headers.append(name)
        if name in JUDGED:
            headers.append("× better")
    doubted = any(doubted_metrics(row) & set(shown) for row in rows)
    return Table(
        caption=f"What a strategy costs: fork_us and fork_bytes an item, × better than {rows[0]['reference']}; medians over "
        f"the repeats{'; ~ stands before a figure in doubt' if doubted else ''}",
        headers=(*headers, "repeats"),
        rows=tuple(
            (name, _ending(row), *_figures(row, shown), str(row["repeats"]))
            for name, row in zip(names, rows, strict=True)
        ),
        failed=frozenset(place for place, row in enumerate(rows) if row["outcome"] != "ok"),
        texts=frozenset({0, 1}),
    )


def _figures(row: dict[str, Any], shown: list[str]) -> Iterator[str]:
    for name in shown:
        yield f"{'~' if name in doubted_metrics(row) else ''}{_shown(name, row.get(name))}"
        if name in JUDGED:
            ratio = row.get(f"{name}_ratio")
            yield "1" if row["strategy"] == row["reference"] else times(ratio) if _is(ratio) else "–"


def _laws(rows: list[dict[str, Any]], names: list[str]) -> Iterator[Table]:
    known = [(name, row) for name, row in zip(names, rows, strict=True) if _is(row.get("bytes_per_item"))]
    if known:
        yield Table(
            caption="How the live heap grows with the items (a straight line through the samples)",
            headers=("strategy", "bytes an item", "share explained by the line (r²)"),
            rows=tuple(
                (name, format_bytes(row["bytes_per_item"]), f"{row['r2']:.3f}") for name, row in known
            ),
        )


def _everything(rows: list[dict[str, Any]], names: list[str], metrics: pd.DataFrame) -> Iterator[Table]:
    present = set(metrics["metric"])
    wanted = [name for name in METRICS if name in present]
    if wanted:
        yield Table(
            caption="Every metric (medians over the repeats; – where it was not measured)",
            headers=("metric", *names, "meaning"),
            rows=tuple(
                (name, *(_shown(name, row.get(name)) for row in rows), METRICS[name].title) for name in wanted
            ),
            texts=frozenset({0, len(names) + 1}),
        )


def _remarks(
    cells: pd.DataFrame, rows: list[dict[str, Any]], names: list[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if warnings := _attrs(cells).get("warnings"):
        yield "Warnings", tuple(warnings)
    verdicts = tuple(f"{name}: {row['verdict']}" for name, row in zip(names, rows, strict=True))
    yield f"Verdict, beside {rows[0]['reference']}", verdicts
    doubts = [f"{name}: {row['doubts']}" for name, row in zip(names, rows, strict=True) if row["doubts"]]
    doubts += differing(_attrs(cells))
    if doubts:
        yield "When not to believe it", tuple(doubts)
    failed = [
        f"{name}: {row['items_failed']:,} failed, {row['items_timed_out']:,} timed out"
        for name, row in zip(names, rows, strict=True)
        if row["items_failed"] or row["items_timed_out"]
    ]
    if failed:
        yield "Items that did not succeed", tuple(failed)
    if reasons := _reasons(cells[cells["run_status"].eq("failed") & cells["outcome"].eq("ok")]):
        yield "Runs that failed", reasons
    if reasons := _reasons(cells[~cells["outcome"].isin(["ok", "skipped"])]):
        yield "Why cells ended early", reasons
    if reasons := _reasons(cells[cells["outcome"] == "skipped"]):
        yield "Cells that were left out", reasons
    if assumed := tuple(dict.fromkeys(text for text in cells["assumed"] if text)):
        yield "Sizes that were assumed", assumed


def _reasons(cells: pd.DataFrame) -> tuple[str, ...]:
    """The first reason of each strategy: those of its other repeats differ in a few bytes at most."""
    known = cells[cells["error"].notna()].drop_duplicates(["strategy", *AXES])
    return tuple(dict.fromkeys(f"{row.strategy}: {row.error}" for row in known.itertuples()))


def _ending(row: dict[str, Any]) -> str:
    if row["outcome"] == "ok":
        return "ok"
    reached = max(row["items_done"], row["forks"])
    return f"✗ {row['outcome'].replace('_', ' ')} at {reached:,}{of_items(row['items'])}"


def _named(row: dict[str, Any], varied: list[str]) -> str:
    extra = [
        format_bytes(row[name])
        if name == "context_bytes"
        else ("? items" if pd.isna(row[name]) else f"{row[name]:,}")
        if name == "items"
        else row[name]
        for name in varied
    ]
    return f"{row['strategy']} ({', '.join(map(str, extra))})" if extra else str(row["strategy"])


def doubted_metrics(row: dict[str, Any]) -> set[str]:
    """The metrics that the row's `doubts` name."""
    return {reason.partition(":")[0] for reason in row["doubts"].split("; ")}


def _shown(name: str, value: Any) -> str:
    return METRICS[name].format(float(value)) if _is(value) else "–"


def _attrs(frame: pd.DataFrame) -> dict[str, Any]:
    return cast("dict[str, Any]", frame.attrs)


def _is(value: Any) -> TypeGuard[float]:
    """Neither None nor NaN."""
    return value is not None and value == value


def _span(column: pd.Series, show: Any) -> str:
    text: Callable[[Any], str] = show.format if isinstance(show, str) else show
    low, high = text(column.min()), text(column.max())
    return low if low == high else f"{low} to {high}"
