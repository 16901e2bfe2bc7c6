from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from attune_sim.analysis.comparison import summarise, summary_rows
from attune_sim.analysis.figures import (
    JUDGED,
    Doubt,
    Figure,
    Round,
    change,
    figures_of,
    pairs_of,
    ratio,
    times,
    verdict,
)
from attune_sim.analysis.law import memory_laws
from attune_sim.frame import cells_frame, metrics_frame, samples_frame
from attune_sim.record import CellRecord, Reading, Sample


def summary_of(records: list[CellRecord]):
    return summarise(metrics_frame(records), cells_frame(records), samples_frame(records)).set_index(
        "strategy"
    )


def frames_of(records: list[CellRecord]):
    return metrics_frame(records), cells_frame(records), samples_frame(records)


def times_only(record_of, strategy: str, values: list[float]) -> list[CellRecord]:
    return [
        record_of(strategy=strategy, repeat=n, readings=(Reading("fork_us", value),), samples=())
        for n, value in enumerate(values)
    ]


def test_there_is_one_row_a_strategy_in_the_order_of_the_cells(comparison_records) -> None:
    assert list(summary_of(comparison_records).index) == ["deepcopy", "chainmap", "persistent", "shared"]


def test_the_headline_is_the_median_so_one_disturbed_repeat_does_not_move_it(record_of) -> None:
    summary = summary_of(times_only(record_of, "shared", [0.1, 0.1, 9.0]))

    assert summary.loc["shared", "fork_us"] == 0.1


def test_ratios_are_those_to_deepcopy_where_it_took_part(comparison_records) -> None:
    summary = summary_of(comparison_records)

    assert summary.loc["shared", "fork_bytes_ratio"] == pytest.approx(2_915_000 / 104)
    assert set(summary["reference"]) == {"deepcopy"}
    assert summary.loc["deepcopy", "verdict"] == "the reference"


def test_without_deepcopy_the_first_strategy_is_the_reference(record_of) -> None:
    summary = summary_of([record_of(strategy="persistent"), record_of(strategy="shared")])

    assert set(summary["reference"]) == {"persistent"}


def test_a_strategy_that_crashed_is_no_reference_while_another_went_well(record_of) -> None:
    summary = summary_of([record_of(strategy="mine", outcome="crashed"), record_of(strategy="shared")])

    assert set(summary["reference"]) == {"shared"}


def test_a_cell_that_ended_early_is_doubted_and_says_how_far_it_got(comparison_records) -> None:
    row = summary_of(comparison_records).loc["deepcopy"]

    assert row["outcome"] == "memory_limit"
    assert "memory_limit at item 673 of 1,000" in row["doubts"]


def test_too_few_repeats_and_a_wide_spread_are_said(record_of) -> None:
    few = summary_of(times_only(record_of, "shared", [0.1])).loc["shared", "doubts"]
    noisy = summary_of(times_only(record_of, "shared", [0.1, 0.2, 0.1])).loc["shared", "doubts"]
    wrong = summary_of(times_only(record_of, "shared", [0.1, 5.0, 0.1])).loc["shared", "doubts"]
    calm = summary_of(times_only(record_of, "shared", [0.1, 0.101, 0.1])).loc["shared", "doubts"]

    assert "fork_us: only one repeat" in few
    assert "fork_us: spread 100%" in noisy
    assert "fork_us: one of 3 repeats is 50 times the median" in wrong
    assert calm == ""


def test_a_doubt_says_which_metric_it_is_about_or_that_it_is_about_all(record_of) -> None:
    readings = (Reading("fork_us", 0.1), Reading("fork_bytes", 64.0, label="a; b: c"))
    cut_short = record_of(outcome="killed", items_done=40, readings=readings, samples=())

    [row] = summary_rows(metrics_frame([cut_short]), cells_frame([cut_short]))
    assert row.doubts == (
        Doubt(None, "killed at item 40 of 1,000: per-item figures are over the items it got to"),
        Doubt("fork_us", "only one repeat"),
        Doubt("fork_bytes", "a; b: c"),
    )


