"""A real run and simulated cycles, figure beside figure."""

from __future__ import annotations

import pandas as pd
import pytest

from attune_sim.analysis.simulations import calibrated


def side(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["metric", "task", "unit", "value"])


def verdict(metric: str, measured: list[float], estimated: list[float], unit: str = "s") -> tuple[str, str]:
    frame = calibrated(
        side(*((metric, "", unit, value) for value in measured)),
        side(*((metric, "", unit, value) for value in estimated)),
    )
    (row,) = frame.to_dict("records")
    return row["verdict"], row["why"]


@pytest.mark.parametrize(
    ("measured", "estimated", "expected"),
    [
        ([10.0], [10.9], "agrees"),  # within a tenth
        ([10.0], [12.0], "parts"),
        ([10.0], [8.0, 14.0], "agrees"),  # inside the range of the seeds
        ([10.0], [12.0, 13.0, 20.0], "parts"),
        ([], [10.0], "unknown"),
        ([10.0], [], "unknown"),
    ],
)
def test_a_makespan_agrees_within_a_tenth_or_inside_the_range_of_the_seeds(
    measured: list[float], estimated: list[float], expected: str
) -> None:
    assert verdict("makespan_s", measured, estimated)[0] == expected


def test_where_they_part_it_says_by_how_much_and_which_way() -> None:
    assert verdict("makespan_s", [10.0], [12.0]) == ("parts", "simulated 20 % more: 12.0 s beside 10.0 s")


def test_counts_must_be_the_same() -> None:
    assert verdict("failed", [3.0], [3.0], "count")[0] == "agrees"
    assert verdict("failed", [3.0], [4.0], "count")[0] == "parts"
    assert verdict("failed", [0.0], [0.0], "count")[0] == "agrees"
