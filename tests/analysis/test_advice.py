"""What a strategy would take at a size that was not run, and at which item it would die."""

from __future__ import annotations

import pandas as pd
import pytest

from attune_sim.analysis.advice import Course, WeighedFork, outlines, outlooks, outlooks_frame
from attune_sim.frame import metrics_frame
from attune_sim.record import CellKey, CellRecord, Reading

BASE, SPACE = 50e6, 60e6
ITEM, RECORD = 200.0, 150.0


class Fake:
    """Cells of a workload of which everything is known: a fork of so many bytes, in a context of `context + listed * items`."""

    def __init__(self, *, context: int = 1_000_000, listed: int = 0, slack: float = 1.0) -> None:
        self.context, self.listed, self.slack = context, listed, slack

    def fork(self, strategy: str, items: int) -> float:
        return 64.0 if strategy == "shared" else 3.0 * (self.context + self.listed * items)

    def heap(self, strategy: str, items: int, dispatch: str = "eager") -> float:
        fork, opening = self.fork(strategy, items), (ITEM + 4 * self.listed) * items
        if dispatch == "windowed":
            return opening + fork + RECORD * items
        return opening + items * max(fork, RECORD)

    def record(self, strategy: str, items: int, *, dispatch: str = "eager", **others: object) -> CellRecord:
        heap = self.heap(strategy, items, dispatch)
        readings = {
            "live_heap_bytes": heap,
            "peak_rss_bytes": heap * self.slack,
            "base_rss_bytes": BASE,
            "base_space_bytes": SPACE,
            "fork_bytes": self.fork(strategy, items),
            "record_bytes": RECORD,
            "fork_us": 0.2 if strategy == "shared" else 9_000.0,
            "wall_s": 0.001 * items,
        }
        key = CellKey(
            workload="w", strategy=strategy, dispatch=dispatch, executor="inline", items=items,
            context_bytes=self.context, payload="records", history_tasks=0, repeat=0, seed=0, real=False,
            memory_limit_bytes=2**30, time_limit_s=60.0, digest="d",
        )  # fmt: skip
        known = {"outcome": "ok", "items_done": items, "forks": items, **others}
        return CellRecord(
            key=key,
            fan_out_items=items,
            fan_out_context_bytes=self.context + self.listed * items,
            readings=tuple(Reading(name, value) for name, value in readings.items()),
            **known,  # type: ignore[arg-type]
        )

    def frame(
        self, *sizes: int, strategies: tuple[str, ...] = ("deepcopy", "shared"), **others: object
    ) -> pd.DataFrame:
        return metrics_frame(
            [self.record(strategy, items, **others) for strategy in strategies for items in sizes]  # type: ignore[arg-type]
        )


def by_name(frame: pd.DataFrame, **asked: object):
    return {one.strategy: one for one in outlooks(frame, **asked)}  # type: ignore[arg-type]


def test_memory_at_a_size_never_run_is_that_of_the_process_and_all_that_is_alive():
    fake = Fake()
    found = by_name(fake.frame(16, 64), items=1_000, memory=8e9)
    for strategy in ("deepcopy", "shared"):
        one = found[strategy]
        assert one.bytes == pytest.approx(BASE + fake.heap(strategy, 1_000), rel=0.01)
        assert one.low <= one.bytes <= one.high
        assert (one.dies_at, one.source) == (None, "estimated")


def test_a_copy_dies_at_the_item_whose_fork_no_longer_fits():
    fake = Fake()
    dies_at = by_name(fake.frame(16, 64), items=1_000, memory=1e9)["deepcopy"].dies_at
    assert dies_at == pytest.approx((1e9 - SPACE - ITEM * 1_000) / 3e6, rel=0.01)


def test_a_list_of_items_that_lies_in_the_context_makes_every_copy_larger():
    fake = Fake(context=100_000, listed=100)
    one = by_name(fake.frame(16, 64), items=4_000, memory=1e9)["deepcopy"]
    fork = fake.fork("deepcopy", 4_000)
    assert one.dies_at == pytest.approx((1e9 - SPACE - (ITEM + 400) * 4_000) / fork, rel=0.03)


def test_forks_that_were_weighed_at_the_size_that_was_asked_for_win_over_the_line_to_them():
    weighed = {"deepcopy": WeighedFork(5e6, space_each=1.02, workspace=7e6)}  # the line would say 3 MB
    one = by_name(Fake().frame(16, 64), items=4_000, memory=1e9, weighed=weighed)["deepcopy"]
    room = (1e9 - SPACE - 7e6) / 1.02 - ITEM * 4_000
    assert one.dies_at == pytest.approx(room / 5e6, abs=1)
    assert one.bytes == pytest.approx(BASE + 4_000 * 5e6, rel=0.01)


