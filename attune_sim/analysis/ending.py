"""How the cells of a case ended, and which of its figures hold after that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.figures import CASE, Case, case_of
from attune_sim.frame import bare
from attune_sim.metrics import METRICS

CUT_SHORT: Final = ("memory_limit", "time_limit", "interrupted")
"""Outcomes after which figures of one item still hold: they are over the items that the cell got to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one cell ended, and how far it got; of several the worst one speaks for all (`worst`).

    `items` is the size of its fan-out, None where nobody knows it; `run_status` that of the run, None where it had no end;
    `error` is why it ended so.
    """

    outcome: str
    items_done: int = 0
    items_failed: int = 0
    items_timed_out: int = 0
    forks: int = 0
    items: int | None = None
    run_status: str | None = None
    error: str | None = None

    @property
    def lost(self) -> int:
        """Items that ended without having succeeded."""
        return self.items_failed + self.items_timed_out

    @property
    def in_vain(self) -> bool:
        """Whether the cell came to its end and none of its items succeeded."""
        return self.outcome == "ok" and 0 < self.items_done <= self.lost

    @property
    def well(self) -> bool:
        """Whether the cell came to its end and did what it was asked for, a few items perhaps excepted."""
        return self.outcome == "ok" and not self.in_vain and self.run_status != "failed"

    @property
    def reached(self) -> str:
        """How far it came: `673 of 1,000`."""
        return reached(self.items_done, self.forks, self.items)

    @property
    def story(self) -> str:
        """What happened, for a sentence: `memory_limit at item 673 of 1,000`, `300 of 300 items failed`, `ok`."""
        if self.outcome != "ok":
            return f"{self.outcome} at item {self.reached}"
        failed = ["the run failed"] if self.run_status == "failed" else []
        return ", ".join([*self._losses(), *failed]) or "ok"

    def _losses(self) -> list[str]:
        if not self.lost:
            return []
        late = f" ({self.items_timed_out:,} timed out)" if self.items_timed_out else ""
        return [f"{self.lost:,} of {self.items_done:,} items failed{late}"]

    def holds(self, metric: str) -> bool:
        """Whether a figure of this metric is what it says: a cut-short cell has figures of one item, and no totals.

        Nothing holds of a cell that broke down or was ended from outside, nor of one whose items all failed.
        """
        if self.outcome == "ok":
            return not self.in_vain
        return METRICS[metric].per_item and self.outcome in CUT_SHORT


def worst(endings: Iterable[Ending]) -> Ending:
    """The one that did not end well, or did the fewest items."""
    return min(endings, key=lambda one: (one.outcome == "ok", not one.in_vain, one.well, one.items_done))


def endings_of(cells: pd.DataFrame) -> dict[Case, Ending]:
    """Case -> the ending of its worst cell, in the order of the cells; repeats that were skipped do not count."""
    measured = measured_cells(bare(cells))
    places = measured.groupby(list(CASE), sort=False, dropna=False).ngroup()
    names = list(dict.fromkeys([*CASE, *(one.name for one in fields(Ending))]))
    groups: dict[int, list[dict[Any, Any]]] = {}
    for place, row in zip(places.tolist(), measured[names].to_dict("records"), strict=True):
        groups.setdefault(place, []).append(row)
    return {case_of(rows[0][name] for name in CASE): worst(map(_ending, rows)) for rows in groups.values()}


def measured_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Without the repeats that were skipped because the first run was slow, unless there is nothing else."""
    measured = cells[cells["outcome"] != "skipped"]
    return cells if measured.empty else measured


def _ending(row: Mapping[Any, Any]) -> Ending:
    known = {one.name: row[one.name] for one in fields(Ending)}
    return Ending(**{name: value for name, value in known.items() if not pd.isna(value)})


def reached(items_done: int, forks: int, items: int | None) -> str:
    """How far a cell came, in items that ended or were under way, of those that there are if that is known.

    >>> reached(600, 673, 1000), reached(600, 673, pd.NA)
    ('673 of 1,000', '673')
    """
    of_all = "" if pd.isna(items) else f" of {items:,}"
    return f"{max(items_done, forks):,}{of_all}"
