from __future__ import annotations

import pytest

from attune_sim.errors import InputError
from attune_sim.frame import cells_frame, metrics_frame
from attune_sim.metrics import METRICS
from attune_sim.record import Reading
from attune_sim.thresholds import Measured, check, parse


def measured(records) -> Measured:
    return Measured(metrics_frame(records), cells_frame(records))


@pytest.mark.parametrize(
    ("text", "metric", "limit", "strategy", "relative"),
    [
        ("fork_bytes<128", "fork_bytes", 128, None, False),
        (" fork_us <= 1.5us ", "fork_us", 1.5, None, False),
        ("fork_us<1.5 µs", "fork_us", 1.5, None, False),
        ("fork_us<1ms", "fork_us", 1000, None, False),
        ("fork_us<250ns", "fork_us", 0.25, None, False),
        ("wall_s<100ms", "wall_s", 0.1, None, False),
        ("peak_rss_bytes<64MiB", "peak_rss_bytes", 64 * 2**20, None, False),
        ("allocated_blocks<1_000", "allocated_blocks", 1000, None, False),
        ("asizeof_coverage>=.95", "asizeof_coverage", 0.95, None, False),
        ("shared.fork_us:10%", "fork_us", 1.1, "shared", True),
        ("my-own.fork_us<1e3", "fork_us", 1000, "my-own", False),
    ],
)
def test_a_rule_is_read_into_the_unit_of_its_metric(text, metric, limit, strategy, relative) -> None:
    rule = parse(text)

    assert (rule.metric, rule.strategy, rule.relative) == (metric, strategy, relative)
    assert rule.right.factor == pytest.approx(limit)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "write one of: METRIC < NUMBER"),
        ("fork_bytes", "write one of: METRIC < NUMBER"),
        ("fork_bytes<", "write one of: METRIC < NUMBER"),
        ("fork_bytes=128", "write one of: METRIC < NUMBER"),
        ("fork_bytes<-1", "write one of: METRIC < NUMBER"),
        ("fork_bytes<lots", "unknown metric 'lots'"),
        ("fork_byte<128", "did you mean 'fork_bytes'?"),
        ("speed<1", "choose from: fork_us"),
        ("fork_us<1MiB", "choose from: ns, us, ms, s"),
        ("fork_bytes<1ms", "choose from: B, KB"),
        ("allocated_blocks<1KB", "allocated_blocks is a count; leave 'KB' out"),
        ("fork_us<10%", "a percentage is written fork_us:PERCENT"),
        ("fork_us:10", "ends in %"),
        ("floor_us:10%", "neither more nor less is better"),
    ],
)
def test_a_rule_that_cannot_be_read_is_quoted_with_the_choices(text: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)

    assert repr(text) in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_kept_rule_gives_no_regression(comparison_records) -> None:
    assert check([parse("shared.fork_bytes<128")], measured(comparison_records)) == []


def test_a_broken_rule_is_one_line_that_says_what_where_and_how_much(comparison_records) -> None:
    (broken,) = check([parse("deepcopy.fork_bytes<128")], measured(comparison_records))

    assert broken.line == (
        "deepcopy.fork_bytes<128: baseline, deepcopy, 1,000 items, eager: fork_bytes is 2.92 MB, limit 128 B, "
        "22,800 times the limit (1 pair); false alarms: not measured here (at.noise())"
    )


def test_a_rule_without_a_strategy_holds_for_all_of_them(comparison_records) -> None:
    broken = check([parse("fork_us<1us")], measured(comparison_records))

    assert len(broken) == 2


def test_a_gate_without_data_is_not_open(record_of) -> None:
    empty = measured([record_of(readings=(Reading("fork_bytes", None, label="unavailable: musl"),))])

    (broken,) = check([parse("fork_bytes<128")], empty)
    assert "fork_bytes was not measured: musl" in broken.line
    (absent,) = check([parse("hamt.fork_bytes<128")], empty)
    assert "hamt" in absent.line
    assert check([parse("fork_us<1")], measured([])) != []


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("fork_instructions < 3000", False),
        ("fork_instructions<2_000", True),
        ("fork_instructions:1%", False),
        ("fork_instructions:0.9%", True),
    ],
)
def test_counted_instructions_hold_a_gate_to_a_percent(record_of, rule: str, broken: bool) -> None:
    def frame(value: float):
        return measured([record_of(readings=(Reading("fork_instructions", value),))])

    found = check([parse(rule)], frame(2_306.0), frame(2_285.0))

    assert [one.value for one in found] == ([2_306.0] if broken else [])


def test_a_rule_on_what_nobody_asked_for_says_how_to_ask(record_of) -> None:
    (broken,) = check([parse("render_instructions<5")], measured([record_of()]))

    assert broken.reason == "render_instructions was not measured (ask for it with --probe instructions)"


