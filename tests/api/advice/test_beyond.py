"""Where one machine ends, what a cluster would leave at home, and what the wire would carry."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.analysis.advice import outlooks
from attune_sim.api.advice.beyond import MOST_ITEMS, Beyond, beyond_of
from attune_sim.frame import metrics_frame
from attune_sim.record import CellRecord, Reading

BASE, SPACE = 50e6, 60e6
EACH, FORK = 350.0, 3e6
"""Bytes of what an item leaves at home, and of a fork."""

CONTEXT = pd.DataFrame(
    {"task": ["history", "parameters"], "bytes": [900_000, 100_000], "unread_bytes": [800_000, 0]}
)


def cell(record_of, items: int, *, fork: float, dispatch: str) -> CellRecord:
    held = items if dispatch == "eager" else 1
    readings = {
        "live_heap_bytes": EACH * items + held * fork,
        "base_rss_bytes": BASE,
        "base_space_bytes": SPACE,
        "peak_rss_bytes": EACH * items + held * fork,
        "fork_bytes": fork,
        "record_bytes": EACH / 2,
        "fork_us": 1.0,
    }
    found = tuple(Reading(name, value) for name, value in readings.items())
    return record_of(strategy="shared", items=items, dispatch=dispatch, readings=found)


def asked(record_of, items: int, memory: float, *, fork: float = 64.0, dispatch: str = "windowed") -> Beyond:
    metrics = metrics_frame([cell(record_of, size, fork=fork, dispatch=dispatch) for size in (16, 64)])
    (best,) = outlooks(metrics, items=items, memory=memory, dispatch=dispatch)
    return beyond_of(
        metrics,
        best,
        items=items,
        memory=memory,
        dispatch=dispatch,
        context=CONTEXT,
        names=["shared", "deepcopy"],
    )


def test_one_machine_is_enough_up_to_the_items_whose_bytes_fill_it(record_of):
    beyond = asked(record_of, 1_000, 2**30)

    assert beyond.ends_at == pytest.approx((2**30 - SPACE) / EACH, rel=0.02)
    assert not beyond.is_needed
    assert str(beyond) == "One machine of 1 GiB is enough up to about 2,900,000 items (estimated, shared)."


def test_forks_that_fill_a_machine_leave_little_at_home_on_a_cluster(record_of):
    beyond = asked(record_of, 10_000, 2**30, fork=FORK, dispatch="eager")

    assert beyond.is_needed
    assert beyond.ends_at == pytest.approx((2**30 - SPACE) / FORK, rel=0.02)
    assert beyond.home_bytes == pytest.approx(BASE + EACH * 10_000, rel=0.05)
    told = str(beyond)
    assert "One machine of 1 GiB is no longer enough: shared comes to item" in told
    assert "the wire would carry about 1.0 MB of context to one worker, 8.0 MB to 8 (estimated)." in told


def test_results_that_fill_a_machine_fill_it_with_a_cluster_too(record_of):
    assert "which is still too much: let actions return references" in str(asked(record_of, 10**8, 2**30))


def test_what_the_wire_would_carry_is_a_context_a_worker_or_a_copy_an_item(record_of):
    frame = asked(record_of, 1_000, 2**30).wire().set_index(["strategy", "workers"])["bytes"]

    assert frame["shared"].tolist() == [1e6, 2e6, 4e6, 8e6]
    assert frame["deepcopy"].tolist() == [1e9] * 4


@given(st.integers(1, 10**9), st.integers(1, 64))
def test_projected_sends_what_is_read_and_nobody_more_often_than_there_are_items(items, workers):
    beyond = Beyond(items, 2**30, "shared", None, 0.0, 1e6, 2e5, ())

    assert beyond.carried("projected", workers) == min(workers, items) * 2e5
    assert (
        beyond.carried("projected", workers)
        < beyond.carried("shared", workers)
        <= beyond.carried("json", workers)
    )
    assert f"{MOST_ITEMS:,} items" in str(beyond)
