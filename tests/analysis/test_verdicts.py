"""Every verdict says what it rests on, and how often the rule errs here; where nobody measured that, it says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scipy.stats import bootstrap

from attune_sim.analysis.comparison import summary_rows
from attune_sim.analysis.figures import JUDGED
from attune_sim.analysis.noise import NoiseFloor
from attune_sim.analysis.rule import median_interval
from attune_sim.analysis.verdicts import NOT_MEASURED, VERDICT_COLUMNS, alarm_lines, is_open, verdicts
from attune_sim.frame import cells_frame, metrics_frame, samples_frame
from attune_sim.record import Reading
from attune_sim.reports import comparison_summary


def repeats(record_of: Callable[..., Any], strategy: str, values: list[float], **given: Any) -> list[Any]:
    return [
        record_of(strategy=strategy, repeat=n, readings=(Reading("fork_us", value),), samples=(), **given)
        for n, value in enumerate(values)
    ]


def rows_of(records: list[Any]) -> list[Any]:
    return summary_rows(metrics_frame(records), cells_frame(records))


@pytest.fixture
def compared(record_of) -> list[Any]:
    return [
        *repeats(record_of, "deepcopy", [10.0] * 6),
        *repeats(record_of, "shared", [5.0, 5.1, 4.9, 5.0, 5.2, 4.8]),
        *repeats(record_of, "hamt", [10.0, 10.1, 10.0, 9.9, 10.0, 10.0]),
        *repeats(record_of, "merge", [6.0, 15.0, 9.0, 11.0, 7.0, 14.0]),
    ]


def test_a_verdict_has_its_ratio_its_interval_and_its_pairs(compared) -> None:
    found = verdicts(rows_of(compared)).query("metric == 'fork_us'").set_index("strategy")

    assert list(verdicts(rows_of(compared)).columns) == list(VERDICT_COLUMNS)
    assert dict(found["verdict"]) == {"shared": "changed", "hamt": "not changed", "merge": "cannot tell"}
    assert (found["n"] == 6).all()
    assert found.loc["shared", "low"] < found.loc["shared", "ratio"] == pytest.approx(2.0, abs=0.01)
    assert found["false_alarm_rate"].isna().all()
    assert found.loc["shared", "words"].startswith("fork 2.0 times faster")


def test_the_rate_of_false_alarms_is_that_of_so_many_pairs_as_measured_here(compared, record_of) -> None:
    noise = NoiseFloor(
        metrics_frame(
            [
                *repeats(record_of, "shared", [5.0 + n / 100 for n in range(12)]),
                *repeats(record_of, "shared~2", [5.0 + n / 99 for n in range(12)]),
            ]
        )
    )

    found = verdicts(rows_of(compared), noise).query("metric == 'fork_us'")
    assert (found["false_alarm_rate"] == 0).all()
    assert list(alarm_lines(rows_of(compared), noise)) == [
        "fork_us 0 of 500 (over 6 pairs, as baseline came out here (12 rounds))"
    ]
    assert list(alarm_lines(rows_of(compared), None)) == [NOT_MEASURED]
    assert list(alarm_lines(rows_of(compared[:6]), None)) == []


def test_a_report_has_a_table_of_all_verdicts_and_says_where_the_rule_was_not_tried(compared) -> None:
    found = comparison_summary(cells_frame(compared), metrics_frame(compared), samples_frame([]))

    [table] = [table for table in found.tables if "verdict" in table.headers]
    assert len(table.rows) == 3 * len(JUDGED)
    assert table.rows[0][:4] == ("shared", "fork_us", "changed", "2.0")
    assert table.rows[0][-1] == "not measured"
    assert ("How often such a verdict is a false alarm", (NOT_MEASURED,)) in found.remarks


def test_open_is_what_more_repeats_may_tell(compared, record_of) -> None:
    deepcopy, shared, hamt, merge = rows_of(compared)

    assert [is_open(row, "fork_us") for row in (deepcopy, shared, hamt, merge)] == [False, False, False, True]
    assert not is_open(merge, "render_us"), "nothing of it was measured"
    cut_short = repeats(record_of, "frozen", [6.0, 15.0, 9.0], outcome="memory_limit")
    assert not any(
        is_open(row, "fork_us") for row in rows_of([*compared[:6], *cut_short]) if row.repeats == 3
    )


@pytest.mark.parametrize("n", [10, 15, 20])
def test_the_interval_is_that_of_a_bootstrap_of_the_median_without_its_chance(n: int) -> None:
    values = [float(place**2) for place in range(1, n + 1)]
    import numpy as np

    drawn = bootstrap((values,), np.median, method="percentile", n_resamples=20_000, rng=1, vectorized=True)
    low, high = drawn.confidence_interval
    own_low, own_high = median_interval(values)
    place = [value**0.5 for value in (low, high, own_low, own_high)]
    assert place[2] == pytest.approx(place[0], abs=1.0), "no further off than one value of the sample"
    assert place[3] == pytest.approx(place[1], abs=1.0)
