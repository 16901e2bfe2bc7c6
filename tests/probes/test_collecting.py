"""What forks mean to the collector: counted and timed on forks whose objects are known."""

import gc

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.probes.collecting import collecting_of


class ForkerOfLists:
    """Each fork is a list of `inner` lists, all of which the collector follows."""

    def __init__(self, inner):
        self._inner = inner

    def fork(self, item, index):
        return [[index] for _ in range(self._inner)]


def test_objects_of_a_fork_are_counted_and_timed():
    few = collecting_of(ForkerOfLists(9), [1], fork_us=1.0, fork_bytes=1_000.0)
    many = collecting_of(ForkerOfLists(99), [1], fork_us=1.0, fork_bytes=1_000.0)

    assert (few.followed, many.followed) == (10, 100)
    per_object = gc.get_threshold()[0] + 1
    assert few.young * per_object == pytest.approx(10, rel=0.02)  # some come from the free list of lists
    assert many.young * per_object == pytest.approx(100, rel=0.02)
    assert many.full_us > few.full_us > 0


def test_a_shared_fork_is_one_object_whatever_the_context():
    strategy = strategies["shared"]()
    forker = strategy.fan_out(strategy.begin({"task": {"a": [[n] for n in range(5_000)]}}), None)

    assert collecting_of(forker, [1], fork_us=0.2, fork_bytes=100.0).followed == 1


def test_time_and_room_bound_how_many_forks_are_made():
    assert collecting_of(ForkerOfLists(1), [1, 2], fork_us=30_000.0, fork_bytes=100.0).forks == 10
    assert collecting_of(ForkerOfLists(1), [1, 2], fork_us=1.0, fork_bytes=1e9).forks == 4


def test_what_was_not_frozen_is_not_frozen_afterwards():
    gc.unfreeze()

    collecting_of(ForkerOfLists(1), [1], fork_us=1.0, fork_bytes=100.0)

    assert (gc.get_freeze_count(), gc.isenabled()) == (0, True)
