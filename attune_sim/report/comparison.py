"""The summary of a comparison, and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, cast

import pandas as pd

from attune_sim.analysis.comparison import SummaryRow, summary_rows
from attune_sim.analysis.figures import times
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.analysis.surroundings import names_of
from attune_sim.analysis.verdicts import alarm_lines
from attune_sim.metrics import HEADLINES, format_bytes, format_count
from attune_sim.plot import plot_fork_memory, plot_fork_time, plot_memory, plot_time_split
from attune_sim.report.asked import asked_lines
from attune_sim.report.everything import every_metric
from attune_sim.report.pictures import drawn
from attune_sim.report.summary import Picture, Summary, Table, differing, surroundings_lines
from attune_sim.report.verdicts import verdict_table

RATIOS: Final = ("fork_us", "fork_bytes")
"""Metrics with a column of ratios: what the lead and a choice hang on. The verdict has words for all that are judged."""

ALARMS: Final = "How often such a verdict is a false alarm"
"""The heading of a remark."""

AXES: Final = ("dispatch", "executor", "concurrency", "items", "context_bytes", "payload")
"""What may be varied beside the strategy: named in the rows where it is, in the lead where it is not."""


def comparison_summary(
    cells: pd.DataFrame,
    metrics: pd.DataFrame,
    samples: pd.DataFrame,
    scenarios: Container[str] = (),
    isolates: Mapping[str, str] = MappingProxyType({}),
    noise: NoiseFloor | None = None,
) -> Summary:
    """From the three frames of a comparison, and what is known of the noise of the machine.

    `scenarios` are the workloads whose actions are replayed unless the real thing is asked for; the lead says which of
    it was done. A user's own actions are whatever was given. `isolates` says in words what each strategy keeps apart.
    """
    rows = summary_rows(metrics, cells, samples)
    varied = [name for name in AXES if cells[name].nunique() > 1]
    places = names_of(_attrs(cells), (row.case.where for row in rows))
    names = [_named(row, varied, places[row.case.where]) for row in rows]
    workload = ", ".join(dict.fromkeys(cells["workload"]))
    return Summary(
        title=f"{workload}: context strategies compared",
        lead=_lead(cells, rows, scenarios),
        tables=(
            _headlines(rows, names, isolates),
            *verdict_table(rows, names, noise),
            *_laws(rows, names),
            *every_metric(rows, names),
        ),
        remarks=tuple(remark for remark in _remarks(cells, rows, names, noise) if remark[1]),
        surroundings=(*asked_lines(cells, scenarios), *surroundings_lines(_attrs(cells))),
    )


def comparison_pictures(metrics: pd.DataFrame, samples: pd.DataFrame) -> tuple[Picture, ...]:
    """Memory over the items, fork memory, fork time, and the time of an item, each from its frame."""
    beside, rows = "strategy beside strategy", list(dict.fromkeys(metrics["strategy"]))
    return (
        drawn(
            "memory", "Live heap over the items forked, a line a strategy", plot_memory, samples, rows=rows
        ),
        drawn("fork-memory", f"Live heap of one more fork, {beside}", plot_fork_memory, metrics, rows=rows),
        drawn("fork-time", f"Time of one fork, {beside}", plot_fork_time, metrics, rows=rows),
        drawn(
            "time-split", "The time of one item, split into its parts", plot_time_split, metrics, rows=rows
        ),
    )


def _lead(cells: pd.DataFrame, rows: Sequence[SummaryRow], scenarios: Container[str]) -> str:
    """The finding in two sentences.

    Names what was measured, then the strategy whose fork keeps the least memory alive, beside the reference.
    """
    first = cells.iloc[0]
    counted = f"{_span(_item_counts(cells), format_count)} items"
    actions = ", the real thing" if first["real"] else ", replayed actions"
    done_by = actions if first["workload"] in scenarios else ""
    dispatch = " and ".join(dict.fromkeys(cells["dispatch"]))
    what = f"{counted}{_over_context(cells)}, {dispatch} dispatch{done_by}."
    known = [row for row in rows if "fork_bytes" in row.figures and row.ending.holds("fork_bytes")]
    if not known:
        return what
    best = min(known, key=lambda row: row.figures["fork_bytes"].median)
    price = f"One more fork of {best.case.strategy} keeps {best.figures['fork_bytes'].text} alive"
    ratio = best.ratio("fork_bytes")
    if ratio is None or best.is_reference or best.ratio_doubted("fork_bytes"):
        return f"{what} {price}."
    return f"{what} {price}, {times(ratio)} times less than {best.reference}."


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


def _headlines(rows: Sequence[SummaryRow], names: list[str], isolates: Mapping[str, str]) -> Table:
    shown = [name for name in HEADLINES if any(name in row.figures for row in rows)]
    figures = [header for name in shown for header in ((name, "× better") if name in RATIOS else (name,))]
    kept = [isolates.get(row.case.strategy, "–") for row in rows]
    kept_apart = ("isolates",) if any(name != "–" for name in kept) else ()
    cells = [
        (name, *((words,) if kept_apart else ()), _ending(row), *_figures(row, shown), str(row.repeats))
        for name, words, row in zip(names, kept, rows, strict=True)
    ]
    return Table(
        caption=f"What a strategy costs an item: fork_us is the price of a fork made alone and warm, paid_fork_us what the run "
        f"paid for one; × better than {rows[0].reference}; medians over the repeats{_legend(cells)}",
        headers=("strategy", *kept_apart, "outcome", *figures, "repeats"),
        rows=tuple(cells),
        failed=frozenset(place for place, row in enumerate(rows) if not row.ending.well),
        texts=frozenset(range(2 + len(kept_apart))),
    )


def _legend(cells: Sequence[tuple[str, ...]]) -> str:
    """What the signs before figures mean, as far as there are any."""
    signs = {
        "~": "a figure in doubt",
        "≥": "a total of a run that was cut short, which is at least that",
    }
    found = {text[:1] for row in cells for text in row}
    return "".join(f"; {sign} stands before {what}" for sign, what in signs.items() if sign in found)


def _figures(row: SummaryRow, shown: list[str]) -> Iterator[str]:
    for name in shown:
        yield row.shown(name)
        if name in RATIOS:
            ratio = row.ratio(name)
            doubt = "~" if row.ratio_doubted(name) else ""
            yield "1" if row.is_reference else "–" if ratio is None else f"{doubt}{times(ratio)}"


def _laws(rows: Sequence[SummaryRow], names: list[str]) -> Iterator[Table]:
    if known := [(name, row.law) for name, row in zip(names, rows, strict=True) if row.law is not None]:
        yield Table(
            caption="How the live heap grows with the items (a straight line through the samples)",
            headers=("strategy", "bytes an item", "share explained by the line (r²)"),
            rows=tuple(
                (name, f"{'' if law.linear else '~'}{format_bytes(law.slope)}", f"{law.r2:.3f}")
                for name, law in known
            ),
        )


def _remarks(
    cells: pd.DataFrame, rows: Sequence[SummaryRow], names: list[str], noise: NoiseFloor | None
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Headings and their lines, of which there may be none."""
    named = list(zip(names, rows, strict=True))
    yield "Warnings", tuple(_attrs(cells).get("warnings", ()))
    yield f"Verdict, beside {rows[0].reference}", tuple(f"{name}: {row.verdict}" for name, row in named)
    yield ALARMS, tuple(alarm_lines(rows, noise))
    doubts = [f"{name}: {'; '.join(map(str, row.doubts))}" for name, row in named if row.doubts]
    yield "When not to believe it", (*doubts, *differing(_attrs(cells), {row.case.where for row in rows}))
    failed = (
        f"{name}: {row.ending.items_failed:,} failed, {row.ending.items_timed_out:,} timed out"
        for name, row in named
        if row.ending.lost
    )
    yield "Items that did not succeed", tuple(failed)
    outcome = cells["outcome"]
    yield "Runs that failed", _reasons(cells[cells["run_status"].eq("failed") & outcome.eq("ok")])
    yield "Why cells ended early", _reasons(cells[~outcome.isin(["ok", "skipped"])])
    yield "Cells that were left out", _reasons(cells[outcome.eq("skipped")])
    yield "Sizes that were assumed", tuple(dict.fromkeys(text for text in cells["assumed"] if text))


