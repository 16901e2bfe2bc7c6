"""Memory over the course of a run."""

import gc

import pytest

from attune_sim.engine.offer import Offer
from attune_sim.probes.fake import FakeClock, FakeMemory
from attune_sim.probes.sampler import Marks, Sampler


class Beats:
    """Keeps what a sampler hands on."""

    def __init__(self):
        self.samples = []
        self.elapsed = []

    def __call__(self, elapsed_s, samples):
        self.samples += samples
        self.elapsed.append(elapsed_s)

    @property
    def indexes(self):
        return [index for index, _, _ in self.samples]


class Machine(FakeMemory):
    """A heap that grows with each fork, under a limit."""

    def __init__(self, each, limit):
        super().__init__([0])
        self.each, self.limit, self.forks = each, limit, 0

    def heap(self):
        return self.each * self.forks

    def room(self):
        return float(self.limit - self.heap())


def offer_of(items, plain=False):
    return Offer(task="each", visit=0, forker=None, items=[0] * items, plain=plain)


def sampler_over(heap, *, every=10, clock=None, beats=None, **options):
    sampler = Sampler(FakeMemory(heap), clock or FakeClock(), beats or Beats(), every=every, **options)
    sampler.begin()
    return sampler


def fork_all(sampler, items, forked=lambda index: None):
    """Fork as attempts do, which tell a sampler of the forks that it asks for only."""
    sampler.fan_out_opened(offer_of(items))
    asked = 0
    for index in range(items):
        forked(index)
        if index >= asked:
            asked = sampler.fork_sampled("each", index, object())
            assert asked > index


@pytest.mark.parametrize(
    ("items", "every", "indexes"),
    [
        (1, 10, [0, 1]),
        (4, 10, [0, 1, 4]),
        (35, 10, [0, 1, 4, 14, 24, 34, 35]),
        (20, 3, [0, 1, 4, 7, 10, 13, 16, 19, 20]),
    ],
)
def test_readings_are_at_the_opening_close_then_regular_and_always_at_the_last_fork(items, every, indexes):
    beats = Beats()
    fork_all(sampler_over([0], every=every, beats=beats), items)
    assert beats.indexes == indexes


def test_each_fan_out_has_its_own_first_and_last_reading():
    beats = Beats()
    sampler = sampler_over([0], beats=beats)
    fork_all(sampler, 3)
    fork_all(sampler, 5)
    assert beats.indexes == [0, 1, 3, 3, 4, 7, 8]


def test_values_are_growth_and_the_peak_is_kept():
    beats = Beats()
    sampler = sampler_over([10**6, 10**6, 1_100_000, 1_900_000, 1_300_000], beats=beats, every=1)
    fork_all(sampler, 3)
    assert [round(value, -3) for _, _, value in beats.samples] == [0, 100_000, 900_000, 300_000]
    assert sampler.peaks["live_heap_bytes"] == pytest.approx(900_000, abs=500)


def test_what_measuring_holds_is_taken_off():
    held = [40]
    sampler = sampler_over([1000, 1500], overhead=lambda: held[0])
    held[0] = 240
    sampler.sample()
    assert sampler.peaks["live_heap_bytes"] == 1500 - 1000 - (240 - 40)


def test_slow_forks_are_looked_at_after_half_a_second_or_so():
    clock, beats = FakeClock(), Beats()
    sampler = sampler_over([0], clock=clock, beats=beats, every=1_000, seconds=0.5)
    fork_all(sampler, 200, lambda index: clock.advance(0.1))
    between = [later - earlier for earlier, later in zip(beats.elapsed[1:], beats.elapsed[2:], strict=False)]
    assert max(between) < 0.7


@pytest.mark.parametrize("each", [1_000, 70_000, 3_000_000])
def test_the_last_reading_before_memory_runs_out_is_a_fork_or_two_before_the_end(each):
    machine, beats = Machine(each, 100_000_000), Beats()
    sampler = Sampler(machine, FakeClock(), beats, every=10_000, room=machine.room)
    sampler.begin()

    def forked(index):
        machine.forks = index + 1
        if machine.room() < 0:
            raise MemoryError

    with pytest.raises(MemoryError):
        fork_all(sampler, 1_000_000, forked)
    assert machine.forks - 2 <= beats.indexes[-1] <= machine.forks
    assert len(beats.indexes) < 100


def test_its_own_time_is_told_apart_and_so_is_when_it_was():
    class SlowMemory(FakeMemory):
        def read(self):
            clock.advance(0.25)
            return super().read()

    clock, beats = FakeClock(), Beats()
    sampler = Sampler(SlowMemory([0]), clock, beats, every=1)
    sampler.begin()
    fork_all(sampler, 2)
    assert sampler.spent_s == pytest.approx(0.75)
    assert beats.elapsed == pytest.approx([0.0, 0.0, 0.0])
    assert list(sampler.spans) == [(0.25, 0.25), (0.5, 0.25), (0.75, 0.25)]


def test_the_collector_rests_while_memory_is_read():
    seen = []

    class Watching(FakeMemory):
        def read(self):
            seen.append(gc.isenabled())
            return super().read()

    sampler = Sampler(Watching([0]), FakeClock(), Beats(), every=1)
    sampler.begin()
    fork_all(sampler, 2)
    assert seen == [True, False, False, False]
    assert gc.isenabled()


