"""What one more fork costs: laws that hold for any strategy, and the one figure that is known exactly."""

import gc
import sys
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.contexts.registry import strategies
from attune_sim.probes.fake import FakeClock, FakeMemory
from attune_sim.probes.forks import fork_heap, how_many, time_forks
from attune_sim.probes.memory import Memory

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the exact heap is read on Linux")


@pytest.fixture(scope="module", autouse=True)
def _heap_at_rest():
    """Each measurement begins with a full collection: let it pass over what the tests before these have left."""
    gc.collect()
    gc.freeze()


ITEMS = [{"id": number, "host": f"host-{number}.example"} for number in range(1_000)]


def forker_of(name, records=100, reads=None):
    strategy = strategies[name]()
    results = {"fetch": [{"id": n, "name": f"name-{n}", "load": n / 7} for n in range(records)]}
    return strategy.fan_out(strategy.begin({"parameters": {}, "workflow": {}, "task": results}), reads)


class Counting:
    """Counts its forks, and moves the clock by what each item says, or by a known time."""

    def __init__(self, clock, seconds=0.0):
        self.forks, self.clock, self.seconds = 0, clock, seconds

    def fork(self, item, index):
        self.forks += 1
        self.clock.advance(item if isinstance(item, float) else self.seconds)
        return (item, index)


class Copying:
    """A fork that holds a copy of its item, which is bytes."""

    def fork(self, item, index):
        return (bytes(len(item)), index)


def nanoseconds(clock):
    return lambda: round(clock.now * 1e9)


# -- memory ------------------------------------------------------------------------------------------------------------


@linux
def test_a_shared_fork_is_56_bytes_and_104_with_its_index_and_list_slot():
    heap = fork_heap(forker_of("shared"), ITEMS[300:], Memory(), most=6_000)
    assert heap.object_bytes == 56
    # An index that Python has at hand (up to 256) takes nothing: those of the first 257 of 700 items.
    assert heap.bytes_each == pytest.approx(104 - 32 * 257 / 700, abs=1)
    assert heap.is_settled


@linux
def test_a_deep_copy_costs_what_the_context_costs():
    small = fork_heap(forker_of("deepcopy", 100), ITEMS, Memory(), most=60)
    large = fork_heap(forker_of("deepcopy", 400), ITEMS, Memory(), most=60)
    assert large.bytes_each / small.bytes_each == pytest.approx(4, rel=0.15)
    assert small.bytes_each > 100 * 200


@linux
def test_large_items_are_no_cheaper_for_dicts_that_python_has_at_hand():
    class Deep:
        def fork(self, item, index):
            return [{"n": {"deep": number}} for number in item], index

    items = [*[[0] * 4] * 600, *[[0] * 40] * 5]
    told = fork_heap(Deep(), items, Memory())
    memory, forker = Memory(), Deep()
    alive = [told, [forker.fork(item, place) for place, item in enumerate(items)]]
    before = memory.heap()
    alive.append([forker.fork(item, place) for place, item in enumerate(items)])
    assert len(told.large) == 5
    assert told.bytes_each == pytest.approx((memory.heap() - before) / len(items), rel=0.01)


@linux
def test_a_fork_that_copies_nothing_takes_no_more_for_a_large_item():
    uneven = [b"x" * 100] * 684 + [b"x" * 100_000] * 16
    told = fork_heap(forker_of("shared"), uneven, Memory(), most=6_000)
    assert len(told.large) == 16
    assert told.bytes_each == pytest.approx(104 - 32 * 257 / 700, abs=0.5)


@linux
def test_memory_that_earlier_forks_left_to_their_library_is_not_taken_for_that_of_a_fork():
    forker = forker_of("persistent")
    before = fork_heap(forker, ITEMS, Memory())
    dropped = [forker.fork(item, index) for index, item in enumerate(ITEMS)]
    del dropped
    after = fork_heap(forker, ITEMS, Memory())
    assert after.bytes_each == pytest.approx(before.bytes_each, rel=0.005)


