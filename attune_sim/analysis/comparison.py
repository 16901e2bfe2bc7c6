"""What a comparison says: one row a strategy, each figure with the reasons not to believe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.figures import (
    CASE,
    CLOSES,
    JUDGED,
    Case,
    Doubt,
    Figure,
    case_of,
    figures_of,
    ratio,
    reached,
    verdict,
)
from attune_sim.analysis.law import LinearLaw, growing, linear_law
from attune_sim.frame import PROGRESS
from attune_sim.metrics import METRICS

DOUBTED: Final = ("fork_us", "fork_bytes", "live_heap_bytes", "wall_s", "asizeof_bytes", *CLOSES)
"""Metrics whose doubts are those of their row: what people choose by, and what it rests on."""

REFERENCE: Final = "deepcopy"
"""The strategy that gives every promise at the full price; ratios are against it where it took part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """What the cells of one case came to, beside the same case under the reference.

    `outcome` and the counts are those of its worst cell: the one that did not end well, or did the fewest items.
    `law` is the line of the live heap over the items, where there are samples; `base` are the figures of the reference.
    """

    case: Case
    repeats: int
    outcome: str
    items_done: int
    items_failed: int
    items_timed_out: int
    forks: int
    figures: Mapping[str, Figure]
    law: LinearLaw | None
    reference: str
    base: Mapping[str, Figure]

    @property
    def is_reference(self) -> bool:
        return self.case.strategy == self.reference

    @property
    def reached(self) -> str:
        """How far its worst cell came: `673 of 1,000`."""
        return reached(self.items_done, self.forks, self.case.items)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Reasons not to believe the row, or single figures of it."""
        early = f"{self.outcome} at item {self.reached}: per-item figures are over the items it got to"
        figures = (self.figures[name] for name in DOUBTED if name in self.figures)
        of_figures = chain.from_iterable(figure.doubts() for figure in figures)
        return tuple(of_figures) if self.outcome == "ok" else (Doubt(None, early), *of_figures)

    def ratio(self, metric: str) -> float | None:
        """The reference's figure by this one, the median over their pairs: above 1 this one is better."""
        return ratio(self.base.get(metric), self.figures.get(metric))

    @property
    def verdict(self) -> str:
        """The ratios in words, or that the two cannot be told apart."""
        if self.is_reference:
            return "the reference"
        return ", ".join(verdict(name, self.base.get(name), self.figures.get(name)) for name in JUDGED)


def summary_rows(
    metrics: pd.DataFrame, cells: pd.DataFrame, samples: pd.DataFrame | None = None
) -> list[SummaryRow]:
    """One row a case (strategy, and whatever else was varied), in the order of the cells."""
    figures = figures_of(metrics)
    cells = _measured(cells)
    reference = reference_of(cells)
    return [
        _row(case_of(key), part, figures, samples, reference)
        for key, part in cells.groupby(list(CASE), sort=False, dropna=False)
    ]


def summarise(
    metrics: pd.DataFrame, cells: pd.DataFrame, samples: pd.DataFrame | None = None
) -> pd.DataFrame:
    """`summary_rows` as a frame.

    Columns: `CASE`, then

        repeats                   cells of the case
        outcome, items_done, items_failed, items_timed_out, forks
                                  of the case's worst cell: the one that did not end well, or did the fewest items
        one per metric            median over the repeats, in the metric's unit (see `Figure` for the reason)
        bytes_per_item, r2        slope of the live heap over the items (`analysis.law`), where there are samples
        fork_us_ratio ...         one of each metric of `JUDGED`: the median of reference / this over the rounds that both
                                  have, above 1 where this one is better
        reference                 the strategy of those ratios: `deepcopy`, else the first one that went well
        verdict                   the ratios in words, or that they cannot be told apart
        doubts                    reasons not to believe the row, separated by `; `
    """
    present = set(metrics["metric"])
    shown = [name for name in METRICS if name in present]
    rows = [_as_dict(row) for row in summary_rows(metrics, cells, samples)]
    ratios = [f"{name}_ratio" for name in JUDGED]
    columns = [*CASE, "repeats", *PROGRESS, *shown, "bytes_per_item", "r2", *ratios]
    return pd.DataFrame(rows, columns=[*columns, "reference", "verdict", "doubts"]).astype({"items": "Int64"})


def _as_dict(row: SummaryRow) -> dict[str, Any]:
    return {
        **row.case._asdict(),
        **{name: getattr(row, name) for name in ("repeats", *PROGRESS, "reference", "verdict")},
        **{name: figure.median for name, figure in row.figures.items()},
        **{f"{name}_ratio": row.ratio(name) for name in JUDGED},
        "bytes_per_item": row.law.slope if row.law else None,
        "r2": row.law.r2 if row.law else None,
        "doubts": "; ".join(map(str, row.doubts)),
    }


def reference_of(cells: pd.DataFrame) -> str:
    """The strategy that the others are compared with: `deepcopy` if it took part, else the first one that went well."""
    names = list(cells["strategy"])
    well = cells.loc[cells["outcome"] == "ok", "strategy"]
    return REFERENCE if REFERENCE in names else next(iter([*well, *names]), "")


def _measured(cells: pd.DataFrame) -> pd.DataFrame:
    """Without the repeats that were skipped because the first run was slow, unless there is nothing else."""
    measured = cells[cells["outcome"] != "skipped"]
    return cells if measured.empty else measured


def _row(
    case: Case,
    cells: pd.DataFrame,
    figures: Mapping[Case, Mapping[str, Figure]],
    samples: pd.DataFrame | None,
    reference: str,
) -> SummaryRow:
    badness = list(zip(cells["outcome"] == "ok", cells["items_done"], strict=True))
    worst = cells.iloc[badness.index(min(badness))]
    return SummaryRow(
        case=case,
        repeats=len(cells),
        **{name: worst[name] for name in PROGRESS},
        figures=figures.get(case, {}),
        law=None if samples is None else _law(cells, samples),
        reference=reference,
        base=figures.get(case._replace(strategy=reference), {}),
    )


def _law(cells: pd.DataFrame, samples: pd.DataFrame) -> LinearLaw | None:
    mine = samples[samples["cell"].isin(cells["cell"]) & (samples["metric"] == "live_heap_bytes")]
    kept = mine.groupby("cell", sort=False, group_keys=False)[["item_index", "value"]].apply(growing)
    return linear_law(kept["item_index"].tolist(), kept["value"].tolist()) if len(kept) else None
