"""Explorers over cells that nobody had to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import attune_sim as at
from attune_sim.record import CellRecord, Reading

LIMIT = 2**30
LAWS = {"deepcopy": lambda n, c: 3.0 * n * c, "shared": lambda n, c: 500.0 * n}


@pytest.fixture(scope="session")
def swept(record_of: Callable[..., CellRecord]) -> list[CellRecord]:
    """Two strategies at nine sizes: one keeps three bytes an item and byte of context, the other 500 bytes an item."""
    return [
        record_of(
            workload="baseline", strategy=name, items=n, context_bytes=c, fan_out_context_bytes=c, memory_limit_bytes=LIMIT,
            dispatch="eager", executor="inline", payload="records", forks=n, concurrency=None, samples=(),
            readings=(
                Reading("live_heap_bytes", law(n, c)), Reading("base_space_bytes", 100e6), Reading("wall_s", 1e-5 * n),
                Reading("record_bytes", 40.0),
            ),
        )
        for name, law in LAWS.items()
        for n in (10, 100, 1_000)
        for c in (20_000, 100_000, 200_000)
    ]  # fmt: skip


@pytest.fixture(scope="session")
def _explored(swept: list[CellRecord], tmp_path_factory: pytest.TempPathFactory) -> at.Explorer:
    """One for all: laws are fitted once."""
    return at.explore(at.Sweep(swept), store=tmp_path_factory.mktemp("explored") / "more.jsonl")


@pytest.fixture
def explorer(_explored: at.Explorer) -> Iterator[at.Explorer]:
    """Over those cells, at 1,000 items over 200 KB in 1 GiB; moved back afterwards."""
    setting, workload = _explored.setting, _explored.workload
    yield _explored
    _explored.setting, _explored.workload = setting, workload
