"""The result of a comparison, as a notebook holds it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.files import report_form, written
from attune_sim.api.text import aligned
from attune_sim.errors import InputError, counted
from attune_sim.record import CellRecord

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.api.verification import Verification
    from attune_sim.report import Summary
    from attune_sim.thresholds import Regression


class Comparison:
    """Cells, and what they say. Frames: `frame` (metrics, long), `cells`, `samples`; `summary()` is a row a strategy.

    Every plot takes `ax=` and gives the axes back; `report(path)` writes one self-contained HTML file. `warnings` are
    likely mistakes in what was asked for; `verification` is what an independent meter found, None where none was asked;
    `printed` is what actions printed while they were called to be recorded.
    """

    def __init__(
        self,
        records: Iterable[CellRecord],
        warnings: Iterable[str] = (),
        verification: Verification | None = None,
        printed: str = "",
    ) -> None:
        self.records: Sequence[CellRecord] = tuple(records)
        self.warnings: Sequence[str] = tuple(warnings)
        self.verification = verification
        self.printed = printed
        if not self.records:
            raise InputError("a comparison needs at least one cell; none was measured")

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a reading, with the key of its cell; columns in `attune_sim.frame`."""
        from attune_sim.frame import metrics_frame

        return metrics_frame(self.records)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row a cell: how it ended, and how far it got."""
        from attune_sim.frame import cells_frame

        frame = cells_frame(self.records)
        frame.attrs["warnings"] = list(self.warnings)
        return frame

    @cached_property
    def samples(self) -> pd.DataFrame:
        """One row a sample of memory while a cell ran."""
        from attune_sim.frame import samples_frame

        return samples_frame(self.records)

    def summary(self) -> pd.DataFrame:
        """One row a strategy: medians, ratios to the reference, a verdict in words, reasons not to believe it."""
        from attune_sim.analysis.comparison import summarise

        return summarise(self.frame, self.cells, self.samples)

    def memory_laws(self) -> pd.DataFrame:
        """One row a cell: the straight line of its live heap over the items, in bytes an item."""
        from attune_sim.analysis.law import memory_laws

        return memory_laws(self.samples)

    def check(self, *rules: str, baseline: Comparison | None = None) -> list[Regression]:
        """The rules that are broken: `comparison.check("shared.fork_bytes<128", "fork_us:10%", baseline=before)`."""
        from attune_sim.thresholds import check, parse

        known = None if baseline is None else baseline.frame
        return check([parse(rule) for rule in rules], self.frame, known)

    def plot_memory(self, metric: str = "live_heap_bytes", *, ax: Axes | None = None) -> Axes:
        """Memory over the items forked, a line a strategy; a cell that ended early ends in a cross."""
        from attune_sim.plot import plot_memory

        return plot_memory(self.samples, metric, ax=ax)

    def plot_fork_time(self, *, ax: Axes | None = None) -> Axes:
        """Time of one fork, strategy beside strategy."""
        return self.plot_metric("fork_us", ax=ax)

    def plot_fork_memory(self, *, ax: Axes | None = None) -> Axes:
        """Live heap of one more fork, strategy beside strategy."""
        return self.plot_metric("fork_bytes", ax=ax)

    def plot_metric(self, metric: str, *, ax: Axes | None = None) -> Axes:
        """Any metric, strategy beside strategy."""
        from attune_sim.plot import plot_metric

        return plot_metric(self.frame, metric, ax=ax)

    def plot_time_split(self, *, ax: Axes | None = None) -> Axes:
        """Where the time of an item goes: fork, render, action, bookkeeping."""
        from attune_sim.plot import plot_time_split

        return plot_time_split(self.frame, ax=ax)

    def report(self, path: str | PathLike[str]) -> str:
        """Write the report: HTML, or Markdown if the name ends in `.md`. Gives back the path.

        Raises InputError if the name ends otherwise than in `.html` or `.md`, or the file cannot be written.
        """
        from attune_sim.report import comparison_pictures, markdown, page

        form, findings = report_form(path), self.findings()
        if form == "markdown":
            return written(path, markdown(findings))
        return written(path, page(findings, comparison_pictures(self.frame, self.samples)))

    @property
    def strategies(self) -> list[str]:
        """Names of the strategies, in the order in which they were measured."""
        return list(dict.fromkeys(record.key.strategy for record in self.records))

    @property
    def outcomes(self) -> Mapping[str, int]:
        """How many cells ended how."""
        return Counter(record.outcome for record in self.records)

    def findings(self) -> Summary:
        """What the report says, before it has a form: texts, tables and remarks."""
        from attune_sim.report import comparison_summary
        from attune_sim.scenarios.registry import scenarios

        return comparison_summary(self.cells, self.frame, self.samples, scenarios)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.report import fragment

        findings = self.findings()
        short = replace(findings, tables=findings.tables[:1], surroundings=())
        return {"text/plain": repr(self), "text/html": fragment(short)}

    def __str__(self) -> str:
        findings = self.findings()
        lead = textwrap.wrap(findings.lead, WIDTH)
        warned = (f"Warning: {warning}" for warning in self.warnings)
        return "\n".join(
            (
                *lead,
                *warned,
                *self.printed_lines(),
                "",
                *_table_lines(findings),
                "",
                _further(self.summary()["doubts"]),
            )
        )

    def printed_lines(self) -> list[str]:
        """The last lines of what actions printed, under a heading; none if they printed nothing."""
        lines = self.printed.splitlines()
        left_out = max(0, len(lines) - PRINTED)
        heading = f"Printed by actions{f' (the last {PRINTED} of {len(lines):,} lines)' if left_out else ''}:"
        return ["", heading, *(f"  {line}" for line in lines[left_out:])] if lines else []

    def __repr__(self) -> str:
        workloads = ", ".join(dict.fromkeys(record.key.workload for record in self.records))
        ended = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.items())
        return (
            f"<Comparison of {workloads!r}: {', '.join(self.strategies)}; {counted(len(self.records), 'cell')} ({ended}); "
            "see .summary() .frame .cells .samples .plot_memory() .report('report.html')>"
        )


WIDTH: Final = 100
"""Letters in a line of text."""

PRINTED: Final = 10
"""Lines of what actions printed that are shown; `printed` has the others."""

LEFT_OUT: Final = frozenset({"paid_fork_us", "peak_rss_bytes", "repeats"})
"""Columns of the report that would make a printed line longer than a terminal is wide."""


def _table_lines(findings: Summary) -> Iterator[str]:
    table = findings.tables[0]
    kept = [place for place, header in enumerate(table.headers) if header not in LEFT_OUT]
    rows = [tuple(row[place] for place in kept) for row in table.rows]
    return aligned([table.headers[place] for place in kept], rows, table.texts)


def _further(doubts: Iterable[str]) -> str:
    price = "fork_us: the price of a fork, made alone and warm; what the run paid is paid_fork_us\n"
    why = "~ a figure in doubt: .summary() says why; " if any(doubts) else ""
    return f"{price}{why}.report('report.html') shows everything"
