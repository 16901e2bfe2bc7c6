"""Which forks are weighed for an advice, and what happens where they cannot be."""

import pytest

from attune_sim.api.advice.weighing import LargeForks
from attune_sim.contexts.registry import strategies
from attune_sim.experiment.recordings import Recordings
from attune_sim.experiment.spec import CellSpec
from attune_sim.record import CellRecord, Reading
from attune_sim.scenarios.registry import scenarios
from attune_sim.simulation.weighing import LARGE

WORKLOAD = scenarios.baseline(items=100, history={"tasks": 3, "bytes_each": 100_000})


def record(name, items, fork_bytes):
    key = CellSpec(workload=WORKLOAD.sized(items=items), strategy=strategies[name]).key
    return CellRecord(key=key, outcome="ok", readings=(Reading("fork_bytes", fork_bytes),))


@pytest.fixture(scope="module")
def found():
    with Recordings() as recordings:
        forks = LargeForks(WORKLOAD, recordings)
        forks.weigh([
            record("deepcopy", 16, 2 * LARGE),
            record("shared", 16, 56.0),  # is small
            record("json", 16, 2 * LARGE),
            record("json", 100, 2 * LARGE),  # is known at the size that was asked for
        ])  # fmt: skip
        return forks.found


def test_large_forks_that_were_not_measured_at_the_size_are_weighed_there(found):
    assert set(found) == {"deepcopy"}
    assert 300_000 < found["deepcopy"].bytes < 3_000_000
    assert found["deepcopy"].space_each >= 1.0


def test_nothing_is_weighed_where_nothing_is_large():
    forks = LargeForks(WORKLOAD, None)  # which would be asked for recordings
    forks.weigh([record("shared", 16, 56.0)])
    assert forks.found == {}


def test_a_workload_that_is_too_large_to_be_run_once_is_left_to_the_line():
    forks = LargeForks(WORKLOAD.sized(items=10**6), None)
    forks.weigh([record("deepcopy", 16, 2 * LARGE)])
    assert forks.found == {}
