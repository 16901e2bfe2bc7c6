"""What a comparison says: one row a strategy, each figure with the reasons not to believe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final

import pandas as pd

from attune_sim.analysis.ending import Ending, endings_of, measured_cells
from attune_sim.analysis.figures import (
    CASE,
    CLOSES,
    JUDGED,
    Case,
    Doubt,
    Figure,
    case_of,
    change,
    figures_of,
    ratio,
    verdict,
    word_of,
)
from attune_sim.analysis.law import LinearLaw, linear_law
from attune_sim.analysis.rule import Change, Word
from attune_sim.frame import PROGRESS, bare
from attune_sim.metrics import HEADLINES, METRICS

DOUBTED: Final = (*HEADLINES, "asizeof_bytes", *CLOSES)
"""Metrics whose doubts are those of their row: what people choose by, and what it rests on."""

_ELSEWHERE: Final = "measured in other surroundings"

REFERENCE: Final = "deepcopy"
"""The strategy that gives every promise at the full price; ratios are against it where it took part."""


@dataclass(frozen=True, kw_only=True)
class SummaryRow:
    """What the cells of one case came to, beside the same case under the reference.

    `ending` is that of its worst cell. `law` is the line of the live heap over the items, where there are samples; `base`
    are the figures of the reference that may be set beside these, `base_ending` how that ended, None where it has no such case;
    `elsewhere` are metrics that the reference has from other surroundings only.
    """

    case: Case
    repeats: int
    ending: Ending
    figures: Mapping[str, Figure]
    law: LinearLaw | None
    reference: str
    base: Mapping[str, Figure]
    base_ending: Ending | None
    elsewhere: frozenset[str] = frozenset()

    @property
    def is_reference(self) -> bool:
        return self.case.strategy == self.reference

    @cached_property
    def doubts(self) -> tuple[Doubt, ...]:
        """Reasons not to believe the row, or single figures of it."""
        return tuple(chain(self._of_ending(), self._of_figures(), self._of_law()))

    def _of_ending(self) -> Iterator[Doubt]:
        ending = self.ending
        if ending.outcome != "ok":
            totals = (
                ", totals at least what is shown" if any(one.least for one in self.figures.values()) else ""
            )
            yield Doubt(None, f"{ending.story}: per-item figures are over the items it got to{totals}")
        elif not ending.well:
            yield Doubt(None, f"{ending.story}{': no figure is of work that was done' * ending.in_vain}")

    def _of_figures(self) -> Iterator[Doubt]:
        told = (self.figures[name] for name in DOUBTED if name in self.figures)
        return chain.from_iterable(figure.doubts() for figure in told)

    def _of_law(self) -> Iterator[Doubt]:
        if self.law is not None and not self.law.linear:
            yield Doubt("bytes_per_item", self.law.doubt)

    def doubted(self, metric: str) -> bool:
        """Whether a figure is in doubt: it does not hold, or there is a reason not to believe it."""
        return not self.ending.holds(metric) or any(doubt.metric == metric for doubt in self.doubts)

    def shown(self, metric: str) -> str:
        """The figure with its mark, as tables show it: `2.92 MB`, `~2.92 MB`, `≥ 291 MB`, `–` where there is none."""
        figure = self.figures.get(metric)
        if figure is None:
            return "–"
        return f"~{figure.text}" if self.doubted(metric) and not figure.least else figure.text

    def ratio(self, metric: str) -> float | None:
        """The reference's figure by this one, the median over their pairs: above 1 this one is better."""
        return ratio(self.base.get(metric), self.figures.get(metric))

    def ratio_doubted(self, metric: str) -> bool:
        """Whether the verdict on this metric is that one cannot tell, whatever the ratio came out as."""
        found = change(self.base.get(metric), self.figures.get(metric))
        return bool(self._undone) or found is None or found.word == "cannot tell"

    @property
    def verdict(self) -> str:
        """The ratios in words, or that the two cannot be told apart."""
        if self.is_reference:
            return "the reference"
        if self._undone:
            return f"cannot tell ({self._undone})"
        return ", ".join(map(self.verdict_on, JUDGED))

    @property
    def can_be_judged(self) -> bool:
        """Whether both have figures of an item that hold."""
        return not self._undone

    def verdict_on(self, metric: str) -> str:
        """The same for one metric."""
        missing = (
            f"cannot tell ({self.reference}: {_ELSEWHERE})" if metric in self.elsewhere else "not measured"
        )
        return verdict(metric, self.base.get(metric), self.figures.get(metric), missing)

    def word(self, metric: str) -> Word:
        """What the rule says of one metric beside the reference: `changed`, `not changed` or `cannot tell`."""
        return "cannot tell" if self._undone else word_of(self.base.get(metric), self.figures.get(metric))

    def change(self, metric: str) -> Change | None:
        """Ratio, interval and number of pairs that the rule looked at; None where nothing can be set beside another."""
        return change(self.base.get(metric), self.figures.get(metric))

    @property
    def _undone(self) -> str:
        """Why nothing can be said beside the reference: one of the two has no figure of an item that holds."""
        if not self.ending.holds("fork_us"):
            return self.ending.story
        base = self.base_ending
        return "" if base is None or base.holds("fork_us") else f"{self.reference} itself: {base.story}"


