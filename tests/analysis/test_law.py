from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.analysis.law import linear_law, memory_laws
from attune_sim.frame import samples_frame
from attune_sim.record import Sample


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.lists(st.integers(0, 10_000), min_size=3, unique=True))
def test_the_law_of_points_on_a_line_is_that_line(slope: float, start: float, items: list[int]) -> None:
    law = linear_law(items, [start + slope * n for n in items])

    assert law is not None
    assert law.slope == pytest.approx(slope, abs=1e-6 * (1 + abs(slope) + abs(start)))
    assert law.at(100) == pytest.approx(start + slope * 100, abs=1e-2 * (1 + abs(slope) + abs(start)))


def test_one_number_of_items_has_no_law() -> None:
    assert linear_law([5, 5], [1.0, 2.0]) is None


def test_two_points_are_never_called_linear_because_they_always_lie_on_a_line() -> None:
    law = linear_law([0, 10], [0.0, 5.0])

    assert law is not None
    assert law.r2 == 1.0
    assert not law.linear


def test_a_curve_is_not_called_linear() -> None:
    law = linear_law(list(range(20)), [float(2**n) for n in range(20)])

    assert law is not None
    assert not law.linear


def test_bytes_an_item_come_from_the_slope_of_the_samples(comparison_records) -> None:
    laws = memory_laws(samples_frame(comparison_records)).set_index("strategy")

    assert laws.loc["deepcopy", "bytes_per_item"] == pytest.approx(2_915_000.0)
    assert laws.loc[["shared"], "bytes_per_item"].to_list() == pytest.approx([104.0] * 3)
    assert laws["linear"].all()


def test_memory_given_back_after_the_last_fork_does_not_bend_the_law(record_of) -> None:
    growing = tuple(Sample(n, n / 10, "live_heap_bytes", 100.0 * n) for n in range(11))
    falling = tuple(Sample(10, 1 + n, "live_heap_bytes", 100.0 * (10 - n)) for n in range(10))

    (law,) = memory_laws(samples_frame([record_of(samples=growing + falling)])).to_dict("records")
    assert law["bytes_per_item"] == pytest.approx(100.0)
    assert law["r2"] == pytest.approx(1.0)
