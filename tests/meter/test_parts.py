"""The parts of the meter, with clocks, pages and forkers that are made up."""

import gc
import mmap
import sys
from collections import Counter
from itertools import count, cycle
from time import sleep, thread_time

import pytest

from attune_sim.collector import collector_at_rest
from attune_sim.contexts.registry import strategies
from attune_sim.contexts.strategy import plain_fork
from attune_sim.engine.offer import Offer
from attune_sim.meter.hot import Timing, batches_of, in_holes, priced
from attune_sim.meter.kept import ENOUGH, fork_memory, grown
from attune_sim.meter.opened import Opened
from attune_sim.meter.pace import pace_ns
from attune_sim.meter.pages import anonymous, filled_holes
from attune_sim.meter.paid import PacedForker, WatchedActions, WatchedForker, WatchedStrategy
from attune_sim.meter.walk import owned
from attune_sim.scope import MISSING

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pages are counted by /proc")

NAMESPACES = {"parameters": {"region": "eu"}, "workflow": {}, "task": {}}


class Clock:
    """Nanoseconds that pass only when somebody says so."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now

    def passes(self, nanoseconds):
        self.now += nanoseconds


class Costly:
    """A forker whose forks take as many nanoseconds, and grow memory by as many bytes, as their item says."""

    def __init__(self, clock=None):
        self.clock, self.bytes, self.forked = clock or Clock(), 0, []

    def fork(self, item, index):
        self.clock.passes(item)
        self.bytes += item
        self.forked.append((item, index))
        return object()


def looped(costly, overhead=0):
    def loop(batch, kept):
        for place, (item, index) in enumerate(batch):
            costly.clock.passes(overhead)
            kept[place] = costly.fork(item, index)

    def floor(batch, kept):
        costly.clock.passes(overhead * len(batch))

    return Timing(loop, floor)


@pytest.mark.parametrize(("items", "size", "turns"), [(20, 500, 25), (300, 300, 1), (1_200, 500, 1)])
def test_batches_of_few_items_hold_all_of_them_several_times_equally_often(items, size, turns):
    costly = Costly()
    offer = Offer(task="each", visit=0, items=[1] * items, forker=costly)

    batches = batches_of(offer, costly.clock)

    assert len(batches[0]) == size
    seen = Counter(index for batch in batches for _, index in batch)
    assert seen == Counter(dict.fromkeys(range(items), turns))


def test_batches_of_expensive_items_hold_as_many_as_are_forked_in_a_fifth_of_a_millisecond():
    costly = Costly()

    batches = batches_of(Offer(task="each", visit=0, items=[50_000] * 10, forker=costly), costly.clock)

    assert [len(batch) for batch in batches] == [4, 4, 2]


@pytest.mark.parametrize(
    ("nanoseconds", "size", "forks"), [(1, 500, 6_000), (2_000_000, 1, 3), (10**9, 1, 1)]
)
def test_holes_are_filled_for_five_milliseconds_by_one_fork_at_least(nanoseconds, size, forks):
    costly = Costly()

    assert len(in_holes(costly, [[(nanoseconds, 0)] * size], costly.clock)) == forks


def test_the_price_is_the_mean_over_all_items_net_of_the_loop_around_them():
    costly = Costly()
    batches = [[(1_000, 0), (3_000, 1)], [(98_000, 2)]]

    price = priced(batches, looped(costly, overhead=500), 10.0, costly.clock, costly.clock)
    assert price.us == pytest.approx((1 + 3 + 98) / 3)


def test_one_disturbed_round_does_not_move_the_price():
    costly = Costly()
    disturbed = count()

    def disturb(batch, kept):
        costly.clock.passes(1_000_000 if next(disturbed) == 2 else 0)
        looped(costly).loop(batch, kept)

    price = priced(
        [[(1_000, 0)]],
        Timing(disturb, looped(costly).floor),
        10.0,
        costly.clock,
        costly.clock,
    )
    assert price.us == pytest.approx(1.0)


class Ticking:
    """A clock on which so many nanoseconds pass from reading to reading."""

    def __init__(self, *steps):
        self.now, self.steps = 0, cycle(steps)

    def __call__(self):
        self.now += next(self.steps)
        return self.now


def test_a_pace_is_one_time_and_brings_no_collection_nearer():
    clock = Ticking(0, 300)
    assert pace_ns(clock) == 300
    with collector_at_rest():
        before, *_ = gc.get_count()
        pace_ns(clock)
        assert abs(gc.get_count()[0] - before) <= 1  # of over a thousand objects
    collections = [one["collections"] for one in gc.get_stats()]
    for _ in range(20):
        pace_ns(clock)
    assert [one["collections"] for one in gc.get_stats()] == collections
    assert gc.isenabled()


def test_the_pace_of_a_price_is_read_before_each_batch_and_counts_as_the_batches_do():
    def passed(batch, kept):
        for item, _ in batch:
            clock.now += item

    clock = Ticking(100)
    price = priced(
        [[(5_000, 0)], [(7_000, 1)]], Timing(passed, lambda batch, kept: None), 10.0, clock, lambda: 0
    )
    assert (price.us, price.pace_us) == (pytest.approx(6.0), pytest.approx(0.1))


def test_the_pace_of_a_run_is_read_some_fifty_times_over_the_forks_of_its_largest_fan_out():
    largest, other = PacedForker(Costly()), PacedForker(Costly())
    largest.last = 200
    for index in range(300):
        largest.fork(1, index)
        other.fork(1, index)

    assert len(largest.paces) == 51
    assert min(largest.paces) > 0
    assert len(other.paces) == 0


def test_of_slow_forks_the_pace_is_read_after_each():
    class Slow(Costly):
        def fork(self, item, index):
            until = thread_time() + 0.006
            while thread_time() < until:
                pass
            return super().fork(item, index)

    slow = PacedForker(Slow())
    slow.last = 1_000
    for index in range(5):
        slow.fork(1, index)
    assert len(slow.paces) == 5


def test_what_there_is_no_time_for_is_left_out_and_the_rest_is_done_again():
    costly = Costly()

    price = priced([[(10_000_000, n)] for n in range(100)], looped(costly), 0.3, costly.clock, costly.clock)
    seen = [index for _, index in costly.forked]
    assert price.us == pytest.approx(10_000)
    assert sorted(set(seen)) == list(range(11))
    assert seen.count(0) > 1


def test_a_loop_is_timed_with_the_collector_at_rest():
    seen = []

    def loop(batch, kept):
        seen.append(gc.isenabled())

    priced([[(1, 0)]], Timing(loop, loop), 1.0, Clock())
    assert set(seen) == {False}


def test_forks_are_kept_in_whole_rounds_over_all_items_until_memory_tells():
    costly = Costly()
    order = [(1_000, 0), (1_000, 1), (1_000_000, 2)]

    kept = grown(costly, order, seconds=1e9, room=1e9, pages=lambda: costly.bytes, clock=costly.clock)
    assert kept.growth >= ENOUGH
    assert kept.forks % 3 == 0
    assert kept.growth / kept.forks == pytest.approx(1_002_000 / 3)
    assert {index for _, index in costly.forked} == set(range(len({index for _, index in costly.forked})))


@pytest.mark.parametrize("limits", [{"seconds": 1e9, "room": 5_000}, {"seconds": 5e3, "room": 1e9}])
def test_keeping_forks_ends_when_room_or_time_does(limits):
    costly = Costly()

    kept = grown(costly, [(1_000, 0)] * 50, pages=lambda: costly.bytes, clock=costly.clock, **limits)
    assert 5 <= kept.forks <= 8


def test_pages_that_the_first_fork_went_through_are_no_part_of_a_fork():
    class Passing(Costly):
        def fork(self, item, index):
            self.bytes += 0 if self.forked else 700_000  # a text, whose pages the next ones use again
            return super().fork(item, index)

    passing = Passing()
    offer = Offer(task="each", visit=1, items=[2_000_000], forker=passing)

    memory = fork_memory(
        offer, seconds=1e9, room=1e9, pages=lambda: passing.bytes, clock=lambda: passing.clock() / 1e9
    )
    assert memory.passing == 700_000
    assert memory.each + memory.waste == pytest.approx(2_000_000 + 8)


def test_holes_that_a_large_fork_leaves_behind_are_no_part_of_the_forks_of_several_rounds():
    class Leaving(Costly):
        def fork(self, item, index):
            is_first_giant = index == 3 and (item, index) not in self.forked
            self.bytes += (
                700_000 if is_first_giant else 0
            )  # what it passed through, and the next giant uses again
            return super().fork(item, index)

    leaving = Leaving()
    offer = Offer(task="each", visit=1, items=[20_000, 20_000, 20_000, 9_000_000], forker=leaving)

    memory = fork_memory(
        offer, seconds=1e9, room=1e9, pages=lambda: leaving.bytes, clock=lambda: leaving.clock() / 1e9
    )
    assert memory.each + memory.waste == pytest.approx(9_060_000 / 4 + 8)


def test_what_a_fork_alone_holds_is_found_without_what_it_shares():
    shared = {"results": ["x" * 100, {"deep": "y" * 100}]}
    forks = [[shared, {"own": str(number) * 1_000}] for number in (1, 2, 3)]

    one, other = owned(forks, [shared])
    text, map_, list_ = 1_064, 64 + 176, 64 + 16
    assert one == other
    assert one.blocks == pytest.approx(text + map_ + list_, abs=64)
    assert 0 < one.waste < 0.05 * one.blocks


@pytest.mark.parametrize("kind", [WatchedForker, PacedForker])
@pytest.mark.parametrize("name", list(strategies))
def test_a_watched_strategy_forks_as_the_strategy_does_and_promises_the_same(name, kind):
    own, watched = strategies[name](), WatchedStrategy(strategies[name](), kind)
    bare = own.fan_out(own.begin(NAMESPACES), None)
    forker = watched.fan_out(watched.begin(NAMESPACES), None)

    assert (watched.name, watched.guarantees) == (own.name, own.guarantees)
    assert hasattr(forker, "fork_plain") == hasattr(bare, "fork_plain")
    assert plain_fork(forker).resolve("item") is MISSING
    fork = forker.fork({"id": 7}, 3)
    assert (type(fork), fork.index) == (type(bare.fork({"id": 7}, 3)), 3)
    assert forker.nanoseconds[-1] > 0


@pytest.mark.parametrize(("keeps", "alive"), [(True, 5), (False, 1)])
def test_a_watched_forker_counts_the_forks_that_are_alive_when_the_last_is_made(keeps, alive):
    class OwnFork:
        """A type that only these forks have."""

    class Own:
        def fork(self, item, index):
            return OwnFork()

    forker, opened, kept = PacedForker(Own()), Opened(), []
    opened.fan_out_opened(Offer(task="each", visit=1, items=range(5), forker=forker))
    for index in range(5):
        kept.append(forker.fork({}, index))
        if not keeps:
            kept.clear()
    assert forker.alive == alive


def test_a_pause_of_the_processor_is_no_price_of_a_slow_fork():
    class Sleepy:
        def fork(self, item, index):
            sleep(0.05)
            return object()

    forker, whole = PacedForker(Sleepy()), WatchedForker(Sleepy())
    for index in range(2):
        forker.fork({}, index)
        whole.fork({}, index)

    first, second = forker.nanoseconds
    assert first >= 50_000_000  # nobody knew yet that it is a slow one
    assert second < 50_000_000
    assert min(whole.nanoseconds) >= 50_000_000  # beside instruments, which read it as well


def test_the_largest_fan_out_is_metered_and_plain_tasks_are_not():
    opened, forker = Opened(), Costly()
    small, large, equal = (
        Offer(task=name, visit=1, items=range(size), forker=forker)
        for name, size in [("a", 2), ("b", 5), ("c", 5)]
    )
    for offer in (Offer(task="plain", visit=1, plain=True, forker=forker), small, large, equal):
        opened.fan_out_opened(offer)

    assert opened.offer is large


def test_watched_actions_answer_and_fail_as_before_and_those_that_are_awaited_stay_as_they_are():
    async def fetch(url):
        return url

    watched = WatchedActions({"double": lambda n: n * 2, "fail": lambda: 1 / 0, "fetch": fetch})
    assert watched["double"](n=4) == 8
    with pytest.raises(ZeroDivisionError):
        watched["fail"]()
    assert watched["fetch"] is fetch
    assert {ref: len(times) for ref, times in watched.nanoseconds.items()} == {"double": 1, "fail": 1}


def test_pages_are_counted_when_they_are_written_to():
    size, before = 10_000_000, anonymous()
    with mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as mapped:
        unwritten = anonymous() - before
        mapped.write(b"x" * size)
        assert unwritten < 100_000
        assert anonymous() - before >= size


def test_what_is_allocated_takes_pages_of_its_own_once_holes_are_filled():
    holes = [(bytearray(200), bytearray(2_000)) for _ in range(20_000)]
    del holes[::2]
    with filled_holes():
        before = anonymous()
        kept = [bytes(300 - 33) for _ in range(40_000)]
        assert anonymous() - before == pytest.approx((304 + 8) * len(kept), rel=0.03)
