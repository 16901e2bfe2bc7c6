"""The finding of a comparison and of a sweep: two sentences, one number, before and after."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from attune_sim.contexts.registry import strategies
from attune_sim.frame import cells_frame, metrics_frame, promises_frame, samples_frame
from attune_sim.record import CellRecord, Reading
from attune_sim.reports import Summary, comparison_summary, sweep_summary
from attune_sim.reports.doubts import doubt_lines

PROMISES = promises_frame(
    {
        "strategy": name,
        "isolates": strategies[name].guarantees.isolates,
        **strategies[name].guarantees.as_dict(),
    }
    for name in strategies
)


def frames(records: list[CellRecord]) -> list[pd.DataFrame]:
    return [make(records) for make in (cells_frame, metrics_frame, samples_frame)]


def compared(records: list[CellRecord]) -> Summary:
    return comparison_summary(*frames(records), {"baseline"}, PROMISES)


def test_the_finding_is_two_sentences_with_what_died_what_lived_and_what_is_given_up(
    comparison_records: list[CellRecord],
) -> None:
    assert compared(comparison_records).finding == (
        "A copy of the context for each of 1,000 items (deepcopy) ran out of 2.0 GB at item 673; one context for all 1,000 items "
        "(shared) took 144 KB and 10.1 ms. One more item takes 104 B in place of 2.92 MB, and 0.132 µs in place of 26.1 ms; in "
        "return an item that writes into what it was handed writes for all."
    )


def test_the_number_is_the_ratio_only_where_the_rule_says_that_something_changed(record_of) -> None:
    sure = [record_of(strategy=name, repeat=n) for name in ("deepcopy", "shared") for n in range(3)]
    same = [
        record_of(strategy=name, readings=(Reading("fork_bytes", 900.0),)) for name in ("deepcopy", "shared")
    ]

    number = compared(sure).number
    assert number is not None
    assert (number.value, number.words) == (
        "28,000 ×",
        "less memory for one more item: 104 B under shared and 2.92 MB under deepcopy",
    )
    assert compared(same).number is None


def test_before_and_after_tell_bytes_time_growth_and_risk(record_of) -> None:
    extra = (Reading("base_space_bytes", 8e7), Reading("record_bytes", 6.0))
    records = [
        record_of(strategy=name, readings=(*record_of(strategy=name).readings, *extra))
        for name in ("deepcopy", "shared")
    ]
    contrast = compared(records).contrast

    assert contrast is not None
    assert (contrast.before, contrast.after) == ("deepcopy", "shared")
    told = {what: (before, after, so) for what, before, after, so in contrast.rows}
    assert told["memory of one more item"] == ("2.92 MB", "104 B", "28,000 times less memory")
    assert told["how memory grows"][:2] == ("2.92 MB an item", "110 B an item")
    assert told["how it ended"][:2] == ("lived", "lived")
    assert told["items that fit into 2.0 GB"][:2] == ("≈ 659", "≈ 17,500,000")


def test_nothing_is_contrasted_without_a_second_strategy_or_a_figure(record_of) -> None:
    alone = compared([record_of()])
    nothing = compared([record_of(strategy=name, readings=(), samples=()) for name in ("deepcopy", "shared")])

    for summary in (alone, nothing):
        assert (summary.finding, summary.number, summary.contrast) == ("", None, None)
        assert summary.lead


def swept(record_of: Callable[..., CellRecord]) -> list[CellRecord]:
    """Two strategies over sizes, just as their laws say: 2 bytes an item and byte, and 150 bytes an item."""
    each = {"deepcopy": lambda n, c: 2.0 * n * c, "shared": lambda n, c: 150.0 * n}
    return [
        record_of(
            strategy=name, items=n, context_bytes=c, fan_out_context_bytes=c, memory_limit_bytes=2**29, samples=(),
            readings=(
                Reading("live_heap_bytes", each[name](n, c)), Reading("base_space_bytes", 8e7),
                Reading("fork_bytes", each[name](n, c) / n), Reading("fork_us", 0.01 * c if name == "deepcopy" else 0.1),
            ),
        )
        for name in each
        for n in (10, 100, 1_000)
        for c in (20_000, 200_000)
    ]  # fmt: skip


def test_a_sweep_says_how_memory_grows_and_how_many_items_fit(record_of) -> None:
    summary = sweep_summary(*frames(swept(record_of)), {"baseline"}, PROMISES)

    assert summary.number is not None
    assert summary.number.value.endswith("×")
    assert summary.finding.startswith(
        "Memory under deepcopy grows with items times context (2 B an item and byte); memory under shared grows with the items "
        "alone (150 B an item). Over 200 KB of context 512 MiB hold some 1,140 items under deepcopy, some 3,"
    )
    told = {row[0]: row for row in summary.tables[0].rows}
    assert told["deepcopy"][-2:] == ("O(N*C), 2 B an item and byte", "≈ 1,140")
    assert [table.name for table in summary.tables[:3]] == ["prices", "laws", "predictions"]


def test_doubts_that_say_the_same_are_one_line_with_the_range_of_the_figure_that_differs(record_of) -> None:
    from attune_sim.analysis.comparison import summary_rows

    records = [
        record_of(strategy=name, repeat=n, readings=(Reading("wall_s", 1.0 + spread * (n == 2)),), samples=())
        for name, spread in (("hamt", 0.5), ("rpds", 0.7), ("merge", 0.0))
        for n in range(3)
    ]
    rows = summary_rows(metrics_frame(records), cells_frame(records))
    lines = [*doubt_lines((row.case.strategy, row) for row in rows)]
    assert lines == ["wall_s: spread 50% to 70% over 3 repeats (hamt, rpds)"]
