"""Ratios, growth, promises and false alarms, held against figures that are known."""

from __future__ import annotations

import pytest

from attune_sim.analysis.noise import NoiseFloor
from attune_sim.frame import cells_frame, metrics_frame
from attune_sim.record import Reading
from attune_sim.thresholds import Broken, Measured, check, parse


def measured(records, **promises) -> Measured:
    return Measured(metrics_frame(records), cells_frame(records), promises)


def cells(record_of, strategy: str, *, fork_us=(1.0,) * 5, fork_bytes=(100.0,) * 5, floor_us=0.2, **given):
    return [
        record_of(
            strategy=strategy,
            repeat=n,
            samples=(),
            readings=(
                Reading("fork_us", us),
                Reading("fork_bytes", size),
                Reading("floor_us", floor_us),
                Reading("wall_s", 1.0),
            ),
            **given,
        )
        for n, (us, size) in enumerate(zip(fork_us, fork_bytes, strict=True))
    ]


def held(text: str, records, **more) -> Broken:
    return check([parse(text)], measured(records), **more)


def test_a_ratio_to_the_floor_is_that_of_one_run(record_of) -> None:
    records = cells(record_of, "shared", fork_us=(0.28, 0.29, 0.28, 0.27, 0.28))

    assert held("fork_us < 1.5 * floor", records) == []
    [broken] = held("fork_us < 1.2 * floor", records)
    assert broken.line == (
        "fork_us < 1.2 * floor: baseline, shared, 1,000 items, eager: fork_us is 0.28 µs, limit 0.24 µs (1.2 * floor_us), "
        "1.17 times the limit (1.13 to 1.21 over 5 pairs); false alarms: not measured here (at.noise())"
    )


def test_a_ratio_to_another_strategy_is_read_round_by_round(record_of) -> None:
    rounds = (1.0, 2.0, 3.0, 4.0, 5.0)
    records = [
        *cells(record_of, "shared", fork_us=rounds),
        *cells(record_of, "deepcopy", fork_us=[1100 * one for one in rounds]),
    ]

    assert held("shared.fork_us * 1000 < deepcopy.fork_us", records) == []
    [broken] = held("shared.fork_us * 1200 < deepcopy.fork_us", records)
    assert broken.span is not None
    assert broken.span.ratio == pytest.approx(1200 / 1100)
    assert broken.span.low == pytest.approx(broken.span.high)


def test_what_has_to_be_more_is_held_from_the_other_side(record_of) -> None:
    records = [
        *cells(record_of, "shared"),
        *cells(record_of, "deepcopy", fork_us=(900.0, 910.0, 905.0, 899.0, 902.0)),
    ]

    assert held("deepcopy.fork_us > 800 * shared.fork_us", records) == []
    [broken] = held("deepcopy.fork_us > 1000 * shared.fork_us", records)
    assert broken.span is not None
    assert broken.span.ratio == pytest.approx(0.902)


def test_a_ratio_that_its_rounds_leave_open_is_not_broken(record_of) -> None:
    records = cells(record_of, "shared", fork_us=(0.28, 0.2, 0.35, 0.31, 0.22))

    found = held("fork_us < 1.3 * floor", records)
    assert found == []
    [open_one] = found.undecided
    assert "cannot tell, more repeats decide it" in open_one.line


def test_counts_leave_nothing_open(record_of) -> None:
    records = [*cells(record_of, "shared"), *cells(record_of, "hamt")]

    assert len(held("shared.fork_bytes < hamt.fork_bytes", records)) == 1
    assert held("shared.fork_bytes <= hamt.fork_bytes", records) == []
    assert len(held("fork_bytes < 100", cells(record_of, "shared"))) == 1


def test_a_rule_for_all_is_not_held_against_the_one_that_they_are_held_against(record_of) -> None:
    records = [*cells(record_of, "shared"), *cells(record_of, "deepcopy", fork_us=(1e4,) * 5)]

    found = held("fork_us * 100 < deepcopy.fork_us", records)
    assert [one.strategy for one in found.all] == ["shared"]


