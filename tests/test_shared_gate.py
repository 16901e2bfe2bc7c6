"""The project's own gate: what `shared` costs over the context of the scenario `baseline`, 1 MB of JSON records."""

from __future__ import annotations

import sys

import pytest


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the live heap is read from glibc")
def test_a_shared_fork_stays_small_fast_and_independent_of_the_context(context_cost) -> None:
    # The limit cuts deepcopy short at some 400 of 1,000 items: its figures an item hold, and the test takes seconds.
    cost = context_cost("baseline", strategy="shared", items=1000, memory_limit="1GiB")
    gain = cost.ratio_to("deepcopy")

    assert cost.fork_object_bytes == 56
    assert cost.fork_bytes <= 112
    assert gain.fork_bytes > 20_000
    assert gain.fork_us > 20_000
