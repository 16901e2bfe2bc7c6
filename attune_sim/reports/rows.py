"""The rows of a comparison, and all that is said of them: prices beside promises, verdicts, doubts, endings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import pandas as pd

from attune_sim.analysis.comparison import SummaryRow, summary_rows
from attune_sim.analysis.figures import times
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.analysis.surroundings import names_of
from attune_sim.analysis.verdicts import alarm_lines
from attune_sim.metrics import HEADLINES, format_bytes
from attune_sim.reports.doubts import doubt_lines
from attune_sim.reports.finding import Sides, sides_of
from attune_sim.reports.summary import Lines, Section, Table, differing, remarked
from attune_sim.reports.verdicts import verdict_table

RATIOS: Final = ("fork_us", "fork_bytes")
"""Metrics with a column of ratios: what the lead and a choice hang on. The verdict has words for all that are judged."""

ALARMS: Final = "How often such a verdict is a false alarm"
"""The heading of a remark."""

AXES: Final = ("dispatch", "executor", "concurrency", "items", "context_bytes", "payload")
"""What may be varied beside the strategy: named in the rows where it is, in the lead where it is not."""


@dataclass(frozen=True, slots=True)
class Told:
    """The rows with their names; `isolates` and `gives_up` are by strategy, empty where nobody knows what one promises."""

    cells: pd.DataFrame
    rows: Sequence[SummaryRow]
    names: Sequence[str]
    isolates: Mapping[str, str]
    gives_up: Mapping[str, str]

    @classmethod
    def of(
        cls, cells: pd.DataFrame, metrics: pd.DataFrame, samples: pd.DataFrame, promises: pd.DataFrame | None
    ) -> Told:
        rows = summary_rows(metrics, cells, samples)
        varied = [name for name in AXES if cells[name].nunique() > 1]
        places = names_of(attrs_of(cells), (row.case.where for row in rows))
        names = [_named(row, varied, places[row.case.where]) for row in rows]
        known = {} if promises is None else promises.set_index("strategy")[["isolates", "gives_up"]].to_dict()
        return cls(cells, rows, names, known.get("isolates", {}), known.get("gives_up", {}))

    @property
    def limit(self) -> float:
        """The least memory that a cell might take."""
        return float(self.cells["memory_limit_bytes"].min())

    def sides(self, laws: Mapping[str, str], room: Callable[[SummaryRow], float | None]) -> Sides | None:
        """Before and after."""
        return sides_of(self.rows, self.limit, laws, room)

    def findings(self, sides: Sides | None) -> dict[str, Any]:
        """What a summary says first."""
        if sides is None:
            return {}
        return {"finding": sides.finding(self.isolates), "number": sides.number, "contrast": sides.contrast}

    def prices(self) -> Table:
        """A row a strategy: what it keeps apart and gives up, how its cells ended, what it costs."""
        shown = [name for name in HEADLINES if any(name in row.figures for row in self.rows)]
        figures = [header for name in shown for header in ((name, "× better") if name in RATIOS else (name,))]
        promised = ("isolates", "gives up") if self.isolates else ()
        cells = [
            (
                name,
                *(self._promises(row) if promised else ()),
                _ending(row),
                *_figures(row, shown),
                str(row.repeats),
            )
            for name, row in zip(self.names, self.rows, strict=True)
        ]
        return Table(
            caption=f"What a strategy costs an item: fork_us is the price of a fork made alone and warm, paid_fork_us what the run "
            f"paid for one; × better than {self.rows[0].reference}; medians over the repeats{_legend(cells)}",
            headers=("strategy", *promised, "outcome", *figures, "repeats"),
            rows=tuple(cells),
            failed=frozenset(place for place, row in enumerate(self.rows) if not row.ending.well),
            texts=frozenset(range(2 + len(promised))),
            name="prices",
        )

    def _promises(self, row: SummaryRow) -> tuple[str, str]:
        name = row.case.strategy
        return self.isolates.get(name, "–"), self.gives_up.get(name, "–") or "nothing more"

    def verdicts(self, noise: NoiseFloor | None) -> Section:
        """The ratios in words, and what each rests on."""
        named = zip(self.names, self.rows, strict=True)
        lines = tuple(f"{name}: {row.verdict}" for name, row in named)
        table = verdict_table(self.rows, self.names, noise)
        return Section(f"Verdict, beside {self.rows[0].reference}", (Lines(lines), *table), folded=True)

    def doubts(self, noise: NoiseFloor | None) -> tuple[Section, ...]:
        """When not to believe it, and how often a verdict errs."""
        places = {row.case.where for row in self.rows}
        doubts = (
            *doubt_lines(zip(self.names, self.rows, strict=True)),
            *differing(attrs_of(self.cells), places),
        )
        return remarked([("When not to believe it", doubts), (ALARMS, tuple(alarm_lines(self.rows, noise)))])

    def endings(self) -> tuple[Section, ...]:
        """What did not end well, and why."""
        return remarked(self._endings())

    def _endings(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        failed = (
            f"{name}: {row.ending.items_failed:,} failed, {row.ending.items_timed_out:,} timed out"
            for name, row in zip(self.names, self.rows, strict=True)
            if row.ending.lost
        )
        yield "Items that did not succeed", tuple(failed)
        cells, outcome = self.cells, self.cells["outcome"]
        yield "Runs that failed", _reasons(cells[cells["run_status"].eq("failed") & outcome.eq("ok")])
        yield "Why cells ended early", _reasons(cells[~outcome.isin(["ok", "skipped"])])
        yield "Cells that were left out", _reasons(cells[outcome.eq("skipped")])
        yield "Sizes that were assumed", tuple(dict.fromkeys(text for text in cells["assumed"] if text))


def attrs_of(frame: pd.DataFrame) -> dict[str, Any]:
    """What a frame says of itself: versions, machine, units."""
    return cast("dict[str, Any]", frame.attrs)


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
