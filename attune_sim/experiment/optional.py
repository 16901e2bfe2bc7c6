"""Probes that a comparison may ask for beside what every cell measures, each in a process of its own, after the cells."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from attune_sim.experiment.cell import run_beside
from attune_sim.experiment.instructions import INSTRUCTIONS, unavailable
from attune_sim.experiment.spec import CellSpec
from attune_sim.probes.cachegrind import is_installed, under_cachegrind
from attune_sim.record import FINAL_OUTCOMES, CellRecord, Reading
from attune_sim.store import Row

NOT_INSTALLED: Final = "valgrind is not installed"


class OptionalProbe(Protocol):
    """Reads more of a cell that has been measured."""

    @property
    def name(self) -> str:
        """How it is asked for."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """What it reads. It gives a reading of each, without value where there is none."""

    def readings(self, spec: CellSpec, record: CellRecord) -> list[Reading]:
        """One reading a metric; `record` is what the cell measured."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """Machine instructions of one fork and one rendering, counted by cachegrind.

    `installed` says whether this machine has valgrind; where it has not, the readings say so.
    """

    installed: Callable[[], bool] = is_installed
    name: str = "instructions"
    metrics: tuple[str, ...] = INSTRUCTIONS

    def readings(self, spec: CellSpec, record: CellRecord) -> list[Reading]:
        if (why := self._why_not(spec, record)) is None:
            found, why = _counted(spec, record.fan_out_items or 0)
            if len(found) == len(self.metrics):
                return found
        return [unavailable(metric, why or "nothing was told") for metric in self.metrics]

    def _why_not(self, spec: CellSpec, record: CellRecord) -> str | None:
        if not self.installed():
            return NOT_INSTALLED
        if spec.real:
            return "the real thing is not done again to be counted"
        return None if record.fan_out_items else "nothing fanned out"


def _counted(spec: CellSpec, items: int) -> tuple[list[Reading], str | None]:
    """What the counting program told, and why it told no more."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "valgrind.log")
        command = (*under_cachegrind(log), sys.executable, "-P", "-m", "attune_sim.experiment.counting")
        why = run_beside(spec, command, {"items": items, "log": log}, rows.append)
    told = ({name: row[name] for name in row if name != "row"} for row in rows if row["row"] == "reading")
    return [Reading(**figures) for figures in told], why


PROBES: Final[Mapping[str, OptionalProbe]] = {probe.name: probe for probe in (Instructions(),)}
"""Every optional probe by its name."""


def due(probes: Iterable[OptionalProbe], record: CellRecord) -> Iterator[OptionalProbe]:
    """Those that the record lacks readings of, or whose instrument was missing when it was made.

    A cell that a rerun measures again, or that was left out, is due none.
    """
    if record.outcome not in FINAL_OUTCOMES or record.outcome == "skipped":
        return
    settled = {reading.metric for reading in record.readings if NOT_INSTALLED not in reading.label}
    yield from (probe for probe in probes if not settled.issuperset(probe.metrics))
