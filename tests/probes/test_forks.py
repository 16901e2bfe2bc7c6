"""What one more fork costs: laws that hold for any strategy, and the one figure that is known exactly."""

import gc
import sys
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.probes.fake import FakeClock, FakeMemory
from attune_sim.probes.forks import fork_heap, how_many, time_forks
from attune_sim.probes.memory import Memory


@pytest.fixture(scope="module", autouse=True)
def _heap_at_rest():
    """Each measurement begins with a full collection: let it pass over what the tests before these have left."""
    gc.collect()
    gc.freeze()


ITEM = {"id": 1, "host": "a.example"}


def forker_of(name, records=100):
    strategy = strategies[name]()
    results = {"fetch": [{"id": n, "name": f"name-{n}", "load": n / 7} for n in range(records)]}
    return strategy.fan_out(strategy.begin({"parameters": {}, "workflow": {}, "task": results}), None)


class CountingForker:
    """A forker that counts, and moves the clock by a known time."""

    def __init__(self, clock, seconds):
        self.forks, self.clock, self.seconds = 0, clock, seconds

    def fork(self, item, index):
        self.forks += 1
        self.clock.advance(self.seconds)
        return (item, index)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the exact heap is read on Linux")
def test_a_shared_fork_is_56_bytes_and_104_with_its_index_and_list_slot():
    heap = fork_heap(forker_of("shared"), ITEM, Memory(), perf_counter, most=1000)
    assert heap.object_bytes == 56
    assert heap.bytes_each == pytest.approx(104, abs=2)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the exact heap is read on Linux")
def test_a_deep_copy_costs_what_the_context_costs():
    small = fork_heap(forker_of("deepcopy", 100), ITEM, Memory(), perf_counter, most=60)
    large = fork_heap(forker_of("deepcopy", 400), ITEM, Memory(), perf_counter, most=60)
    assert large.bytes_each / small.bytes_each == pytest.approx(4, rel=0.15)
    assert small.bytes_each > 100 * 200


@pytest.mark.parametrize("name", list(strategies))
def test_the_forks_that_are_kept_are_real_ones(name):
    heap = fork_heap(forker_of(name), ITEM, Memory(), perf_counter, most=30)
    assert [fork.index for fork in heap.kept] == list(range(1000, 1000 + len(heap.kept)))
    assert heap.kept[0].resolve("item")["host"] == "a.example"
    assert heap.kept[-1].resolve("task")["fetch"][3]["id"] == 3


def test_slow_forks_are_few_and_big_ones_too():
    clock = FakeClock()
    forker = CountingForker(clock, 0.1)
    heap = fork_heap(forker, ITEM, FakeMemory([0]), clock, seconds=0.9)
    assert len(heap.kept) == 9
    assert forker.forks == 10


@given(fork_us=st.floats(0, 1e7), each=st.floats(0, 1e9), seconds=st.floats(0.01, 10), room=st.floats(0, 1e9))
def test_the_number_of_forks_keeps_within_time_and_room_but_is_enough_for_a_slope(
    fork_us, each, seconds, room
):
    count = how_many(fork_us, each, seconds=seconds, room_bytes=room, most=500)
    assert 3 <= count <= 500
    assert count == 3 or (
        count * fork_us <= seconds * 1e6 * 1.001 and count * each <= max(room, count) * 1.001
    )


@given(rise=st.integers(0, 10**6), start=st.integers(0, 10**9))
def test_what_the_heap_rises_by_with_each_fork_is_what_a_fork_takes(rise, start):
    memory = FakeMemory([0, 0, *(start + rise * forks for forks in (0, 10, 20, 30))])
    heap = fork_heap(forker_of("shared", 1), ITEM, memory, FakeClock(), most=30)
    assert len(heap.kept) == 30
    assert heap.bytes_each == pytest.approx(rise, rel=1e-6, abs=1e-6)


def test_batches_are_interleaved_and_give_medians():
    clock = FakeClock()
    forker = CountingForker(clock, 3e-6)
    timed = time_forks(forker, ITEM, batch=10, rounds=5, clock_ns=lambda: round(clock.now * 1e9))
    assert timed.fork_us == pytest.approx(3.0)
    assert timed.floor_us == 0.0
    assert timed.forks == forker.forks == 50


def test_slow_forks_end_their_rounds_early():
    clock = FakeClock()
    forker = CountingForker(clock, 0.1)
    timed = time_forks(forker, ITEM, batch=5, rounds=50, clock_ns=lambda: round(clock.now * 1e9))
    assert timed.forks == forker.forks == 15
