"""What a context of the shop may cost."""

import pytest
from ours import Ours

VISIT = {"workload": "visit.yaml", "actions": "visits.py", "strategy": Ours, "items": 20}


@pytest.mark.context_threshold("fork_bytes <= 256", "fork_bytes:1%", "promises are kept", **VISIT)
def test_counts():
    pass


@pytest.mark.context_threshold(
    "fork_bytes:1%",
    "record_bytes:1%",
    "live_heap_bytes:1%",
    "allocated_blocks:1%",
    "fork_us < 100 * floor",
    "ours.fork_us * 10 < deepcopy.fork_us",
    "promises are kept",
    **VISIT,
)
def test_gate():
    pass


@pytest.mark.context_threshold("growth in context_bytes is O(1)", **VISIT)
def test_growth():
    pass


@pytest.mark.context_threshold("fork_us:5%", **VISIT, repeats=10)
def test_times():
    pass


@pytest.mark.context_threshold(group="small")
def test_group():
    pass


def test_asserts(context_cost):
    cost = context_cost("visit.yaml", actions="visits.py", strategy=Ours, items=20)
    assert cost.fork_bytes <= 256


@pytest.mark.context_threshold("fork_instructions:5%", **VISIT, repeats=1)
def test_instructions():
    pass