def test_what_pympler_cannot_see_is_doubted(record_of) -> None:
    record = record_of(readings=(Reading("asizeof_bytes", 64.0, label="opaque"),))

    assert "asizeof_bytes: opaque" in summary_of([record]).loc["shared", "doubts"]


def test_cells_whose_items_nobody_knows_are_set_beside_each_other(record_of) -> None:
    repeated = [
        record_of(strategy=name, repeat=repeat, items=0)
        for name in ("deepcopy", "shared")
        for repeat in range(3)
    ]
    summary = summary_of(repeated)

    assert summary["items"].isna().all()
    assert list(summary["repeats"]) == [3, 3]
    assert summary.loc["shared", "fork_bytes_ratio"] == pytest.approx(2_915_000 / 104)
    assert memory_laws(samples_frame(repeated))["items"].isna().all()


def test_estimates_never_reach_a_summary(record_of) -> None:
    record = record_of(readings=(Reading("fork_us", 5.0, source="estimated"), Reading("fork_us", 1.0)))

    assert summary_of([record]).loc["shared", "fork_us"] == 1.0


def test_repeats_that_were_skipped_do_not_count(record_of) -> None:
    slow = record_of(strategy="deepcopy")
    skipped = record_of(
        strategy="deepcopy", repeat=1, outcome="skipped", items_done=0, readings=(), samples=()
    )

    row = summary_of([slow, skipped]).loc["deepcopy"]
    assert (row["repeats"], row["outcome"]) == (1, "ok")


def figure(*values: float, metric: str = "fork_us", first_seed: int = 0) -> Figure:
    return Figure(metric, {Round(first_seed + n, n): value for n, value in enumerate(values)})


def paced(values: Sequence[float], paces: Sequence[float]) -> Figure:
    rounds = {Round(n, n): value for n, value in enumerate(values)}
    return Figure("fork_us", rounds, paces=dict(zip(rounds, paces, strict=False)))


def test_a_machine_that_was_slow_under_one_side_of_a_pair_changes_no_ratio() -> None:
    base = paced([1.0, 1.8, 1.0, 1.8, 1.0], [0.2, 0.36, 0.2, 0.36, 0.2])
    own = paced([1.98, 1.1, 1.1, 1.98, 1.98], [0.36, 0.2, 0.2, 0.36, 0.36])

    assert ratio(base, own) == pytest.approx(1 / 1.1)
    assert verdict("fork_us", base, own) == "fork 1.1 times slower (1.1 to 1.1)"
    assert verdict("fork_us", replace(base, paces={}), own).startswith("fork: cannot tell")


def test_a_price_and_what_a_run_paid_have_no_pace_in_common() -> None:
    """Of one a bare object tells it, of the other a hundred of them: nothing follows from one over the other."""
    price = paced([1.0] * 5, [0.2] * 5)
    paid = replace(paced([3.0] * 5, [20.0] * 5), metric="paid_fork_us")

    assert pairs_of(price, paid) == [(1.0, 3.0)] * 5
    assert (
        pairs_of(paid, replace(paid, metric="render_us", paces=dict.fromkeys(paid.rounds, 40.0)))
        == [(6.0, 3.0)] * 5
    )


def test_a_time_is_set_beside_the_first_pace_of_its_metric_that_was_read(record_of) -> None:
    readings = (Reading("render_us", 1.0), Reading("paid_fork_us", 2.0), Reading("pace_us", 20.0))
    records = [
        record_of(readings=readings),
        record_of(strategy="hamt", readings=(*readings, Reading("attempt_pace_us", 30.0))),
    ]

    older, known = figures_of(metrics_frame(records)).values()

    assert [*older["render_us"].paces.values()] == [20.0]
    assert [*known["render_us"].paces.values()] == [30.0]
    assert [*known["paid_fork_us"].paces.values()] == [20.0]


