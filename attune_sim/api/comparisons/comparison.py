"""The result of a comparison, as a notebook holds it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.text import aligned
from attune_sim.api.showing.written import written
from attune_sim.api.stopped import Resumable
from attune_sim.errors import InputError, counted
from attune_sim.record import CellRecord

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attune_sim.analysis.noise import NoiseFloor
    from attune_sim.api.comparisons.verification import Verification
    from attune_sim.api.noise.noise import Noise
    from attune_sim.contexts.strategy import Guarantees
    from attune_sim.reports import Summary
    from attune_sim.thresholds import Broken


class Comparison(Resumable):
    """Cells, and what they say. Frames: `frame` (metrics, long), `cells`, `samples`; `summary()` is a row a strategy.

    Every plot takes `ax=` and gives the axes back; `report(path)` writes one self-contained HTML file. `warnings` are
    likely mistakes in what was asked for, and how many cells are missing where it was stopped; `verification` is what an
    independent meter found, None where none was asked; `promises` are those of strategies that are not registered;
    `printed` is what actions printed while they were called to be recorded.

    >>> import attune_sim as at
    >>> found = at.compare("baseline", "shared", items=5, history=1, repeats=1, progress=False)
    >>> found.summary()["strategy"].tolist(), found.cells["outcome"].tolist()
    (['shared'], ['ok'])
    """

    _SEE = ".summary() .frame .cells .samples .plot_memory() .report('report.html')"

    def __init__(
        self,
        records: Iterable[CellRecord],
        warnings: Iterable[str] = (),
        verification: Verification | None = None,
        promises: Mapping[str, Guarantees] = MappingProxyType({}),
        printed: str = "",
    ) -> None:
        self.records: Sequence[CellRecord] = tuple(records)
        self.warnings: Sequence[str] = tuple(warnings)
        self.verification = verification
        self._promises = promises
        self.printed = printed
        if not self.records:
            raise InputError("a comparison needs at least one cell; none was measured")

    @cached_property
    @readable
    def frame(self) -> pd.DataFrame:
        """One row a reading, with the key of its cell; columns in `attune_sim.frame`."""
        from attune_sim.frame import metrics_frame

        return metrics_frame(self.records)

    @cached_property
    @readable
    def cells(self) -> pd.DataFrame:
        """One row a cell: how it ended, and how far it got."""
        from attune_sim.frame import cells_frame

        frame = cells_frame(self.records)
        frame.attrs["warnings"] = list(self.warnings)
        return frame

    @cached_property
    @readable
    def samples(self) -> pd.DataFrame:
        """One row a sample of memory while a cell ran."""
        from attune_sim.frame import samples_frame

        return samples_frame(self.records)

    @readable
    def summary(self) -> pd.DataFrame:
        """One row a strategy: medians, ratios to the reference, a verdict in words, reasons not to believe it."""
        from attune_sim.analysis.comparison import summarise

        return summarise(self.frame, self.cells, self.samples)

    @readable
    def verdicts(self, noise: Noise | None = None) -> pd.DataFrame:
        """One row a strategy and judged metric: `changed`, `not changed` or `cannot tell`, the median ratio to the reference with its
        interval, n pairs, and how often this very rule errs on this machine.

        That rate is from `noise`, else from what `at.noise()` has kept of the machine and Python of these cells; missing where
        nothing was measured there.
        """
        from attune_sim.analysis.comparison import summary_rows
        from attune_sim.analysis.verdicts import verdicts

        rows = summary_rows(self.frame, self.cells, self.samples)
        return verdicts(rows, self.noise if noise is None else noise.floor)

    @cached_property
    def noise(self) -> NoiseFloor | None:
        """What `at.noise()` has kept of the machine and Python of these cells; None where it has not, or they are of several."""
        from attune_sim.api.noise.kept import kept_noise

        return kept_noise(self.records)

    @readable
    def memory_laws(self) -> pd.DataFrame:
        """One row a cell: the straight line of its live heap over the items, in bytes an item."""
        from attune_sim.analysis.law import memory_laws

        return memory_laws(self.samples)

    def check(self, *rules: str, baseline: Comparison | None = None) -> Broken:
        """The rules that are broken: `comparison.check("shared.fork_bytes<128", "fork_us:10%", baseline=before)`.

        A list; its `undecided` are rules of which the repeats do not tell, `unlike` says how the surroundings of the baseline differ.
        """
        from attune_sim.thresholds import Measured, check, parse

        before = None if baseline is None else Measured(baseline.frame, baseline.cells)
        own = Measured(self.frame, self.cells)
        return check([parse(rule) for rule in rules], own, before, noise=self.noise)

    def plot_memory(self, metric: str = "live_heap_bytes", *, ax: Axes | None = None) -> Axes:
        """Memory over the items forked, a line a strategy; a cell that ended early ends in a cross."""
        from attune_sim.plot import plot_memory

        return plot_memory(self.samples, metric, foretold=self.frame, ax=ax)

    @readable
    def wire(self, workers: Iterable[int] = (1, 2, 4, 8), items: Iterable[int] | None = None) -> pd.DataFrame:
        """One row a strategy, number of workers and of items: the bytes that go to workers of a cluster and home.

        What cells with `executor="dask"` carried is `measured`; all other rows are `estimated`, from their bytes once a worker and
        bytes an item. `items` None: those of the cells, and up to 100 times as many. Empty where no attempt was made on a cluster.

        Raises:
            InputError: a number of workers or items is none.
        """
        from attune_sim.analysis.wire import carried_by_cells, wire_frame

        wanted = None if items is None else list(items)
        return wire_frame(carried_by_cells(self.frame), list(workers), wanted)

    def plot_wire(
        self,
        workers: Iterable[int] = (1, 2, 4, 8),
        items: Iterable[int] | None = None,
        *,
        ax: Axes | None = None,
    ) -> Axes:
        """What the wire carries over the items, a dash a number of workers: marks were measured, lines are estimated. See `wire`."""
        from attune_sim.plot import plot_wire

        return plot_wire(self.wire(workers, items), ax=ax)

    def plot_promises(self, metric: str = "fork_us", *, ax: Axes | None = None) -> Axes:
        """What each strategy keeps apart, against what it costs."""
        from attune_sim.plot import plot_promises

        return plot_promises(self.frame, self.promises, metric, ax=ax)

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

    def report(
        self,
        path: str | PathLike[str],
        *,
        force: bool = False,
        template: str | PathLike[str] | None = None,
    ) -> str:
        """Write the report: HTML, Markdown or JSON, by the end of the name. Gives back the path; see `at.report`.

        Raises InputError if the name ends otherwise, the file cannot be written, or is one that attune-sim did not write; with `force` the
        last is replaced.
        """
        return written(path, self.findings(), force=force, template=template)

    @property
    def strategies(self) -> list[str]:
        """Names of the strategies, in the order in which they were measured."""
        return list(dict.fromkeys(record.key.strategy for record in self.records))

    @property
    def outcomes(self) -> Mapping[str, int]:
        """How many cells ended how."""
        return Counter(record.outcome for record in self.records)

    @property
    def in_vain(self) -> list[str]:
        """The strategies of which a cell came to its end without one item that succeeded: no figure of theirs holds."""
        from attune_sim.analysis.ending import endings_of

        return list(
            dict.fromkeys(case.strategy for case, end in endings_of(self.cells).items() if end.in_vain)
        )

    def findings(self) -> Summary:
        """What the report says, before it has a form: texts, tables and remarks."""
        from attune_sim.reports import comparison_summary
        from attune_sim.scenarios.registry import scenarios

        return comparison_summary(self.cells, self.frame, self.samples, scenarios, self.promises, self.noise)

    @cached_property
    @readable
    def promises(self) -> pd.DataFrame:
        """One row a strategy whose promises are known: what it keeps apart, a flag for each promise, and what it gives up."""
        from attune_sim.contexts.registry import strategies
        from attune_sim.frame import promises_frame

        known = {name: strategies[name].guarantees for name in self.strategies if name in strategies} | dict(
            self._promises
        )
        return promises_frame(
            {"strategy": name, "isolates": one.isolates, **one.as_dict()} for name, one in known.items()
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import Section, comparison_panels, fragment

        short = self.findings().short
        panels = comparison_panels(self.cells, self.frame, self.samples)
        beside = [Section("Side by side", (panels,))] if panels.panels else []
        shown = replace(short, sections=(*short.sections[:1], *beside, *short.sections[1:]))
        return {"text/plain": repr(self), "text/html": fragment(shown)}

    def __str__(self) -> str:
        findings = self.findings()
        lead = textwrap.wrap(findings.lead, WIDTH)
        warned = (f"Warning: {warning}" for warning in self.warnings)
        table = list(_table_lines(findings))
        errs = chain.from_iterable(
            textwrap.wrap(f"false alarms: {line}", WIDTH) for line in _alarms(findings)
        )
        return "\n".join((*lead, *warned, *self.printed_lines(), "", *table, "", *errs, _further(table)))

    def printed_lines(self) -> list[str]:
        """The last lines of what actions printed, under a heading; none if they printed nothing."""
        lines = self.printed.splitlines()
        left_out = max(0, len(lines) - PRINTED)
        heading = f"Printed by actions{f' (the last {PRINTED} of {len(lines):,} lines)' if left_out else ''}:"
        return ["", heading, *(f"  {line}" for line in lines[left_out:])] if lines else []

    def __repr__(self) -> str:
        workloads = ", ".join(dict.fromkeys(record.key.workload for record in self.records))
        ended = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.items())
        more = len(self.strategies) - NAMED
        named = f"{', '.join(self.strategies[:NAMED])}{f' and {more} more' if more > 0 else ''}"
        in_vain = f"; no item of {', '.join(self.in_vain)} succeeded" if self.in_vain else ""
        return (
            f"<{type(self).__name__} of {workloads!r}: {named}; {counted(len(self.records), 'cell')} ({ended}){in_vain}; "
            f"see {self._SEE}>"
        )


NAMED: Final = 4
"""Strategies that a repr names."""

WIDTH: Final = 100
"""Letters in a line of text."""

PRINTED: Final = 10
"""Lines of what actions printed that are shown; `printed` has the others."""

LEFT_OUT: Final = frozenset({"isolates", "gives up", "paid_fork_us", "peak_rss_bytes", "repeats"})
"""Columns of the report that would make a printed line longer than a terminal is wide."""


def _table_lines(findings: Summary) -> Iterator[str]:
    table = findings.tables[0]
    kept = [place for place, header in enumerate(table.headers) if header not in LEFT_OUT]
    rows = [tuple(row[place] for place in kept) for row in table.rows]
    texts = frozenset(turn for turn, place in enumerate(kept) if place in table.texts)
    return aligned([table.headers[place] for place in kept], rows, texts)


def _alarms(findings: Summary) -> Sequence[str]:
    from attune_sim.reports.rows import ALARMS

    return dict(findings.remarks).get(ALARMS, ())


SIGNS: Final = {"~": "a figure in doubt", "≥": "at least that, the run was cut short"}
"""What stands before a figure -> what it means."""


def _further(table: Sequence[str]) -> str:
    price = "fork_us: the price of a fork, made alone and warm; what the run paid is paid_fork_us\n"
    signs = ", ".join(f"{sign} {what}" for sign, what in SIGNS.items() if any(sign in line for line in table))
    why = f"{signs}: .summary() says why; " if signs else ""
    return price + "\n".join(textwrap.wrap(f"{why}.report('report.html') shows everything", WIDTH))
