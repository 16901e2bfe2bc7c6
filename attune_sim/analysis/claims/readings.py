"""What verdicts rest on: the figures of cells, shape by shape and repeat by repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from statistics import median
from typing import Final

import pandas as pd

from attune_sim.analysis.claims.claim import ANY, Figure, Line
from attune_sim.metrics import METRICS

READING_COLUMNS: Final = ("cell", "payload", "repeat", "metric", "value", "at_least")
"""What verdicts rest on: one row a cell (by its name), shape, repeat and metric."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The figure of a line: median, smallest and largest of its repeats."""

    value: float
    low: float
    high: float
    n: int
    at_least: bool


class Readings:
    """Finds the values of a figure, repeat by repeat, in a frame of `READING_COLUMNS`."""

    def __init__(self, readings: pd.DataFrame) -> None:
        self._values: dict[tuple[str, str, str], dict[int, tuple[float, bool]]] = {}
        known = readings.dropna(subset=["value"])
        for cell, payload, repeat, metric, value, at_least in known[list(READING_COLUMNS)].itertuples(
            index=False
        ):
            self._values.setdefault((cell, metric, payload), {})[repeat] = (value, at_least)

    def measured(self, line: Line, payload: str) -> Measured | None:
        """The figure of a line in a shape, None where something of it was not measured."""
        paced = bool(line.over) and all(_paces(one) for one in (*line.of, *line.over))
        parts = [self._of(one, payload, paced) for one in (*line.of, *line.over)]
        repeats = sorted(reduce(set.intersection, map(set, parts)))  # type: ignore[arg-type]
        if not repeats:
            return None
        cut = len(line.of)
        tops = [sum(part[repeat][0] for part in parts[:cut]) for repeat in repeats]
        bases = [sum(part[repeat][0] for part in parts[cut:]) if line.over else 1.0 for repeat in repeats]
        least = any(part[repeat][1] for part in parts[:cut] for repeat in repeats)
        return _measured([top / base for top, base in zip(tops, bases, strict=True) if base > 0], least)

    def _of(self, figure: Figure, payload: str, paced: bool) -> dict[int, tuple[float, bool]]:
        """Repeat -> its value, and whether it is a lower bound; of times that are set beside each other, in shares of the pace
        of the machine in the same moments."""
        found = self._found(figure.cell, figure.metric, payload)
        known = (self._found(figure.cell, pace, payload) for pace in _paces(figure)) if paced else ()
        paces = next(filter(None, known), {})
        return {
            repeat: (value * figure.times / (paces[repeat][0] if paced else 1.0), least)
            for repeat, (value, least) in found.items()
            if not paced or repeat in paces
        }

    def _found(self, cell: str, metric: str, payload: str) -> Mapping[int, tuple[float, bool]]:
        return self._values.get((cell, metric, payload)) or self._values.get((cell, metric, ANY), {})


def _paces(figure: Figure) -> tuple[str, ...]:
    return METRICS[figure.metric].paces if figure.metric in METRICS else ()


def _measured(values: Sequence[float], at_least: bool) -> Measured | None:
    if not values:
        return None
    return Measured(median(values), min(values), max(values), len(values), at_least)