def test_plain_tasks_are_not_sampled():
    beats = Beats()
    sampler = sampler_over([0], beats=beats)
    sampler.fan_out_opened(offer_of(1, plain=True))
    sampler.fan_out_ended(offer_of(1, plain=True))
    sampler.task_ended("fetch", 0, "succeeded", None, None)
    assert beats.samples == []


def test_every_below_one_is_refused():
    with pytest.raises(ValueError, match="counts from 1"):
        sampler_over([0], every=0)


def test_a_large_fan_out_whose_size_nobody_foretold_is_read_rarely():
    beats = Beats()
    fork_all(sampler_over([0], every=1, beats=beats), 10_000)
    assert len(beats.indexes) < 50
    assert beats.indexes[-1] == 10_000


def test_the_marks_are_those_of_the_largest_fan_out():
    sampler = sampler_over([0])
    for items in (3, 40, 5):
        fork_all(sampler, items)
        sampler.fan_out_ended(offer_of(items))
    assert list(sampler.marks.forks) == [0, 1, 4, 14, 24, 34, 40, 40]


# -- what the marks say --------------------------------------------------------------------------------------------------


def marks_of(*readings):
    marks = Marks()
    for reading in readings:
        marks.note(*reading)
    return marks


def test_what_was_alive_beside_the_first_fork_is_the_most_without_records():
    marks = marks_of((0, 10, 500.0), (1, 10, 1_500.0), (2, 11, 2_540.0), (2, 12, 580.0))
    assert marks.beside_first(40.0) == 1_000.0
    assert marks.beside_first(None) is None
    assert marks_of((0, 0, 500.0), (1, 0, 900.0), (3, 0, 1_700.0)).beside_first(None) == 800.0
    assert marks_of((0, 0, 500.0)).beside_first(40.0) is None


def test_a_forker_that_keeps_something_for_each_fork_is_seen_alive_though_forks_are_not():
    kept = [(fork, fork - 1, 1_000.0 + fork * (1_000 + 8)) for fork in range(1, 101)]
    assert marks_of((0, 0, 1_000.0), *kept).beside_first(8.0) == pytest.approx(99 * 1_000)


def test_the_slope_of_kept_forks_counts_all_of_them_while_no_item_ended():
    marks = marks_of((0, 0, 0.0), (1, 0, 700.0), (2, 0, 800.0), (11, 0, 1_700.0), (11, 11, 9_000.0))
    assert marks.slope_of_forks() == 100.0
    assert marks_of((0, 0, 0.0), (1, 0, 700.0)).slope_of_forks() is None


def slow_pace(clock, known):
    """Takes half a second to read, and is 7, 8, 9 ... by how many are known."""

    def pace():
        clock.advance(0.5)
        return 7.0 + len(known())

    return pace


def test_how_fast_the_machine_was_is_read_beside_the_memory_and_takes_no_time_of_the_run():
    clock = FakeClock()
    sampler = sampler_over([0], clock=clock, pace=slow_pace(clock, lambda: sampler.paces))
    sampler.fan_out_opened(offer_of(1))
    sampler.fork_sampled("each", 0, object())
    assert list(sampler.paces) == [7.0, 8.0]
    assert sampler.spent_s == pytest.approx(1.0)


@pytest.mark.parametrize(("each_s", "least", "most"), [(0.02, 200, 200), (0.002, 66, 130), (0.0001, 1, 40)])
def test_how_fast_the_machine_was_is_read_every_few_milliseconds_of_slow_forks(each_s, least, most):
    clock, beats = FakeClock(), Beats()

    def pace():
        clock.advance(0.3)
        return 7.0

    sampler = sampler_over([0], clock=clock, beats=beats, every=100, pace=pace)
    fork_all(sampler, 200, lambda index: clock.advance(each_s))

    assert least <= len(sampler.paces) - 1 <= most  # one is of the opening
    assert beats.indexes[-1] == 200
    assert beats.elapsed[-1] == pytest.approx(200 * each_s)
    assert len(set(beats.indexes)) <= 12


def test_between_attempts_it_is_read_at_some_fifty_places_and_takes_no_time_of_the_run():
    clock = FakeClock()
    sampler = sampler_over([0], clock=clock, pace=slow_pace(clock, lambda: sampler.attempt_paces))
    sampler.fan_out_opened(offer_of(4_800))
    spent = sampler.spent_s

    assert sampler.attempt_sampled("each", 0) == 100
    assert sampler.attempt_sampled("each", 100) == 200
    assert list(sampler.attempt_paces) == [7.0, 8.0]
    assert sampler.spent_s - spent == pytest.approx(1.0)
    sampler.fan_out_opened(offer_of(20))
    assert sampler.attempt_sampled("each", 0) == 16


def test_beside_quick_forks_it_is_read_with_the_memory_alone():
    clock, beats = FakeClock(), Beats()
    sampler = sampler_over([0], clock=clock, beats=beats, every=100)
    fork_all(sampler, 1_000, lambda index: clock.advance(0.0001))

    assert len(sampler.paces) == len(beats.elapsed)
