"""Cells of a sweep that follow their laws, for the plots over sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from attune_sim.frame import metrics_frame
from attune_sim.record import CellRecord, Reading

LAWS: dict[str, Callable[[float, float], float]] = {
    "deepcopy": lambda n, c: 2.0 * n * c,
    "hamt": lambda n, c: 400.0 * n,
    "shared": lambda n, c: 150.0 * n,
}


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        plt.switch_backend("agg")
        yield
        plt.close("all")


@pytest.fixture(scope="session")
def swept(record_of: Callable[..., CellRecord]) -> pd.DataFrame:
    """The metrics of three strategies over three sizes each way; what would not fit into 512 MiB was left out."""
    return metrics_frame(
        _cell(record_of, name, n, c) for name in LAWS for n in (10, 100, 1_000) for c in (20_000, 500_000)
    )


def _cell(record_of: Callable[..., CellRecord], name: str, n: int, c: int) -> CellRecord:
    live = LAWS[name](n, c)
    known = {
        "live_heap_bytes": live, "base_space_bytes": 8e7, "fork_bytes": live / n,
        "fork_us": 0.01 * c if name == "deepcopy" else 0.2,
    }  # fmt: skip
    fits = live < 2**29
    readings = [Reading(metric, value) for metric, value in known.items()]
    if not fits:
        readings = [Reading("live_heap_bytes", live, source="estimated")]
    return record_of(
        strategy=name, items=n, context_bytes=c, memory_limit_bytes=2**29, samples=(), readings=tuple(readings),
        fan_out_context_bytes=c if fits else None, outcome="ok" if fits else "skipped", items_done=n if fits else 0,
    )  # fmt: skip