@linux
@pytest.mark.parametrize(
    "sizes",
    [
        [10_000] * 2_000,
        [100, *[10_000] * 1_999],
        [*[100] * 1_999, 3_000_000],
        sorted(1.003**n * 100 for n in range(2_000)),
    ],
    ids=["even", "first tiny", "one giant", "sorted"],
)
def test_a_sample_has_the_bytes_of_all_items_however_uneven_they_are(sizes):
    sizes = [int(size) for size in sizes]
    heap = fork_heap(Copying(), [bytes(size) for size in sizes], Memory(), room_bytes=64e6)
    assert heap.bytes_each == pytest.approx(sum(sizes) / len(sizes), rel=0.02, abs=150)


@pytest.mark.parametrize("name", list(strategies))
def test_the_forks_that_are_kept_are_real_ones(name):
    heap = fork_heap(forker_of(name), ITEMS[:30], Memory(), most=30)
    assert {fork.index for fork in heap.kept} <= set(range(30))
    assert all(fork.resolve("item")["id"] == fork.index for fork in heap.kept)
    assert heap.kept[-1].resolve("task")["fetch"][3]["id"] == 3


def test_slow_forks_are_few():
    clock = FakeClock()
    forker = Counting(clock, 0.1)
    heap = fork_heap(forker, ITEMS, FakeMemory([0]), seconds=0.9, clock_ns=nanoseconds(clock))
    assert len(heap.kept) == 6
    assert forker.forks < 15


@given(fork_us=st.floats(0, 1e7), each=st.floats(0, 1e9), seconds=st.floats(0.01, 10), room=st.floats(0, 1e9))
def test_the_number_of_forks_keeps_within_time_and_room_but_is_enough_for_two_passes(
    fork_us, each, seconds, room
):
    count = how_many(fork_us, each, seconds=seconds, room_bytes=room, most=500)
    assert 6 <= count <= 500
    assert count == 6 or (
        count * fork_us <= seconds * 1e6 * 1.001 and count * each <= max(room, count) * 1.001
    )