@pytest.mark.parametrize(
    ("base", "own", "words"),
    [
        ([100, 99, 101, 100, 100], [1, 1, 1, 1, 1], "fork 100 times faster"),
        ([1, 1, 1, 1, 1], [100, 99, 101, 100, 100], "fork 100 times slower"),
        ([1, 1.01, 0.98, 1, 1], [1.02, 1, 0.98, 1.01, 1], "fork as fast"),
        ([1.5, 0.9, 2, 1.5, 1], [1, 1.6, 0.8, 1, 1], "fork: cannot tell (0.562 to 2.5 times, 5 repeats)"),
        ([1.5], [1], "fork: cannot tell (only one repeat)"),
        ([1.5] * 5, [1, 1, 0.9, 1, 1.1], "fork 1.5 times faster (1.36 to 1.67)"),
        ([1] * 5, [1.04] * 5, "fork 1.04 times slower (1.04 to 1.04)"),
        ([1] * 5, [0] * 5, "fork: too small to measure"),
    ],
)
def test_a_verdict_says_changed_not_changed_or_cannot_tell(base, own, words) -> None:
    assert verdict("fork_us", figure(*base), figure(*own)) == words


def test_repeats_are_paired_by_their_hash_seed_and_what_has_no_partner_does_not_count() -> None:
    layouts = (300.0, 400.0, 500.0)
    base, own = figure(*layouts, metric="fork_bytes"), figure(*layouts[:2], metric="fork_bytes")
    old = figure(*layouts, metric="fork_bytes", first_seed=10)

    assert ratio(base, own) == 1.0
    assert change(base, own).n == 2
    assert ratio(base, old) is None
    assert (
        verdict("fork_bytes", base, old) == "memory a fork: cannot tell (no two repeats under one hash seed)"
    )


def test_what_each_pair_keeps_less_of_is_told_however_much_the_layouts_differ(record_of) -> None:
    def cells(strategy: str, share: float) -> list[CellRecord]:
        kept = [(seed, share * size) for seed, size in enumerate((314.0, 426.0, 340.0, 390.0))]
        return [
            record_of(
                strategy=strategy,
                repeat=seed,
                hash_seed=seed,
                readings=(Reading("fork_bytes", size),),
                samples=(),
            )
            for seed, size in kept
        ]

    row = summary_of([*cells("hamt", 1.0), *cells("smaller", 0.99)]).loc["smaller"]
    assert row["fork_bytes_ratio"] == pytest.approx(1 / 0.99)
    assert "memory a fork 1.01 times smaller" in row["verdict"]
    assert row["doubts"] == "fork_bytes: 311 to 422 B over 4 hash seeds"


def test_a_figure_that_depends_on_the_hash_seed_says_so_and_its_interval_holds_all_seeds() -> None:
    hamt = figure(314.0, 426.0, 328.0, metric="fork_bytes")

    assert (hamt.median, hamt.low, hamt.high) == (328.0, 314.0, 426.0)
    assert hamt.by_seed == "314 to 426 B"
    assert [str(doubt) for doubt in hamt.doubts()] == ["fork_bytes: 314 to 426 B over 3 hash seeds"]
    assert figure(999.0, 1_200.0, metric="fork_bytes").by_seed == "999 B to 1.2 KB"


def test_what_moves_with_the_machine_or_by_a_few_blocks_is_not_laid_to_the_hash_seed() -> None:
    one_seed = Figure("fork_bytes", {Round(0, 0): 314.0, Round(0, 1): 426.0})
    assert one_seed.by_seed == ""
    assert figure(1.0, 2.0, metric="fork_us").by_seed == ""
    assert figure(4e6, 8e6, metric="peak_rss_bytes").by_seed == ""
    assert figure(100_000.0, 103_000.0, metric="live_heap_bytes").by_seed == ""
    assert figure(104.0, 105.0, metric="fork_bytes").by_seed == ""


def test_a_round_that_a_store_holds_twice_counts_once(record_of) -> None:
    twice = [
        record_of(digest=digest * 16, readings=(Reading("fork_bytes", value),), samples=())
        for digest, value in (("0", 100.0), ("1", 102.0))
    ]

    [figures] = figures_of(metrics_frame(twice)).values()
    assert figures["fork_bytes"].rounds == {Round(0, 0): 101.0}


