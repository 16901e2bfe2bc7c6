"""A meter that measures nothing: gates are held against records that are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from attune_sim.api.alarms.gate import Gate, gate_asked
from attune_sim.api.alarms.holding import Holding
from attune_sim.api.alarms.meter import Meter, Taken
from attune_sim.api.alarms.outcome import Trust
from attune_sim.record import CellRecord, Reading


class KnownMeter(Meter):
    """Gives the same records to every gate, and keeps the gates that it was asked for."""

    def __init__(self, records: Iterable[CellRecord]) -> None:
        super().__init__()
        self.records = tuple(records)
        self.gates: list[Gate] = []

    def taken(self, gate: Gate) -> Taken:
        self.gates.append(gate)
        return Taken(records=self.records)


@pytest.fixture
def cells_of(record_of) -> Callable[..., list[CellRecord]]:
    """Five cells of a strategy: `cells_of("shared", fork_us=1.0, fork_bytes=72.0)`."""

    def cells(
        strategy: str = "shared", *, fork_us: float = 0.2, fork_bytes: float = 72.0, **given
    ) -> list[CellRecord]:
        readings = (Reading("fork_us", fork_us), Reading("fork_bytes", fork_bytes), Reading("floor_us", 0.2))
        return [
            record_of(strategy=strategy, repeat=n, samples=(), readings=readings, **given) for n in range(5)
        ]

    return cells


@pytest.fixture
def holding_of(tmp_path: Path) -> Callable[..., Holding]:
    """`holding_of(records, times=True)`: how gates are held, with a baseline in a folder of the test."""

    def holding(
        records: Iterable[CellRecord], *, times: bool = False, company: bool = False, **given
    ) -> Holding:
        return Holding(
            baseline=tmp_path / "attune-baseline.json",
            making="pytest {} --attune-save",
            trust=Trust(times=times, company=company),
            meter=KnownMeter(records),
            **given,
        )

    return holding


@pytest.fixture
def gate() -> Callable[..., Gate]:
    """`gate("fork_bytes < 128")`"""

    def asked(*rules: str, workload: str = "baseline", **options) -> Gate:
        return gate_asked("test_it", rules, {"workload": workload, **options}, "pytest test_it -v")

    return asked
