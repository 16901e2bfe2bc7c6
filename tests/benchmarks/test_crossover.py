"""The benchmark of runs that instruments and meter both read: what was read at a place is there again, and is judged as one repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

ROW = {
    "strategy": "shared",
    "clock_us": 0.05,
    "told_paid_fork_us": 0.21,
    "metered_paid_fork_us": 0.2,
    "told_render_us": 6.6,
    "metered_render_us": 6.0,
    "told_action_us": None,
    "metered_action_us": None,
}


@pytest.fixture
def bench(script: Callable[[str], Any]) -> Any:
    return script("bench_crossover")


def test_a_place_that_was_read_is_not_read_again(bench, tmp_path):
    file = tmp_path / "new" / "store.jsonl"
    first = bench.Kept(file).row("here", lambda: ROW)

    again = bench.Kept(file).row("here", lambda: pytest.fail("read again"))
    assert again == first == {"place": "here", **ROW}
    assert bench.Kept(None).row("here", lambda: ROW) == first


def test_a_place_is_judged_where_both_have_a_figure_and_it_is_long_enough(bench):
    found = {one.metric: one for one in bench.figures_of({"place": "here", **ROW})}

    assert set(found) == {"paid_fork_us", "render_us"}
    assert (found["render_us"].verdict, found["render_us"].is_judged) == ("near", True)
    assert not found["paid_fork_us"].is_judged
