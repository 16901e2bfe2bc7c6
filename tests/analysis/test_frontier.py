"""Up to how many items a strategy lives in a memory."""

from __future__ import annotations

import pandas as pd
import pytest

from attune_sim.analysis.frontier import FRONTIER_COLUMNS, frontier, measured_sizes
from attune_sim.frame import cells_frame, metrics_frame
from attune_sim.record import CellRecord, Reading

LIMIT = 2**30


def cells(record_of, law, sizes=((10, 100, 1_000), (20_000, 200_000))) -> list[CellRecord]:
    return [
        record_of(
            items=n, context_bytes=c, fan_out_context_bytes=c, memory_limit_bytes=LIMIT, samples=(),
            readings=(Reading("live_heap_bytes", law(n, c)), Reading("base_space_bytes", 1e8)),
        )
        for n in sizes[0]
        for c in sizes[1]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("law", "at"),
    [
        (lambda n, c: 3.0 * n * c, lambda c: (LIMIT - 1e8) / 3.0 / c),
        (lambda n, c: 500.0 * n, lambda c: (LIMIT - 1e8) / 500.0),
    ],
)
def test_the_frontier_is_where_the_law_meets_the_limit(record_of, law, at) -> None:
    edge = frontier(metrics_frame(cells(record_of, law)))

    assert tuple(edge.columns) == FRONTIER_COLUMNS
    assert set(edge["source"]) == {"estimated"}
    for row in edge.to_dict("records"):
        assert row["items"] == pytest.approx(at(row["context_bytes"]), rel=0.03)
        assert row["low"] <= row["items"] <= row["high"]


def test_what_lies_far_beyond_the_cells_says_so(record_of) -> None:
    edge = frontier(metrics_frame(cells(record_of, lambda n, c: 500.0 * n)))

    assert edge["extrapolated"].all()
    near = frontier(metrics_frame(cells(record_of, lambda n, c: 3.0 * n * c)))
    assert set(near["extrapolated"]) == {True, False}


def test_more_memory_holds_more_items(record_of) -> None:
    frame = metrics_frame(cells(record_of, lambda n, c: 3.0 * n * c))

    small, large = (frontier(frame, memory)["items"] for memory in (2**29, 2**31))
    assert (large > 3 * small).all()


def test_too_few_sizes_have_no_frontier(record_of) -> None:
    frame = metrics_frame(cells(record_of, lambda n, c: 1.0 * n * c, ((10, 100), (20_000,))))

    assert frontier(frame).empty


def test_sizes_are_told_by_what_became_of_their_cells(record_of) -> None:
    records = [
        record_of(items=10),
        record_of(items=1_000, outcome="memory_limit", items_done=600),
        record_of(items=9_000, outcome="skipped", items_done=0, fan_out_context_bytes=None),
    ]

    told = measured_sizes(cells_frame(records))
    expected = pd.DataFrame(
        {"items": [10, 1_000, 9_000], "lived": [1, 0, 0], "died": [0, 1, 0], "foretold": [0, 0, 1]}
    )
    assert (
        told[["items", "lived", "died", "foretold"]].astype("int64").to_numpy().tolist()
        == expected.to_numpy().tolist()
    )
    assert set(told["context_bytes"]) == {1_060_000.0}