def test_a_relative_rule_compares_with_the_baseline_of_the_same_case(record_of) -> None:
    def frame(value: float, **key):
        return measured([record_of(readings=(Reading("fork_us", value),), **key)])

    rule = [parse("fork_us:10%")]
    assert check(rule, frame(1.09), frame(1.0)) == []
    (worse,) = check(rule, frame(1.2), frame(1.0))
    assert "fork_us is 1.2 µs, limit 1.1 µs (1.0 µs in the baseline), 1.2 times that" in worse.line
    (other,) = check(rule, frame(1.0), frame(1.0, items=7))
    assert "the baseline has no fork_us of this case" in other.line


def test_a_relative_rule_is_free_of_how_fast_the_machine_was(record_of) -> None:
    def frame(fork_us: float, floor_us: float, **key):
        readings = (Reading("fork_us", fork_us), Reading("floor_us", floor_us))
        return measured([record_of(readings=readings, **key)])

    rule = [parse("fork_us:10%")]
    assert check(rule, frame(1.9, 0.36), frame(1.0, 0.2)) == []
    (worse,) = check(rule, frame(1.2, 0.18), frame(1.0, 0.2))
    assert "(1.0 µs in the baseline), 1.33 times that of the baseline (1 pair)" in worse.line


def test_a_case_whose_items_nobody_knows_is_found_in_its_baseline_and_named_without_them(record_of) -> None:
    before, after = (
        measured([record_of(items=0, readings=(Reading("fork_us", value),))]) for value in (1.0, 2.0)
    )

    (regression,) = check([parse("fork_us:10%")], after, before)
    assert str(regression).startswith("fork_us:10%: baseline, shared, eager: fork_us is 2.0 µs, limit 1.1 µs")


def test_a_relative_rule_without_a_baseline_says_how_to_make_one(comparison_records) -> None:
    with pytest.raises(InputError, match="--store FILE"):
        check([parse("fork_us:10%")], measured(comparison_records))


@pytest.mark.parametrize("rule", ["live_heap_bytes<400GB", "live_heap_bytes>1", "wall_s<1h"])
@pytest.mark.parametrize("outcome", ["memory_limit", "time_limit", "killed", "interrupted"])
def test_a_total_of_a_cell_that_was_cut_short_breaks_its_rule_whatever_it_is(
    record_of, rule, outcome
) -> None:
    record = record_of(strategy="deepcopy", outcome=outcome, items_done=673, error="it ended")

    (broken,) = check([parse(rule)], measured([record]))
    assert broken.value is not None
    assert (
        f"is at least {METRICS[parse(rule).metric].format(broken.value)}: {outcome} at item 673 of 1,000"
        in str(broken)
    )


def test_one_repeat_that_was_cut_short_breaks_the_rule_of_all(record_of) -> None:
    short = record_of(repeat=1, outcome="time_limit", items_done=10)

    assert len(check([parse("peak_rss_bytes<1GB")], measured([record_of(), short, record_of(repeat=2)]))) == 1


def test_a_figure_of_one_item_holds_in_a_cell_that_met_its_limit_and_in_none_that_crashed(record_of) -> None:
    limited, crashed = (record_of(outcome=name, items_done=40) for name in ("memory_limit", "crashed"))

    assert check([parse("fork_bytes<128")], measured([limited])) == []
    (broken,) = check([parse("fork_bytes<128")], measured([crashed]))
    assert broken.reason == "fork_bytes does not hold: crashed at item 40 of 1,000"


def test_a_cell_that_died_before_its_first_reading_breaks_every_rule(record_of) -> None:
    dead = record_of(
        strategy="json", outcome="crashed", items_done=0, readings=(), samples=(), error="no room"
    )

    (broken,) = check([parse("fork_us<1s")], measured([record_of(), dead]))
    assert broken.reason == "fork_us was not measured: crashed at item 0 of 1,000 (no room)"


def test_a_cell_whose_items_all_failed_measured_no_work_and_breaks_its_rule(record_of) -> None:
    records = [record_of(items_failed=count, run_status="failed") for count in (999, 1000)]
    most, all_of_them = (check([parse("fork_bytes<128")], measured([record])) for record in records)

    assert most == []
    assert [one.reason for one in all_of_them] == [
        "fork_bytes does not hold: 1,000 of 1,000 items failed, the run failed"
    ]


def test_a_total_of_a_baseline_that_was_cut_short_is_nothing_to_compare_with(record_of) -> None:
    before = measured([record_of(outcome="memory_limit", items_done=40)])

    (broken,) = check([parse("live_heap_bytes:10%")], measured([record_of()]), before)
    assert "the baseline is no measure, its live_heap_bytes is at least" in broken.reason


