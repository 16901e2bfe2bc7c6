"""The result of a sweep, as a notebook holds it: a comparison over sizes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING, Any, Final

from attune_sim.amounts import byte_count
from attune_sim.api.comparisons.comparison import Comparison
from attune_sim.api.runs.running import one_of
from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.text import fitted
from attune_sim.errors import InputError
from attune_sim.record import CellRecord

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.reports import Summary

WIDTH: Final = 80
"""Letters in a line of what is printed."""

PRINTED: Final = ("laws", "live_heap_bytes", "wall_s")
"""Tables of the report that are printed: the laws, and what a run costs at each size."""


def is_sweep(records: Iterable[CellRecord]) -> bool:
    """Whether these cells are of several sizes."""
    return len({(one.key.items, one.key.context_bytes) for one in records}) > 1


class Sweep(Comparison):
    """A comparison over sizes: how each cost grows, and what it would be where nothing was measured.

    `laws()` is a row a strategy and metric, `predict()` what a size that was never run would cost, `crossovers()` where another
    strategy becomes cheaper; `summary()` is a row a strategy and size. `design` says which sizes were chosen and why it
    stopped, where that was left to a budget. All else is that of a `Comparison`.

    >>> import attune_sim as at
    >>> swept = at.sweep("baseline", "shared", items=[4, 8, 16], context_bytes="20KB", repeats=1, progress=False)
    >>> swept.predict(items=32, context_bytes=20_000)["source"].unique().tolist()
    ['estimated']
    """

    _SEE = ".summary() .laws() .predict(items=) .crossovers() .plot_growth() .frame .report('report.html')"

    def __init__(
        self, records: Iterable[CellRecord], *given: Any, design: Iterable[str] = (), **known: Any
    ) -> None:
        super().__init__(records, *given, **known)
        self.design = tuple(design)

    @readable
    def laws(self) -> pd.DataFrame:
        """One row a strategy and metric: its law, the coefficients of `cost = a + b*N + c*C + d*N*C`, the interval of the leading one.

        N are items, C bytes of JSON of the context that the fan-out is handed. See `attune_sim.analysis.laws`.
        """
        from attune_sim.analysis.laws import laws

        return laws(self.frame)

    @readable
    def predict(
        self,
        *,
        items: float | None = None,
        context_bytes: float | str | None = None,
        strategy: str | None = None,
    ) -> pd.DataFrame:
        """What cells of a size that was never run would read, times at the machine's usual pace: strategy, metric, value, and the
        interval that holds 95 of 100.

        `context_bytes` is what the fan-out is handed, in bytes of JSON or as "10MB"; what is None is the largest that was measured.
        Every row is `estimated`.

        Raises:
            InputError: a size is none, or the strategy was not measured.
        """
        from attune_sim.analysis.laws import predict

        size = self._size(items, context_bytes)
        if strategy is not None:
            one_of("strategy", strategy, tuple(self.strategies))
        return predict(self.frame, items=size[0], context_bytes=size[1], strategy=strategy)

    @readable
    def crossovers(self) -> pd.DataFrame:
        """One row a crossing: the items, or bytes of context, from which on another strategy is cheaper by a metric."""
        from attune_sim.analysis.laws import crossovers

        return crossovers(self.frame)

    @readable
    def summary(self) -> pd.DataFrame:
        """One row a strategy and size: what `Comparison.summary` says, with what was foretold of cells that were left out.

        The column `source` tells the one (`measured`) from the other (`estimated`).
        """
        from attune_sim.analysis.sizes import sizes_summary

        return sizes_summary(self.frame, self.cells, self.samples)

    def plot_growth(
        self, metric: str = "live_heap_bytes", along: str = "items", *, ax: Axes | None = None
    ) -> Axes:
        """A metric over the `items`, or over the `context_bytes` handed on, with the fitted laws; empty marks were foretold."""
        from attune_sim.plot import plot_growth

        return plot_growth(self.frame, metric, along, ax=ax)

    def plot_residuals(
        self, metric: str = "live_heap_bytes", along: str = "items", *, ax: Axes | None = None
    ) -> Axes:
        """How far each cell lies from the law of its strategy, over the `items` or the `context_bytes`."""
        from attune_sim.plot import plot_residuals

        return plot_residuals(self.frame, metric, along, ax=ax)

    def plot_context(self, metric: str = "fork_us", *, ax: Axes | None = None) -> Axes:
        """A metric over the context that is handed on, a line a strategy."""
        from attune_sim.plot import plot_context

        return plot_context(self.frame, metric, ax=ax)

    def plot_map(self, *, memory: float | str | None = None, ax: Axes | None = None) -> Axes:
        """Items against context: below its line a strategy lives in `memory` (bytes, or "2GiB"; None: the limit of the cells)."""
        from attune_sim.plot import plot_map

        limit = byte_count(memory, "memory") if isinstance(memory, str) else memory
        return plot_map(self.frame, memory=limit, ax=ax)

    @readable
    def frontier(self, memory: float | str | None = None) -> pd.DataFrame:
        """One row a strategy and context: up to how many items it lives in so much memory; all `estimated`."""
        from attune_sim.analysis.frontier import frontier

        return frontier(self.frame, byte_count(memory, "memory") if isinstance(memory, str) else memory)

    def findings(self) -> Summary:
        """What the report says, before it has a form: texts, tables and remarks."""
        from attune_sim.reports import sweep_summary
        from attune_sim.scenarios.registry import scenarios

        frames = self.cells, self.frame, self.samples
        return sweep_summary(*frames, scenarios, self.promises, self.design, self.noise)

    def _size(self, items: float | None, context_bytes: float | str | None) -> tuple[float, float]:
        from attune_sim.analysis.sizes import largest

        most_items, most_context = largest(self.frame)
        if isinstance(context_bytes, str):
            context_bytes = byte_count(context_bytes, "context_bytes")
        size = {
            "items": most_items if items is None else items,
            "context_bytes": most_context if context_bytes is None else context_bytes,
        }
        for name, value in size.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < inf:
                raise InputError(f"{name} must be a number of 0 or more, not {value!r}")
        return size["items"], size["context_bytes"]

    def __str__(self) -> str:
        findings = self.findings()
        told = [findings.lead, *self.design, *(f"Warning: {warning}" for warning in self.warnings)]
        lines = [line for text in told for line in textwrap.wrap(text, WIDTH)]
        return "\n".join((*lines, *self.printed_lines(), *_tables(findings), "", _FURTHER))


def _tables(findings: Summary) -> Iterator[str]:
    for table in findings.named(*PRINTED):
        yield ""
        yield from textwrap.wrap(table.caption, WIDTH)
        yield from (line.text for line in fitted(table.headers, table.rows, table.texts, WIDTH))


_FURTHER: Final = (
    ".laws() .predict(items=) .crossovers() .plot_growth() say more;\n.report('report.html') shows everything"
)
