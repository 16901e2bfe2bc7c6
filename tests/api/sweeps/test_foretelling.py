"""What smaller cells foretell of a larger one: left out is only what cannot fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attune_sim.api.sweeps.foretelling import Foretelling
from attune_sim.record import CellRecord, Reading

SIZES = [(items, context) for context in (20_000, 80_000) for items in (16, 64, 256)]


def series(swept_cell, strategy: str = "deepcopy", **given) -> list[CellRecord]:
    return [swept_cell(strategy, *size, **given) for size in SIZES]


def asked(swept_cell, strategy: str, items: int, context_bytes: int, **limits):
    """The key of a cell that has not been run."""
    limits = {"memory_limit_bytes": 10**9, "time_limit_s": 60.0, **limits}
    return replace(swept_cell(strategy, items, context_bytes).key, **limits)


def test_what_would_be_far_above_the_memory_limit_is_left_out_with_its_estimate(swept_cell) -> None:
    cell = asked(swept_cell, "deepcopy", 10_000, 160_000)
    foretold = Foretelling().of(cell, series(swept_cell))

    assert foretold is not None
    assert "foretell a live heap of 4.6" in foretold.reason
    assert foretold.reason.endswith("and a cell may take 954 MiB")
    [heap] = [one for one in foretold.readings if one.metric == "live_heap_bytes"]
    assert heap.source == "estimated"
    assert heap.value == pytest.approx(2.9 * 10_000 * 160_000, rel=0.05)
    assert "95 % interval" in heap.label
    assert "6 cells" in heap.basis


def test_what_fits_and_what_may_fit_is_run(swept_cell) -> None:
    known, tell = series(swept_cell), Foretelling()

    assert tell.of(asked(swept_cell, "deepcopy", 512, 80_000), known) is None
    expected = 2.9 * 4096 * 80_000
    barely = asked(swept_cell, "deepcopy", 4096, 80_000, memory_limit_bytes=int(expected * 0.995))
    assert tell.of(barely, known) is None  # the lower end of the interval is below the limit


def test_a_strategy_that_shares_is_run_where_one_that_copies_is_not(swept_cell) -> None:
    both = [*series(swept_cell), *series(swept_cell, "shared")]

    assert Foretelling().of(asked(swept_cell, "shared", 10_000, 160_000), both) is None
    assert Foretelling().of(asked(swept_cell, "deepcopy", 10_000, 160_000), both) is not None


def test_a_run_that_takes_too_long_is_left_out_for_its_time_limit_or_for_what_is_left_of_a_budget(
    swept_cell,
) -> None:
    known = series(swept_cell)
    large = {"memory_limit_bytes": 10**15}
    slow = Foretelling().of(asked(swept_cell, "deepcopy", 100_000, 80_000, time_limit_s=5.0, **large), known)
    late = Foretelling(lambda: 3.0).of(
        asked(swept_cell, "deepcopy", 100_000, 80_000, time_limit_s=1e6, **large), known
    )

    assert slow is not None
    assert "and it may take 5.0 s" in slow.reason
    assert late is not None
    assert late.reason.endswith("3.0 s are left of the budget")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("memory_limit", "memory limit of 954 MiB"), ("time_limit", "time limit of 60.0 s")],
)
def test_a_larger_cell_is_left_out_where_a_smaller_one_met_the_limit(swept_cell, outcome, words) -> None:
    died = swept_cell("deepcopy", 100, 50_000, outcome=outcome, forks=40, readings=())

    foretold = Foretelling().of(asked(swept_cell, "deepcopy", 100, 60_000), [died])
    assert foretold is not None
    assert foretold.reason == (
        f"not run: a smaller cell, 100 items over 50.0 KB, met the {words} after 40 forks"
    )
    assert Foretelling().of(asked(swept_cell, "deepcopy", 100, 50_000), [died]) is None
    assert Foretelling().of(asked(swept_cell, "deepcopy", 50, 60_000), [died]) is None
    assert Foretelling().of(asked(swept_cell, "shared", 100, 60_000), [died]) is None


def test_nothing_is_foretold_from_fewer_than_three_sizes_or_without_a_law(swept_cell) -> None:
    cell = asked(swept_cell, "deepcopy", 10**6, 320_000)
    erratic = [
        replace(one, readings=(Reading("live_heap_bytes", 10.0**place),))
        for place, one in zip((9, 3, 8, 2, 9, 4), series(swept_cell), strict=True)
    ]

    assert Foretelling().of(cell, series(swept_cell)[:2]) is None
    assert Foretelling().of(cell, erratic) is None


def test_a_cell_beside_a_larger_one_that_came_to_its_end_is_run(swept_cell) -> None:
    ended = swept_cell("deepcopy", 10_000, 160_000)

    cell = asked(swept_cell, "deepcopy", 10_000, 160_000)
    assert Foretelling().of(cell, [*series(swept_cell), ended]) is None