def repeated(record_of, values, **given):
    readings = [(Reading("fork_us", value), Reading("fork_bytes", 100 * value)) for value in values]
    return measured(
        [record_of(repeat=n, readings=one, samples=(), **given) for n, one in enumerate(readings)]
    )


def test_a_relative_rule_is_broken_by_a_change_for_the_worse_beyond_its_limit(record_of) -> None:
    before = repeated(record_of, [1.0] * 6)
    worse = repeated(record_of, [1.15, 1.2, 1.16, 1.18, 1.22, 1.17])

    assert [one.reason for one in check([parse("fork_us:10%")], worse, before)] == [
        "fork_us is 1.17 µs, limit 1.1 µs (1.0 µs in the baseline)"
    ]
    assert check([parse("fork_us:30%")], worse, before) == []
    assert check([parse("fork_us:10%")], before, worse) == []


def test_what_the_repeats_leave_open_breaks_no_relative_rule_and_is_said(record_of) -> None:
    before = repeated(record_of, [1.0] * 6)
    noisy = repeated(record_of, [0.7, 1.2, 1.3, 0.9, 1.25, 1.4])

    found = check([parse("fork_us:10%")], noisy, before)
    assert found == []
    [open_one] = found.undecided
    assert "(1.0 µs in the baseline): cannot tell, more repeats decide it, 1.22 times that" in str(open_one)
    assert "(0.766 to 1.36 over 6 pairs)" in str(open_one)
    assert check([parse("fork_us:30%")], noisy, before).undecided == ()


def test_with_fewer_pairs_than_tell_anything_the_median_breaks_a_relative_rule(record_of) -> None:
    before, noisy = repeated(record_of, [1.0] * 3), repeated(record_of, [0.9, 1.2, 1.3])

    found = check([parse("fork_us:10%")], noisy, before)
    assert (len(found), found.undecided) == (1, ())


def test_a_limit_below_what_is_called_a_change_is_believed(record_of) -> None:
    before, after = repeated(record_of, [1.0] * 3), repeated(record_of, [1.003] * 3)

    assert len(check([parse("fork_bytes:0.2%")], after, before)) == 1
    assert check([parse("fork_bytes:0.4%")], after, before) == []


def test_a_baseline_of_other_software_is_held_against_and_told(record_of) -> None:
    here, there = ({"python": version, "cpu": "one"} for version in ("3.11.7", "3.13.5"))
    before, after = (repeated(record_of, [1.0] * 5, surroundings=where) for where in (there, here))

    found = check([parse("fork_us:10%"), parse("fork_bytes:1%")], after, before)
    assert found == []
    assert found.unlike == ("the baseline was measured under python 3.13.5, this under python 3.11.7",)
    assert check([parse("fork_us:10%")], after, after).unlike == ()


def test_a_time_of_another_machine_is_no_baseline_and_bytes_of_it_are(record_of) -> None:
    here, there = ({"python": "3.11.7", "cpu": cpu} for cpu in ("one", "another"))
    before, after = (repeated(record_of, [1.0] * 5, surroundings=where) for where in (there, here))

    found = check([parse("fork_us:10%"), parse("fork_bytes:1%")], after, before)
    assert found == []
    [left_out] = found.undecided
    assert "fork_us:10%: baseline, shared" in left_out.line
    assert "not compared, only counts are: the baseline was measured under cpu another" in left_out.line


def test_libraries_of_another_version_are_told_and_compared(record_of) -> None:
    here, there = ({"python": "3.11.7", "versions": {"orjson": one}} for one in ("3.13", "3.10"))
    before, after = (
        repeated(record_of, [value] * 5, surroundings=where) for value, where in ((1.0, there), (1.3, here))
    )

    found = check([parse("fork_us:10%")], after, before)
    assert len(found) == 1
    assert found.unlike == ("the baseline was measured under orjson 3.10, this under orjson 3.13",)


def test_a_baseline_with_several_surroundings_is_used_where_one_of_them_is_that_of_the_case(
    record_of,
) -> None:
    def side(factor: float, *pythons: str) -> Measured:
        return measured(
            [
                record_of(
                    repeat=n,
                    surroundings={"python": python},
                    readings=(Reading("fork_us", factor),),
                    samples=(),
                )
                for python in pythons
                for n in range(5)
            ]
        )

    rule = [parse("fork_us:10%")]
    assert check(rule, side(1.0, "3.11"), side(1.0, "3.12", "3.11")) == []
    [broken] = check(rule, side(1.0, "3.11"), side(1.0, "3.12", "3.13"))
    assert "several surroundings" in broken.reason
