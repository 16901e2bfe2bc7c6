from __future__ import annotations

import pytest

import attune_sim as at
from attune_sim.simulation.prices import Line, Prices, StrategyPrices, TaskPrice


@pytest.fixture(scope="session")
def made_up() -> Prices:
    """A cheap strategy and a dear one: 100 bytes and 1 MB an item of `baseline`."""

    def of(fork: float) -> StrategyPrices:
        return StrategyPrices(tasks={"process_items": TaskPrice(fork=Line(fork))})

    return Prices({"deepcopy": of(1e6), "shared": of(100.0)}, "made up")


@pytest.fixture(scope="session")
def hours(made_up: Prices) -> at.Simulation:
    """Four cycles of twenty items, five at a time, under 8 MB."""
    return at.simulate(
        at.scenarios.baseline(history=0), items=20, concurrency=5, latency="uniform(1s, 3s)", every="1h", duration="4h", memory="8MB",
        prices=made_up, dispatch="eager", workers="2x3", progress=False,
    )  # fmt: skip