def _reasons(cells: pd.DataFrame) -> tuple[str, ...]:
    """The first reason of each strategy: those of its other repeats differ in a few bytes at most."""
    known = cells[cells["error"].notna()].drop_duplicates(["strategy", *AXES])
    return tuple(dict.fromkeys(f"{row.strategy}: {row.error}" for row in known.itertuples()))


def _ending(row: SummaryRow) -> str:
    ending = row.ending
    if ending.outcome != "ok":
        return f"✗ {ending.outcome.replace('_', ' ')} at {ending.reached}"
    return "ok" if ending.well else f"✗ {ending.story}"


def _named(row: SummaryRow, varied: list[str], place: str) -> str:
    """Its strategy, and what else tells it from other rows; `place` are surroundings that not all rows share."""
    case = row.case
    words = {
        **case._asdict(),
        "context_bytes": format_bytes(case.context_bytes),
        "items": "? items" if case.items is None else f"{case.items:,}",
        "concurrency": "concurrency "
        + ("of the workflow" if case.concurrency is None else f"{case.concurrency:,}"),
    }
    extra = ", ".join((*(words[name] for name in varied), *([place] if place else ())))
    return f"{case.strategy} ({extra})" if extra else case.strategy


def _attrs(frame: pd.DataFrame) -> dict[str, Any]:
    return cast("dict[str, Any]", frame.attrs)


def _span(column: pd.Series, show: Callable[[float], str]) -> str:
    low, high = show(column.min()), show(column.max())
    return low if low == high else f"{low} to {high}"