@settings(max_examples=30)
@given(rise=st.integers(1, 10**6), start=st.integers(0, 10**9))
def test_passes_go_on_until_two_of_them_agree(rise, start):
    # Two readings for the first fork, then two a pass: what is used again makes the first passes smaller.
    rises = [0, rise * 6 // 10, rise * 9 // 10, rise, rise]
    readings = [0, 0]
    for each in rises:
        readings += [start, start + 3 * each]
    heap = fork_heap(forker_of("shared", 1), ITEMS[:3], FakeMemory(readings), most=18)
    assert heap.is_settled
    assert heap.bytes_each == pytest.approx(rise, rel=0.01, abs=1)


def test_forks_that_never_agree_end_with_the_room_and_say_so():
    readings = [0, 0, *(value for rise in range(1, 40) for value in (0, 3 * 2**rise))]
    heap = fork_heap(forker_of("shared", 1), ITEMS[:3], FakeMemory(readings), most=30)
    assert not heap.is_settled
    assert len(heap.kept) == 30


# -- time --------------------------------------------------------------------------------------------------------------


def test_batches_are_interleaved_and_timed_without_the_loop():
    clock = FakeClock()
    forker = Counting(clock, 3e-6)
    timed = time_forks(forker, ITEMS[:10], rounds=5, clock_ns=nanoseconds(clock))
    assert timed.fork_us == pytest.approx(3.0)
    assert timed.floor_us == 0.0
    # In a round as many of them, whole times all items, as are made in a fifth of a millisecond.
    assert (timed.forks, timed.items, timed.of) == (5 * 60, 10, 10)


def test_the_time_of_a_fork_is_a_mean_over_all_items_though_one_of_them_holds_most_of_it():
    clock = FakeClock()
    seconds = [1e-6] * 4_000 + [0.4]
    timed = time_forks(
        Counting(clock),
        seconds,
        clock_ns=nanoseconds(clock),
        size_of=lambda item: round(item * 1e7),
    )
    assert timed.fork_us == pytest.approx(1e6 * sum(seconds) / len(seconds), rel=0.01)
    assert timed.items < timed.of == 4_001


def test_a_quick_fork_of_a_large_item_costs_no_more_for_the_clock_that_was_read_before_it():
    clock = FakeClock()
    forker = Counting(clock)

    def read():
        forker.seconds = 3e-7  # the next one finds its memory gone from the caches
        return nanoseconds(clock)()

    class Quick:
        def fork(self, item, index):
            fork = forker.fork(item, index)
            forker.seconds = 1e-7
            return fork

    uneven = [b"x"] * 684 + [b"x" * 100_000] * 16
    timed = time_forks(Quick(), uneven, rounds=20, clock_ns=read, size_of=len)
    assert timed.items < timed.of
    assert timed.fork_us == pytest.approx(0.1, rel=0.015)


def test_a_machine_that_is_slow_most_of_the_time_makes_no_fork_dearer():
    clock = FakeClock()

    class Disturbed(Counting):
        def fork(self, item, index):
            self.seconds = 3e-6 if (self.forks - 45) // 80 % 5 == 3 else 5e-6  # one round of five is not
            return super().fork(item, index)

    timed = time_forks(Disturbed(clock), ITEMS[:10], rounds=50, clock_ns=nanoseconds(clock))
    assert timed.fork_us == pytest.approx(3.0, rel=0.01)


def test_each_part_of_a_slow_fork_s_rounds_counts_by_its_own_quickest_ones():
    clock = FakeClock()

    class Disturbed(Counting):
        def fork(self, item, index):
            self.seconds = 3e-4 if (self.forks + index) % 7 == 3 else 5e-4  # two of nine in a round
            return super().fork(item, index)

    timed = time_forks(Disturbed(clock), ITEMS[:9], rounds=100, clock_ns=nanoseconds(clock))
    assert timed.fork_us == pytest.approx(300, rel=0.01)


def test_bare_objects_are_timed_before_each_part_so_that_of_a_slow_moment_both_tell():
    clock, readings, between = FakeClock(), 0, []

    def read():
        nonlocal readings
        readings += 1
        return nanoseconds(clock)()

    class Noting(Counting):
        def fork(self, item, index):
            nonlocal readings
            between.append(readings)
            readings = 0
            return super().fork(item, index)

    timed = time_forks(Noting(clock, 1e-3), ITEMS[:4], rounds=5, clock_ns=read)
    assert timed.forks == 5 * 4
    # The end of one fork, its loop, bare objects and theirs, the beginning of the next one.
    assert between[-1] == 12
    assert min(between[-19:]) == 12


def test_large_forks_are_let_go_before_the_next_is_timed_so_that_none_needs_a_new_page():
    clock, alive, most = FakeClock(), weakref.WeakSet(), []

    class Large:
        pass

    class Slow(Counting):
        def fork(self, item, index):
            fork = Large()
            alive.add(fork)
            most.append(len(alive))
            super().fork(item, index)
            return fork

    time_forks(Slow(clock, 5e-4), ITEMS[:20], rounds=3, clock_ns=nanoseconds(clock))
    filling = 10  # of 5 ms, which are alive throughout
    assert max(most) == filling + 1
    most.clear()
    time_forks(Slow(clock, 5e-5), ITEMS[:20], rounds=3, clock_ns=nanoseconds(clock))
    filling = 100
    assert max(most) == filling + 4


def test_slow_forks_end_their_rounds_early():
    clock = FakeClock()
    forker = Counting(clock, 0.1)
    timed = time_forks(forker, ITEMS, rounds=50, clock_ns=nanoseconds(clock))
    assert timed.forks == 4 * 3  # a second, and no more
    assert timed.fork_us == pytest.approx(1e5)
