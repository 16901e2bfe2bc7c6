"""What the independent meter said of a comparison, as a notebook holds it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.text import aligned
from attune_sim.meter.findings import TIMES, UNSETTLED, Figure, summary_of
from attune_sim.meter.speed import Pairs
from attune_sim.metrics import FORMATS

if TYPE_CHECKING:
    import pandas as pd

WIDTH: Final = 80
HEADERS: Final = ("strategy", "figure", "told", "meter", "off by", "verdict")
TEXTS: Final = frozenset({0, 1, 5})
"""Columns that hold words."""


class Verification:
    """Each figure as it was told beside that of a meter which shares no code with the instruments.

    `figures` are the rows, `frame` the same as a DataFrame, `off` those that are off by more than 15 %, `unsettled` those of which
    one cannot tell, `reasons` say why a cell could not be metered, `doubts` all that is to be known of these two, and `remarks` which
    figures are not of the cells. `pairs` is what they are drawn from: of each strategy what was told of its repeats, and what was
    metered right after each.
    """

    def __init__(
        self,
        figures: Iterable[Figure],
        reasons: Iterable[str] = (),
        pairs: Mapping[str, Pairs] = MappingProxyType({}),
    ) -> None:
        self.figures: Sequence[Figure] = tuple(figures)
        self.reasons: Sequence[str] = tuple(dict.fromkeys(reasons))
        self.pairs: Mapping[str, Pairs] = {name: tuple(some) for name, some in pairs.items()}

    @cached_property
    @readable
    def frame(self) -> pd.DataFrame:
        """One row a figure: strategy, metric, unit, told, meter (medians), deviation (a share of the meter's figure, the median over
        repeats), lowest and highest (the deviations of single repeats), verdict, repeats, one_run (whether both were read in runs of
        their own, and not in the cell)."""
        import pandas as pd

        numbers = ("told", "meter", "deviation", "lowest", "highest")
        columns = ("strategy", "metric", "unit", *numbers, "verdict", "repeats", "one_run")
        rows = [
            (one.strategy, one.metric, _unit(one.metric), one.told, one.metered, one.deviation,
             min(one.deviations, default=None), max(one.deviations, default=None), one.verdict, one.repeats, one.one_run)
            for one in self.figures
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(columns)).astype(dict.fromkeys(numbers, "float64"))

    @property
    def off(self) -> list[Figure]:
        """The figures that are off by more than 15 %, and in no repeat by less than 5: a mistake of one of the two."""
        return [one for one in self.figures if one.verdict == "OFF"]

    @property
    def unsettled(self) -> list[Figure]:
        """The figures of which the machine was at its full speed in too few repeats, and those that are off by more than 15 % in the
        middle repeat and within 5 % in another."""
        return [one for one in self.figures if one.verdict == UNSETTLED]

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """What cannot be told, and why cells were not metered, in sentences."""
        slow = ", ".join(f"{one.strategy} {one.metric}" for one in self.unsettled if one.slow)
        contradictions = (
            f"cannot tell: {one.strategy} {one.metric}: its repeats are {_share(min(one.deviations))} to "
            f"{_share(max(one.deviations))} off: the machine changed its speed; more repeats tell"
            for one in self.unsettled
            if not one.slow
        )
        seldom = f"cannot tell: the machine was at its full speed in too few repeats; make more of them for: {slow}"
        return (
            *([seldom] if slow else []),
            *contradictions,
            *(f"not metered: {one}" for one in self.reasons),
        )

    @property
    def verdict(self) -> str:
        """`7 of 8 figures within 5 %, median deviation 1.2 %`."""
        return summary_of(self.figures)

    def rows(self) -> list[tuple[str, ...]]:
        """The table as texts, under `HEADERS`."""
        return [
            (one.strategy, one.metric, _text(one.metric, one.told), _text(one.metric, one.metered), _share(one.deviation), one.verdict)
            for one in self.figures
        ]  # fmt: skip

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """Of which runs figures are, where they are not those of the cells, in sentences."""
        of_one = [one for one in self.figures if one.one_run]
        strategies = {
            metric: tuple(one.strategy for one in of_one if one.metric == metric) for metric in TIMES
        }
        groups: dict[tuple[str, ...], list[str]] = {}
        for metric, names in strategies.items():
            groups.setdefault(names, []).append(metric)
        everybody = tuple(dict.fromkeys(one.strategy for one in self.figures))
        named = "; ".join(
            f"{', '.join(metrics)} of {'all strategies' if names == everybody and len(names) > 1 else ', '.join(names)}"
            for names, metrics in groups.items()
            if names
        )
        return (f"told and metered in runs made for this, not in the cells: {named}",) if named else ()

    def _lines(self) -> Iterator[str]:
        yield from aligned(HEADERS, self.rows(), TEXTS)
        yield ""
        yield self.verdict
        for sentence in (*self.remarks, *self.doubts):
            yield from textwrap.wrap(sentence, WIDTH)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import Summary, Table, fragment

        rows = self.rows()
        off = frozenset(place for place, one in enumerate(self.figures) if one.verdict == "OFF")
        table = Table(
            "What was told, beside an independent meter", HEADERS, tuple(rows), failed=off, texts=TEXTS
        )
        doubts = [("When not to believe it", self.doubts)] if self.doubts else []
        verdict = ". ".join((self.verdict, *(one[:1].upper() + one[1:] for one in self.remarks)))
        summary = Summary.plain("Verification", f"{verdict}.", (table,), doubts)
        return {"text/plain": str(self), "text/html": fragment(summary)}

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return f"<Verification: {self.verdict}; see .frame .off .unsettled>"


def _unit(metric: str) -> str:
    return metric.rpartition("_")[2]


def _text(metric: str, value: float | None) -> str:
    return "-" if value is None else FORMATS[_unit(metric)](value)  # type: ignore[index]


def _share(deviation: float | None) -> str:
    if deviation is None:
        return "-"
    return f"{100 * deviation:+.1f} %" if abs(deviation) < 1 else f"{100 * deviation:+,.0f} %"