def test_a_ratio_to_what_was_not_measured_is_broken_and_says_so(record_of) -> None:
    [broken] = held("fork_us * 100 < deepcopy.fork_us", cells(record_of, "shared"))

    assert broken.reason == "deepcopy was not measured beside it; measure both in one run"


@pytest.fixture
def floor(record_of) -> NoiseFloor:
    """One strategy under two names, that differs from itself by 3 %."""
    wobble = (1.0, 1.03, 0.97, 1.02, 0.98, 1.01, 0.99, 1.03, 1.0, 0.97)
    cell = [
        record_of(
            strategy=name,
            repeat=n,
            readings=(Reading("fork_us", value), Reading("fork_bytes", 72.0)),
            samples=(),
        )
        for name, values in (("shared", wobble), ("shared~2", wobble[::-1]))
        for n, value in enumerate(values)
    ]
    return NoiseFloor(metrics_frame(cell))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("fork_us < 0.5us", "of 500 were it at the limit (5 pairs of baseline here)"),
        ("fork_bytes < 64", "0 of 500 were it at the limit (5 pairs of baseline here)"),
    ],
)
def test_a_broken_rule_says_how_often_noise_alone_breaks_it(record_of, floor, rule: str, told: str) -> None:
    [broken] = held(rule, cells(record_of, "shared"), noise=floor)

    assert broken.alarms is not None
    assert broken.alarms.rate < 0.1
    assert told in broken.line


def test_a_rule_against_a_baseline_has_the_rate_of_its_own_limit(record_of, floor) -> None:
    before, after = cells(record_of, "shared"), cells(record_of, "shared", fork_us=(1.4,) * 5)
    rates = [
        check([parse(f"fork_us:{percent}%")], measured(after), measured(before), noise=floor)[0].alarms
        for percent in (0.1, 20)
    ]

    first, second = rates
    assert first is not None
    assert second is not None
    assert first.rate >= second.rate == 0


def test_a_total_may_be_off_by_what_runs_take_and_leave(record_of) -> None:
    def total(value: float):
        return measured([record_of(readings=(Reading("live_heap_bytes", value),), samples=())])

    rule = [parse("live_heap_bytes:1%")]
    assert check(rule, total(24_000.0), total(20_000.0)) == []
    assert len(check(rule, total(25_000.0), total(20_000.0))) == 1


# -- growth ------------------------------------------------------------------------------------------------------------


def test_what_copies_grows_with_the_context_and_what_shares_does_not(sweep_records) -> None:
    found = check([parse("growth in context_bytes is O(1)")], measured(sweep_records))

    assert {one.strategy for one in found} == {"deepcopy"}
    assert {one.metric for one in found} == {"fork_bytes", "fork_us"}
    assert (
        "fork_bytes grows as O(C): 57.9 KB at 20.0 KB of context, 927 KB at 320 KB of context"
        in found[0].line
    )
    assert (
        check([parse("deepcopy.fork_bytes growth in context_bytes is O(C)")], measured(sweep_records)) == []
    )


def test_a_heap_grows_with_the_items_whoever_fills_it(sweep_records) -> None:
    linear, none = (
        check([parse(f"shared.live_heap_bytes growth in items is {law}")], measured(sweep_records))
        for law in ("O(N)", "O(1)")
    )

    assert linear == []
    assert len(none) == 1


def test_growth_over_one_size_is_no_growth(comparison_records) -> None:
    [broken] = check([parse("shared.fork_bytes growth in items is O(1)")], measured(comparison_records))

    assert broken.reason == "fork_bytes was measured at one size: growth needs several"


def test_promises_are_those_that_the_laws_found_broken(record_of) -> None:
    records = [*cells(record_of, "shared"), *cells(record_of, "hamt")]
    promised = measured(records, shared=(), hamt=("one_snapshot: broken",))

    [broken] = check([parse("promises are kept")], promised)
    assert broken.line == "promises are kept: hamt: one_snapshot: broken"
    [unasked] = held("shared.promises are kept", records)
    assert unasked.reason == "the laws were not asked (attune-sim strategies --check shared)"
