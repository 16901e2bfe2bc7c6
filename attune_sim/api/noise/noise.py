"""The noise of a machine, as a notebook holds it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attune_sim.api.showing.frames import readable
from attune_sim.api.showing.text import aligned
from attune_sim.record import CellRecord

if TYPE_CHECKING:
    import pandas as pd

    from attune_sim.analysis.noise import NoiseFloor


class Noise:
    """What one strategy, measured under several names, differs from itself by: the noise floor of each judged metric.

    `frame` has a row a metric and workload (columns in `attune_sim.analysis.noise`), for comparisons of `n` pairs; `records` are the
    cells, kept in the file `path`. Comparisons on this machine and Python find them there, and say how often the rule of their
    verdicts errs.

    >>> import attune_sim as at
    >>> at.noise(budget="60s").frame  # doctest: +SKIP
    """

    def __init__(self, records: Sequence[CellRecord], path: Path, n: int = 5) -> None:
        self.records, self.path, self.n = tuple(records), path, n

    @cached_property
    def floor(self) -> NoiseFloor:
        """What answers for any number of pairs: `floor.false_alarms("fork_us", 10)`, `floor.frame(10)`."""
        from attune_sim.analysis.noise import NoiseFloor
        from attune_sim.frame import metrics_frame

        return NoiseFloor(metrics_frame(self.records))

    @cached_property
    @readable
    def frame(self) -> pd.DataFrame:
        """One row a metric and workload: interval, false_alarm_rate, n, alarms, comparisons, rounds, low, high, finds ..."""
        return self.floor.frame(self.n)

    def __str__(self) -> str:
        rows = [_row(row) for row in self.frame.to_dict("records")]
        table = aligned(HEADERS, rows, texts=frozenset({0, 1}))
        return "\n".join(
            (f"The same strategy beside itself, over {self.n} pairs a comparison:", "", *table, "", MEANING)
        )

    def __repr__(self) -> str:
        alarms, of = int(self.frame["alarms"].sum()), int(self.frame["comparisons"].sum())
        return f"<Noise of {', '.join(self.floor.workloads)}: {alarms} false alarms in {of:,} comparisons of {self.n} pairs; see .frame>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import Summary, Table, fragment

        rows = tuple(map(_row, self.frame.to_dict("records")))
        table = Table(MEANING, HEADERS, rows, texts=frozenset({0, 1}))
        return {
            "text/plain": repr(self),
            "text/html": fragment(Summary.plain("Noise of this machine", self._lead, tables=(table,))),
        }

    @property
    def _lead(self) -> str:
        return f"The same strategy beside itself, under several names, over {self.n} pairs a comparison."


HEADERS = ("workload", "metric", "differs by", "false alarms", "rounds", "finds")
MEANING = (
    "differs by: in 95 of 100 comparisons the median ratio is no further off 1\n"
    "finds: a change of this size is found in 95 of 100"
)


def _row(row: dict[Any, Any]) -> tuple[str, ...]:
    finds = "–" if row["finds"] != row["finds"] else f"{row['finds']:.1%}"
    what = f"{row['workload']}, {row['strategy']}"
    alarms = f"{row['alarms']} of {row['comparisons']}"
    return what, row["metric"], f"{row['interval']:.1%}", alarms, str(row["rounds"]), finds