def test_an_outline_is_told_of_strategies_that_were_run_in_two_sizes_or_in_that_one():
    fake = Fake()
    known = metrics_frame([fake.record("deepcopy", 16), *(fake.record("shared", n) for n in (16, 64))])
    assert set(outlines(known, items=4_000)) == {"shared"}
    assert set(outlines(known, items=16)) == {"deepcopy", "shared"}
    course, beside = outlines(known, items=4_000)["shared"]
    assert (course.items, course.fork, course.record) == (4_000, 64.0, RECORD)
    assert (beside.resident, beside.space) == (BASE, SPACE)


def test_of_a_strategy_that_was_run_in_one_size_nothing_is_foretold():
    fake = Fake(context=100_000, listed=100)
    known = metrics_frame([fake.record("deepcopy", 16), *(fake.record("shared", n) for n in (16, 64))])
    assert set(by_name(known, items=4_000, memory=1e9)) == {"shared"}
    assert set(by_name(known, items=16, memory=1e9)) == {"deepcopy", "shared"}


def test_memory_that_is_used_up_before_the_first_item_is_told_as_item_0():
    assert by_name(Fake().frame(16, 64), items=10**6, memory=SPACE + 1e6)["shared"].dies_at == 0


def test_windowed_dispatch_keeps_one_fork_and_all_records():
    fake = Fake()
    frame = fake.frame(16, 64, dispatch="windowed")
    one = by_name(frame, items=100_000, memory=1e9, dispatch="windowed")["deepcopy"]
    assert one.dies_at is None
    assert one.bytes == pytest.approx(BASE + fake.heap("deepcopy", 100_000, "windowed"), rel=0.02)


def test_a_cell_of_the_very_size_is_a_measurement():
    one = by_name(Fake().frame(16, 64), items=64, memory=8e9)["deepcopy"]
    assert (one.source, one.low) == ("measured", one.high)


def test_pages_that_the_heap_wastes_count_as_they_did_where_it_was_large():
    fake = Fake(slack=1.05)
    one = by_name(fake.frame(16, 64), items=1_000, memory=8e9)["deepcopy"]
    assert one.bytes == pytest.approx(BASE + 1.05 * fake.heap("deepcopy", 1_000), rel=0.01)


def test_the_safe_ones_that_live_come_first_then_those_that_die_late_then_the_unsafe():
    frame = Fake().frame(16, 64)
    assert [one.strategy for one in outlooks(frame, items=1_000, memory=1e9)] == ["shared", "deepcopy"]
    unsafe = {"shared": "an action writes into what it is handed"}
    found = outlooks(frame, items=1_000, memory=1e9, unsafe=unsafe)
    assert [one.strategy for one in found] == ["deepcopy", "shared"]
    told = outlooks_frame(found)
    assert told["safe"].tolist() == [True, False]
    assert told["unsafe"].tolist() == ["", unsafe["shared"]]


def test_a_strategy_without_a_cell_that_ended_well_is_not_called_safe():
    broken = Fake().record("deepcopy", 16, outcome="crashed")
    one = by_name(metrics_frame([broken, Fake().record("shared", 16)]), items=100, memory=1e9)["deepcopy"]
    assert (one.safe, one.unsafe) == (False, "no cell came to its end")


@pytest.mark.parametrize(
    ("room", "item"),
    [
        (5.0, 0),
        (10.0, 0),
        (10.0 + 35.0, 3),
        (10.0 + 125.0, 10),
        (10.0 + 200.0, 10),
        (10.0 + 300.0, None),
    ],
    ids=["opening", "first", "forking", "all were forked", "records", "lives"],
)
def test_memory_over_a_run_is_opening_then_forks_then_records(room, item):
    # Ten items of 10 bytes a fork and 20 bytes a record, all alive at the end: cells of `json` over 2,048 items held their sum.
    assert Course(items=10, held=10, opening=10.0, fork=10.0, record=20.0).reaches(room) == item


def test_with_one_fork_at_a_time_it_is_the_records_that_use_up_memory():
    course = Course(items=10, held=1, opening=10.0, fork=10.0, record=20.0)
    assert [course.reaches(room) for room in (15.0, 10.0 + 10.0 + 50.0, 10.0 + 10.0 + 200.0)] == [0, 2, None]
