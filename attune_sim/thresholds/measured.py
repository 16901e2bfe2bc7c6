"""What was measured, as rules are held against it: figures of each case, how its worst cell ended, why a figure is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pandas as pd

from attune_sim.analysis.ending import Ending, endings_of
from attune_sim.analysis.figures import CASE, Case, Figure, case_of, figures_of
from attune_sim.errors import counted
from attune_sim.metrics import METRICS

LIBRARIES: Final = "libraries"
OWN: Final = frozenset({"commit", "attune-sim"})
"""Surroundings that are no others for being another version of what is measured."""


class Measured(NamedTuple):
    """What a comparison came to: its `metrics` and its `cells` frame; `promises` are those of each strategy that it breaks, in
    words, where the laws were asked."""

    metrics: pd.DataFrame
    cells: pd.DataFrame
    promises: Mapping[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class Side:
    """The figures of each case, how its worst cell ended, and why a figure has no value where its reading says so."""

    figures: Mapping[Case, Mapping[str, Figure]]
    endings: Mapping[Case, Ending]
    labels: Mapping[tuple[Case, str], str]
    attrs: Mapping[Any, Any]
    promises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, measured: Measured) -> Side:
        metrics = measured.metrics
        empty = metrics[metrics["value"].isna() & metrics["label"].ne("")]
        rows = empty[[*CASE, "metric", "label"]].itertuples(index=False, name=None)
        labels = {(case_of(case), metric): label for *case, metric, label in rows}
        figures, endings = figures_of(metrics), endings_of(measured.cells)
        return cls(figures, endings, labels, metrics.attrs, measured.promises)

    def like(self, case: Case, metric: str) -> list[Case]:
        """The same case in whatever surroundings, as far as it has this metric: only those that are most alike."""
        known = [one for one in self.endings if one.anywhere == case.anywhere and self.figure(one, metric)]
        alike = {one: (one.machine == case.machine, one.software == case.software) for one in known}
        return [one for one in known if alike[one] == max(alike.values())]

    def figure(self, case: Case, metric: str) -> Figure | None:
        return self.figures.get(case, {}).get(metric)

    def fault(self, case: Case, metric: str) -> str | None:
        """Why there is no figure of this case that holds."""
        figure, ending = self.figure(case, metric), self.endings[case]
        why = ending.story + (f" ({ending.error})" if ending.error else "")
        if figure is None:
            label = self.labels.get((case, metric), "").removeprefix("unavailable: ")
            return not_measured(metric, label or ("" if ending.holds(metric) else why))
        if ending.holds(metric):
            return None
        seen = METRICS[metric].format(figure.median)
        return f"{metric} {f'is at least {seen}' if figure.least else 'does not hold'}: {why}"

    def facts(self, case: Case) -> dict[str, Any]:
        """The surroundings of a case, name -> value, with the versions of its libraries by their names."""
        by = self.attrs.get("surroundings_by", {})
        found = {
            name: value
            for column, digits in case.where._asdict().items()
            for name, value in by.get(column, {}).get(digits, {}).items()
        }
        versions = found.pop("versions", {})
        self_made = {name: value for name, value in found.items() if name not in OWN}
        return {**self_made, LIBRARIES: {name: one for name, one in versions.items() if name not in OWN}}


def not_measured(metric: str, why: str = "") -> str:
    """That a metric has no value, and why or, where it has to be asked for, how to get one.

    >>> not_measured("fork_us"), not_measured("fork_instructions")
    ('fork_us was not measured', 'fork_instructions was not measured (ask for it with --probe instructions)')
    """
    probe = METRICS[metric].probe
    hint = f" (ask for it with --probe {probe})" if probe else ""
    return f"{metric} was not measured{f': {why}' if why else hint}"


def named(case: Case) -> str:
    """A case as a line calls it: `baseline, shared, 1,000 items, eager`."""
    items = "" if case.items is None else f"{counted(case.items, 'item')}, "
    return f"{case.workload}, {case.strategy}, {items}{case.dispatch}"