def test_every_judged_metric_has_a_ratio_and_words(comparison_records) -> None:
    summary = summary_of(comparison_records)

    assert {f"{name}_ratio" for name in JUDGED} <= set(summary.columns)
    assert all(words in summary.loc["shared", "verdict"] for words, *_ in JUDGED.values())


def test_factors_are_said_with_as_many_digits_as_they_deserve() -> None:
    assert [times(x) for x in (1.04, 9.96, 99.4, 999.6, 48_612.0)] == ["1.0", "10.0", "99", "1,000", "48,600"]


def test_a_total_of_a_run_that_was_cut_short_is_told_as_at_least_that_and_has_no_ratio(record_of) -> None:
    short = record_of(strategy="deepcopy", outcome="memory_limit", items_done=673)
    [row, whole] = summary_rows(*frames_of([short, record_of()]))

    assert [row.shown(name) for name in ("live_heap_bytes", "peak_rss_bytes", "fork_bytes")] == [
        "≥ 1.96 GB",
        "≥ 2.0 GB",
        "2.92 MB",
    ]
    assert "totals at least what is shown" in str(row.doubts[0])
    assert whole.ratio("live_heap_bytes") is None
    assert whole.ratio("fork_bytes") == pytest.approx(2_915_000 / 104)


@pytest.mark.parametrize(
    ("base", "own", "words"),
    [
        ((9e9, True), (9e4, False), "live heap at least 100,000 times smaller"),
        ((9e4, False), (9e9, True), "live heap at least 100,000 times larger"),
        ((9e4, True), (9e9, False), "live heap: cannot tell (the run of the reference was cut short)"),
        ((9e9, False), (9e4, True), "live heap: cannot tell (its run was cut short)"),
        ((9e9, True), (9e4, True), "live heap: cannot tell (both runs were cut short)"),
    ],
)
def test_a_verdict_over_a_lower_bound_says_at_least_or_that_it_cannot_tell(base, own, words) -> None:
    sides = [Figure("live_heap_bytes", {Round(0, 0): value}, least=least) for value, least in (base, own)]

    assert verdict("live_heap_bytes", *sides) == words


def test_items_that_all_failed_are_no_work_and_nothing_of_them_is_compared(record_of) -> None:
    in_vain = record_of(items_failed=300, items_timed_out=700, run_status="failed")
    [_, row] = summary_rows(*frames_of([record_of(strategy="deepcopy"), in_vain]))

    assert not row.ending.well
    assert row.shown("fork_bytes") == "~104 B"
    assert row.verdict == "cannot tell (1,000 of 1,000 items failed (700 timed out), the run failed)"
    assert str(row.doubts[0]).endswith("no figure is of work that was done")
    [reference, other] = summary_rows(
        *frames_of([record_of(strategy="deepcopy", items_failed=1000), record_of()])
    )
    assert reference.verdict == "the reference"
    assert other.verdict == "cannot tell (deepcopy itself: 1,000 of 1,000 items failed)"


def test_a_few_items_that_failed_leave_the_figures_as_they_are(record_of) -> None:
    [row] = summary_rows(*frames_of([record_of(items_failed=40, repeat=n) for n in range(3)]))

    assert row.ending.well
    assert row.doubts == ()


def test_a_slope_that_the_samples_do_not_bear_out_is_doubted(record_of) -> None:
    samples = tuple(
        Sample(n, n / 10, "live_heap_bytes", value) for n, value in enumerate((1.0, 9.0, 2.0, 8.0))
    )
    [row] = summary_rows(*frames_of([record_of(samples=samples)]))

    assert not row.law.linear
    assert "bytes_per_item: no straight line: it explains" in "; ".join(map(str, row.doubts))


def test_a_ratio_is_doubted_wherever_the_verdict_cannot_tell(record_of) -> None:
    rows = summary_rows(
        *frames_of([*times_only(record_of, "deepcopy", [1.0]), *times_only(record_of, "shared", [1.9])])
    )

    assert "fork: cannot tell (only one repeat)" in rows[1].verdict
    assert rows[1].ratio_doubted("fork_us")
    certain = summary_rows(*frames_of([record_of(strategy="deepcopy"), record_of()]))
    assert not certain[1].ratio_doubted("fork_us")