def summary_rows(
    metrics: pd.DataFrame, cells: pd.DataFrame, samples: pd.DataFrame | None = None
) -> list[SummaryRow]:
    """One row a case (strategy, and whatever else was varied), in the order of the cells."""
    figures, endings = figures_of(metrics), endings_of(cells)
    cells = measured_cells(bare(cells))
    heaps = None if samples is None else _heaps(bare(samples))
    reference = reference_of(cells)
    return [
        _row(case_of(key), part, figures, endings, heaps, reference)
        for key, part in cells.groupby(list(CASE), sort=False, dropna=False)
    ]


def summarise(
    metrics: pd.DataFrame,
    cells: pd.DataFrame,
    samples: pd.DataFrame | None = None,
    rows: Iterable[SummaryRow] | None = None,
) -> pd.DataFrame:
    """`summary_rows` as a frame; `rows` are these where they were made before.

    Columns: `CASE`, then

        repeats                   cells of the case
        outcome, items_done, items_failed, items_timed_out, forks
                                  of the case's worst cell: the one that did not end well, or did the fewest items
        one per metric            median over the repeats, in the metric's unit (see `Figure` for the reason); of a run that
                                  was cut short a total is a lower bound, as `doubts` says
        bytes_per_item, r2        slope of the live heap over the items (`analysis.law`), where there are samples
        fork_us_ratio ...         one of each metric of `JUDGED`: the median of reference / this over the rounds that both
                                  have, above 1 where this one is better; missing beside a lower bound
        reference                 the strategy of those ratios: `deepcopy`, else the first one that went well
        verdict                   the ratios in words, or that they cannot be told apart
        doubts                    reasons not to believe the row, separated by `; `
    """
    present = set(metrics["metric"])
    shown = [name for name in METRICS if name in present]
    known = summary_rows(metrics, cells, samples) if rows is None else rows
    told = [_as_dict(row) for row in known]
    ratios = [f"{name}_ratio" for name in JUDGED]
    columns = [*CASE, "repeats", *PROGRESS, *shown, "bytes_per_item", "r2", *ratios]
    return pd.DataFrame(told, columns=[*columns, "reference", "verdict", "doubts"]).astype({"items": "Int64"})


def _as_dict(row: SummaryRow) -> dict[str, Any]:
    return {
        **row.case._asdict(),
        **{name: getattr(row.ending, name) for name in PROGRESS},
        **{name: getattr(row, name) for name in ("repeats", "reference", "verdict")},
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


def _row(
    case: Case,
    cells: pd.DataFrame,
    figures: Mapping[Case, Mapping[str, Figure]],
    endings: Mapping[Case, Ending],
    heaps: Mapping[str, Heap] | None,
    reference: str,
) -> SummaryRow:
    beside = case._replace(strategy=reference)
    base, elsewhere = _beside(beside, figures)
    return SummaryRow(
        case=case,
        repeats=len(cells),
        ending=endings[case],
        figures=figures.get(case, {}),
        law=None if heaps is None else _law(cells, heaps),
        reference=reference,
        base=base,
        base_ending=endings.get(beside),
        elsewhere=elsewhere,
    )


def _beside(
    case: Case, figures: Mapping[Case, Mapping[str, Figure]]
) -> tuple[dict[str, Figure], frozenset[str]]:
    """The figures of a case that may be set beside others of its surroundings, and metrics of which there are others only."""
    same = [other for other in figures if other.anywhere == case.anywhere]
    known: dict[str, Figure] = {}
    for other in sorted(same, key=lambda other: other.where != case.where):
        for name, figure in figures[other].items():
            if case.where.may_be_set_beside(other.where, name):
                known.setdefault(name, figure)
    return known, frozenset(name for other in same for name in figures[other] if name not in known)


Heap = list[tuple[int, float]]


def _heaps(samples: pd.DataFrame) -> dict[str, Heap]:
    """Cell -> the samples of its live heap while its forks grew, as pairs of items and bytes."""
    live = samples.loc[samples["metric"] == "live_heap_bytes", ["cell", "item_index", "value"]]
    grown = live.drop_duplicates(["cell", "item_index"])  # as `growing` does for one cell
    heaps: dict[str, Heap] = {}
    for cell, items, value in grown.itertuples(index=False, name=None):
        heaps.setdefault(cell, []).append((items, value))
    return heaps


def _law(cells: pd.DataFrame, heaps: Mapping[str, Heap]) -> LinearLaw | None:
    points = [point for cell in cells["cell"] for point in heaps.get(cell, ())]
    return linear_law([items for items, _ in points], [value for _, value in points]) if points else None
