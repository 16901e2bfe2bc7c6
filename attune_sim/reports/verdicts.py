"""The verdicts of a comparison, each with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attune_sim.analysis.comparison import SummaryRow
from attune_sim.analysis.figures import JUDGED, times
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.analysis.verdicts import alarms_of
from attune_sim.reports.summary import Table


def verdict_table(
    rows: Sequence[SummaryRow], names: Sequence[str], noise: NoiseFloor | None
) -> Iterator[Table]:
    """A row a strategy and judged metric; no table where nothing stands beside a reference."""
    told = [
        (name, metric, *_cells(row, metric, noise))
        for name, row in zip(names, rows, strict=True)
        if not row.is_reference
        for metric in JUDGED
    ]
    if told:
        yield Table(
            caption=f"Every verdict beside {rows[0].reference}: the median ratio of the pairs (above 1 this one is better), the "
            "interval that they leave for it (95 %; of fewer than six their range), and how often the same rule calls the same thing "
            "changed on this machine (at.noise())",
            headers=("strategy", "metric", "verdict", "ratio", "interval", "pairs", "false alarms here"),
            rows=tuple(told),
            texts=frozenset({0, 1, 2}),
        )


def _cells(row: SummaryRow, metric: str, noise: NoiseFloor | None) -> tuple[str, ...]:
    found, ratio, alarms = row.change(metric), row.ratio(metric), alarms_of(row, metric, noise)
    return (
        row.word(metric),
        "–" if ratio is None else times(ratio),
        "–" if found is None or ratio is None else f"{times(found.low)} to {times(found.high)}",
        str(found.n if found else 0),
        "not measured" if alarms is None else str(alarms),
    )
