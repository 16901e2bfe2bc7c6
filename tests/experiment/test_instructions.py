"""From counts to one fork and one rendering: exact, by shares, bounded by a counted price."""

import shutil

import pytest

from attune_sim.engine.offer import Offer
from attune_sim.errors import ResultError
from attune_sim.experiment.counting import offer_of_cell
from attune_sim.experiment.instructions import INSTRUCTIONS, instruction_readings
from attune_sim.experiment.optional import Instructions
from attune_sim.probes.fake import FakeCounter
from attune_sim.record import CellRecord


class SpendingFork:
    """A fork whose reading costs a known number of instructions."""

    def __init__(self, counter, render):
        self.counter, self.cost = counter, render

    def resolve(self, name):
        self.counter.spend(self.cost)
        return {}


class SpendingForker:
    """A forker whose forks cost `fork(item)` instructions, and whose first one finds nothing made ready."""

    def __init__(self, counter, fork, render=500):
        self.counter, self.cost, self.render, self.forks = counter, fork, render, 0

    def fork(self, item, index):
        self.counter.spend(self.cost(item) + (10**6 if self.forks == 0 else 0))
        self.forks += 1
        return SpendingFork(self.counter, self.render)


def readings_of(fork, items=(1,) * 10, render=500):
    counter = FakeCounter()
    forker = SpendingForker(counter, fork, render)
    offer = Offer(task="each", visit=0, items=items, forker=forker)
    found = instruction_readings(offer, counter)
    assert [reading.metric for reading in found] == list(INSTRUCTIONS)
    return found, forker


def test_a_fork_and_a_rendering_are_counted_to_the_last_instruction():
    (fork, render), _ = readings_of(lambda item: 2_285, render=2_695)

    assert (fork.value, render.value, fork.n, fork.source, fork.label) == (2_285, 2_695, 300, "measured", "")


@pytest.mark.parametrize("price", [2_000, 40_000_000])
def test_one_percent_more_is_seen_as_one_percent_more(price):
    (plain, _), _ = readings_of(lambda item: price)
    (planted, _), _ = readings_of(lambda item: price + price // 100)

    assert planted.value - plain.value == price // 100


def test_items_count_by_the_share_that_they_stand_for():
    items = ["x"] * 99 + ["x" * 1_000]

    (fork, _), _ = readings_of(len, items)

    assert fork.value == 0.99 * 1 + 0.01 * 1_000


def test_a_dear_fork_is_made_three_times_a_loop_and_a_cheap_one_no_more_than_a_hundred_times_an_item():
    (dear, _), forker = readings_of(lambda item: 10**9)
    (cheap, _), _ = readings_of(lambda item: 10)

    assert (dear.n, cheap.n) == (3, 300)
    assert forker.forks == 1 + 1 + 3 + 3


def test_without_a_fan_out_there_are_rows_without_value():
    found = instruction_readings(None, FakeCounter())

    assert [(reading.value, reading.label) for reading in found] == [
        (None, "unavailable: nothing fanned out")
    ] * 2


def test_a_context_that_cannot_be_forked_is_told_before_anything_is_counted():
    def refuse(item):
        raise ResultError("a set is not JSON")

    with pytest.raises(ResultError, match="a set is not JSON"):
        readings_of(refuse)


def counted(n):
    return {"n": n}


def test_the_offer_that_is_counted_is_that_of_the_cell_and_nothing_of_it_is_performed(spec_of):
    performed = []

    def noted(n):
        performed.append(n)

    offer = offer_of_cell(spec_of(noted, 7), 7)

    assert (offer.task, list(offer.items), performed) == ("each", [0, 1, 2, 3, 4, 5, 6], [])
    assert offer.prepare(3).input == {"n": 3}


def test_a_fan_out_that_stays_smaller_than_it_was_is_counted_all_the_same(spec_of):
    offer = offer_of_cell(spec_of(counted, 4), 7)

    assert len(offer.items) == 4


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_valgrind_counts_a_shared_fork_the_same_every_time(spec_of):
    spec = spec_of(counted, 20)
    record = CellRecord(key=spec.key, outcome="ok", fan_out_items=20)

    first, second = (Instructions().readings(spec, record) for _ in range(2))

    assert first == second
    fork, render = first
    assert 200 < fork.value < 10_000
    assert 200 < render.value < 50_000
