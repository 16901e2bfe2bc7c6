"""What a store says of one setting."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.analysis.outlook import ALIKE, Known, Setting
from attune_sim.frame import metrics_frame
from attune_sim.record import Reading

BASE = 100e6
LIMIT = 2**30
AT = Setting(1_000, 20_000, "records", None, LIMIT)
LAWS = {"deepcopy": lambda n, c: 3.0 * n * c, "shared": lambda n, c: 500.0 * n}


@pytest.fixture(scope="module")
def known(record_of) -> Known:
    records = [
        record_of(
            strategy=name, items=n, context_bytes=c, fan_out_context_bytes=c, memory_limit_bytes=LIMIT, samples=(), dispatch="eager",
            executor="inline", payload="records", forks=n, concurrency=None,
            readings=(
                Reading("live_heap_bytes", law(n, c)), Reading("base_space_bytes", BASE), Reading("wall_s", 1e-5 * n),
                Reading("record_bytes", 40.0),
            ),
        )
        for name, law in LAWS.items()
        for n in (10, 100, 1_000)
        for c in (20_000, 200_000)
    ]  # fmt: skip
    return Known(metrics_frame(records))


def told(known: Known, setting: Setting, strategy: str):
    return next(one for one in known.outlook(setting).told if one.strategy == strategy)


def test_a_size_that_was_measured_is_measured_and_another_one_estimated(known: Known) -> None:
    assert told(known, AT, "deepcopy").source == "measured"
    assert told(known, replace(AT, items=999), "deepcopy").source == "estimated"
    assert told(known, AT, "deepcopy").bytes == pytest.approx(LAWS["deepcopy"](1_000, 20_000), rel=0.01)


def test_a_strategy_dies_where_its_law_meets_what_the_limit_leaves(known: Known) -> None:
    outlook = known.outlook(AT)

    (death,) = (one for one in outlook.deaths if one.strategy == "deepcopy")
    assert outlook.room_bytes == pytest.approx(LIMIT - BASE)
    assert death.items == pytest.approx((LIMIT - BASE) / 3.0 / 20_000, rel=0.02)
    assert death.low <= death.items <= death.high
    assert told(known, AT, "deepcopy").lives(death.items * 0.9)
    assert not told(known, AT, "deepcopy").lives(death.items * 1.1)


def test_curves_are_extrapolated_outside_of_what_was_measured(known: Known) -> None:
    curve = next(one for one in known.outlook(AT).memory if one.strategy == "shared")

    assert not curve.is_extrapolated(500)
    assert curve.is_extrapolated(5_000)
    assert curve.is_extrapolated(5)
    far = next(
        one for one in known.outlook(replace(AT, context_bytes=5_000_000)).memory if one.strategy == "shared"
    )
    assert far.is_extrapolated(500)


def test_only_cells_of_this_context_are_dots(known: Known) -> None:
    assert {dot.items for dot in known.outlook(AT).memory_dots} == {10.0, 100.0, 1_000.0}
    assert len(known.outlook(AT).memory_dots) == 6
    assert known.outlook(replace(AT, context_bytes=60_000)).memory_dots == ()
    assert known.outlook(replace(AT, context_bytes=round(20_000 * (1 + ALIKE / 2)))).memory_dots != ()


def test_a_window_without_cells_is_told_from_eager_ones(known: Known) -> None:
    one = told(known, replace(AT, window=10), "deepcopy")

    assert one.source == "estimated"
    assert one.basis.endswith("eager ones")
    assert one.bytes == pytest.approx(LAWS["deepcopy"](10, 20_000) + 990 * 40, rel=0.01)


def test_of_a_payload_that_nobody_measured_there_is_no_law(known: Known) -> None:
    outlook = known.outlook(replace(AT, payload="text"))

    assert outlook.missing == ("deepcopy", "shared")
    assert outlook.memory == outlook.deaths == ()
    assert all(one.bytes is None and one.source == "" for one in outlook.told)


def test_a_cell_that_met_its_limit_is_a_dot_at_its_last_fork(record_of) -> None:
    died = record_of(
        strategy="deepcopy", items=1_000, context_bytes=20_000, outcome="memory_limit", forks=812, dispatch="eager",
        payload="records", memory_limit_bytes=LIMIT, samples=(), readings=(Reading("base_space_bytes", BASE),), concurrency=None,
    )  # fmt: skip

    (dot,) = Known(metrics_frame([died])).outlook(AT).memory_dots
    assert (dot.died, dot.items, dot.value) == (True, 812.0, LIMIT - BASE)


def test_of_nothing_there_is_nothing_to_tell() -> None:
    outlook = Known(metrics_frame([]), ["shared"]).outlook(AT)

    assert outlook.missing == ("shared",)
    assert outlook.room_bytes == LIMIT


@settings(max_examples=25, deadline=None)
@given(
    items=st.integers(1, 10**6),
    context=st.integers(1_000, 10**8),
    window=st.none() | st.integers(1, 1_000),
    memory=st.integers(2**26, 2**36),
)
def test_more_memory_and_a_smaller_window_kill_nobody(
    known: Known, items: int, context: int, window: int | None, memory: int
) -> None:
    setting = Setting(items, context, "records", window, memory)
    more = replace(setting, memory_bytes=2 * memory)
    smaller = replace(setting, window=max(1, (window or items) // 2))

    for name in LAWS:
        here = told(known, setting, name)
        for other in (told(known, more, name), told(known, smaller, name)):
            if here.lives(items):
                assert other.lives(items) or other.dies_at.items == pytest.approx(items, rel=0.02)


def test_the_frame_is_not_written_to(known: Known) -> None:
    frame = metrics_frame([])
    before = frame.copy()
    Known(frame, ["shared"]).outlook(AT)

    pd.testing.assert_frame_equal(frame, before)
