"""Memory over the course of a run."""

import pytest

from attune_sim.probes.fake import FakeClock, FakeMemory
from attune_sim.probes.sampler import Sampler


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


def sampler_over(heap, *, every=10, clock=None, beats=None, **options):
    return Sampler(FakeMemory(heap), clock or FakeClock(), beats or Beats(), every=every, **options)


def fork_all(sampler, items):
    sampler.task_started("each", 0, items)
    for index in range(items):
        sampler.forked("each", index, object(), 1.0)


@pytest.mark.parametrize(
    ("items", "every", "indexes"),
    [
        (1, 10, [1]),
        (4, 10, [1, 2, 4]),
        (35, 10, [1, 2, 4, 8, 16, 26, 35]),
        (20, 3, [1, 2, 4, 7, 10, 13, 16, 19, 20]),
    ],
)
def test_readings_are_close_at_the_start_then_regular_and_always_at_the_last_fork(items, every, indexes):
    beats = Beats()
    sampler = sampler_over([0], every=every, beats=beats)
    sampler.begin()
    fork_all(sampler, items)
    assert beats.indexes == indexes


def test_each_fan_out_has_its_own_first_and_last_reading():
    beats = Beats()
    sampler = sampler_over([0], beats=beats)
    sampler.begin()
    fork_all(sampler, 3)
    fork_all(sampler, 5)
    assert beats.indexes == [1, 2, 3, 4, 5, 7, 8]


def test_values_are_growth_and_the_peak_is_kept():
    beats = Beats()
    sampler = sampler_over([1000, 1100, 1900, 1300], beats=beats)
    sampler.begin()
    fork_all(sampler, 3)
    assert [value for _, _, value in beats.samples] == [100, 900, 300]
    assert sampler.peaks == {"live_heap_bytes": 900}


def test_what_measuring_holds_is_taken_off():
    held = [40]
    sampler = sampler_over([1000, 1500], overhead=lambda: held[0])
    sampler.begin()
    held[0] = 240
    fork_all(sampler, 1)
    assert sampler.peaks["live_heap_bytes"] == 1500 - 1000 - (240 - 40)


def test_time_without_a_fork_gives_a_reading_too():
    clock, beats = FakeClock(), Beats()
    sampler = sampler_over([0], clock=clock, beats=beats, seconds=0.5)
    sampler.begin()
    for seconds in (0.2, 0.2, 0.2, 0.2):
        clock.advance(seconds)
        sampler.item_ended("each", 0, 0, "succeeded", 1, None)
    assert beats.elapsed == pytest.approx([0.6])


def test_its_own_time_is_told_apart():
    class SlowMemory(FakeMemory):
        def read(self):
            clock.advance(0.25)
            return super().read()

    clock, beats = FakeClock(), Beats()
    sampler = Sampler(SlowMemory([0]), clock, beats, every=1)
    sampler.begin()
    fork_all(sampler, 2)
    assert sampler.spent_s == pytest.approx(0.5)
    assert beats.elapsed == pytest.approx([0.0, 0.0])


def test_plain_tasks_are_not_sampled():
    beats = Beats()
    sampler = sampler_over([0], beats=beats)
    sampler.begin()
    sampler.task_started("fetch", 0, None)
    sampler.forked("fetch", None, object(), 1.0)
    sampler.task_ended("fetch", 0, "succeeded", None, None)
    assert beats.samples == []


def test_every_below_one_is_refused():
    with pytest.raises(ValueError, match="counts from 1"):
        sampler_over([0], every=0)


def test_a_large_fan_out_whose_size_nobody_foretold_is_read_rarely():
    beats = Beats()
    sampler = sampler_over([0], every=1, beats=beats)
    sampler.begin()
    fork_all(sampler, 10_000)
    assert len(beats.indexes) < 50
    assert beats.indexes[-1] == 10_000
