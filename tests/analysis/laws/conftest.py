"""Frames whose law is known: cells over several sizes whose cost somebody wrote down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from attune_sim.metrics import METRICS

Cost = Callable[[float, float], float]

SIZES = [(n, c) for n in (300, 900, 2_700) for c in (3_000, 12_000, 48_000)]


def made(
    cost: Cost,
    *,
    metric: str = "live_heap_bytes",
    sizes: Sequence[tuple[int, int]] = SIZES,
    repeats: int = 2,
    noise: float = 0.0,
    seed: int = 0,
    strategy: str = "planted",
    dispatch: str = "eager",
) -> pd.DataFrame:
    """A long metrics frame of one strategy and one metric; `noise` is the standard deviation of a cell, as a share."""
    chance = np.random.default_rng(seed)
    rows = [
        {
            "workload": "w",
            "strategy": strategy,
            "dispatch": dispatch,
            "executor": "inline",
            "payload": "records",
            "concurrency": None,
            "items": n,
            "context_bytes": c,
            "fan_out_context_bytes": c,
            "repeat": repeat,
            "forks": n,
            "outcome": "ok",
            "metric": metric,
            "unit": METRICS[metric].unit,
            "source": "measured",
            "value": cost(n, c) * float(np.exp(noise * chance.standard_normal())),
        }
        for repeat in range(repeats)
        for n, c in sizes
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def planted() -> Callable[..., pd.DataFrame]:
    return made


CLASSES: dict[str, Cost] = {
    "O(1)": lambda n, c: 80_000.0,
    "O(N)": lambda n, c: 9_000 + 400.0 * n,
    "O(C)": lambda n, c: 2_000 + 3.0 * c,
    "O(N*C)": lambda n, c: 9_000 + 400.0 * n + 2.1 * n * c,
}


@pytest.fixture(params=list(CLASSES))
def planted_class(request: pytest.FixtureRequest) -> tuple[str, Cost]:
    """A class, and a cost that has it."""
    return request.param, CLASSES[request.param]
