from __future__ import annotations

from typing import Any

import pytest

import attune_sim as at
from attune_sim.api.comparisons.cost import Cost, Costs
from attune_sim.record import Reading


class RecordedCosts(Costs):
    """Costs whose cells are given instead of measured."""

    def __init__(self, **records: Any) -> None:
        super().__init__()
        self._records = records

    def measured(self, workload: Any, *, strategy: Any = "shared", **options: Any) -> Cost:
        return Cost(self._records[strategy], self, workload, options)


def cost_of(record_of, **given: Any) -> Cost:
    record = record_of(**given)
    return RecordedCosts(one=[record]).measured("baseline", strategy="one")


def test_a_cost_has_every_metric_by_its_name(record_of) -> None:
    cost = cost_of(record_of)

    assert cost.fork_bytes == 104.0
    assert cost.strategy == "shared"
    assert "fork_us" in dir(cost)


def test_the_figure_is_the_median_over_repeats(record_of) -> None:
    records = [
        record_of(repeat=n, readings=(Reading("fork_us", value),)) for n, value in enumerate((1.0, 9.0, 2.0))
    ]

    assert RecordedCosts(one=records).measured("baseline", strategy="one").fork_us == 2.0


def test_a_ratio_is_other_by_this_so_more_is_better(record_of) -> None:
    costs = RecordedCosts(shared=[record_of()], deepcopy=[record_of(strategy="deepcopy")])

    ratio = costs.measured("baseline").ratio_to("deepcopy")
    assert ratio.fork_bytes == pytest.approx(2_915_000 / 104)
    assert "times" in repr(ratio)


def test_per_item_figures_of_a_cell_that_met_its_limit_hold_and_others_do_not(record_of) -> None:
    cost = cost_of(record_of, strategy="deepcopy", outcome="memory_limit", items_done=673)

    assert cost.fork_bytes == 2_915_000.0
    with pytest.raises(at.ExperimentError, match="ended with memory_limit at item 673 of 1,000"):
        cost.peak_rss_bytes  # noqa: B018


def test_no_figure_of_a_cell_that_crashed_holds_and_the_reason_is_told(record_of) -> None:
    cost = cost_of(record_of, outcome="crashed", error="exit code 3")

    with pytest.raises(at.ExperimentError, match=r"fork_us does not hold: .* crashed .*\(exit code 3\)"):
        cost.fork_us  # noqa: B018


def test_a_counter_that_the_platform_lacks_is_said(record_of) -> None:
    cost = cost_of(record_of, readings=(Reading("fork_bytes", None, label="unavailable: no mallinfo2"),))

    with pytest.raises(at.ExperimentError, match="no mallinfo2"):
        cost.fork_bytes  # noqa: B018


def test_a_counter_that_nobody_asked_for_says_how_to_ask(record_of) -> None:
    cost = cost_of(record_of)

    with pytest.raises(at.ExperimentError, match=r"ask for it with probes=\('instructions',\)"):
        _ = cost.fork_instructions


def test_a_name_that_is_no_metric_lists_them(record_of) -> None:
    with pytest.raises(AttributeError, match="choose from: fork_us"):
        cost_of(record_of).forkbytes  # noqa: B018


def test_different_answers_have_no_ratio(record_of) -> None:
    costs = RecordedCosts(shared=[record_of()], other=[record_of(strategy="other", answer="different")])

    with pytest.raises(at.ExperimentError, match="different answers"):
        costs.measured("baseline").ratio_to("other")


def test_the_repr_shows_figures_so_that_a_failing_assert_can_be_read(record_of) -> None:
    assert "fork_bytes=104 B" in repr(cost_of(record_of))


def test_equal_cells_run_once() -> None:
    costs = Costs()
    first = costs.measured("baseline", items=3, history=1)

    assert costs.measured("baseline", items=3, history=1).records[0] is first.records[0]
    assert costs.measured("baseline", items=4, history=1).records[0] is not first.records[0]


def test_a_cost_of_a_cell_that_was_cut_short_shows_totals_as_at_least_that(record_of) -> None:
    cost = cost_of(record_of, strategy="deepcopy", outcome="memory_limit", items_done=673)

    assert "memory_limit at item 673 of 1,000" in repr(cost)
    assert "live_heap_bytes=≥ 1.96 GB" in repr(cost)
    assert "fork_bytes=2.92 MB" in repr(cost)


def test_no_figure_holds_of_a_cell_whose_items_all_failed(record_of) -> None:
    cost = cost_of(record_of, items_failed=1000, run_status="failed")

    with pytest.raises(
        at.ExperimentError, match=r"fork_us does not hold: .* 1,000 of 1,000 items failed, the run"
    ):
        cost.fork_us  # noqa: B018
    assert cost.as_dict()["outcome"] == "1,000 of 1,000 items failed, the run failed"
    assert "1,000 of 1,000 items failed" in repr(cost)


def test_a_ratio_shows_only_what_holds_on_both_sides(record_of) -> None:
    short = record_of(strategy="deepcopy", outcome="memory_limit", items_done=673)
    costs = RecordedCosts(shared=[record_of()], deepcopy=[short])

    shown = repr(costs.measured("baseline").ratio_to("deepcopy"))
    assert "fork_bytes 28,029 times" in shown
    assert "live_heap_bytes" not in shown
