"""A pool serves requests by its slots: their order, ends before their time, and what it tells of its queue."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.simulation.workers.arrivals import Arrivals
from attune_sim.simulation.workers.pool import Pool
from attune_sim.simulation.workers.setting import Workers


def end_of_fan_out(items, workers, seconds):
    """When a pool is done with so many items, all of which are there at 0 and take equally long."""
    timeline = VirtualTimeline()
    Arrivals(timeline, Pool(workers, timeline), [0.0] * items, [seconds] * items).run()
    return timeline.now()


@given(items=st.integers(1, 200), count=st.integers(1, 30), ticks=st.integers(1, 5000))
def test_n_items_in_k_slots_take_n_over_k_rounded_up_times_their_latency_exactly(items, count, ticks):
    seconds = ticks / 1024  # of which sums are exact
    assert end_of_fan_out(items, Workers(count), seconds) == ceil(items / count) * seconds


@given(
    items=st.integers(1, 99), count=st.integers(1, 9), slots=st.integers(1, 4), seconds=st.floats(1e-6, 1e6)
)
def test_of_any_latency_they_take_as_many_of_it_as_rounds_added_up(items, count, slots, seconds):
    rounds = ceil(items / (count * slots))
    assert end_of_fan_out(items, Workers(count, slots), seconds) == sum([seconds] * rounds)


# -- who is served next ------------------------------------------------------------------------------------------------


def test_fifo_serves_in_the_order_of_coming(station):
    one = station("1")
    for name in "abc":
        one.ask(name)
    assert one.run().lines == [
        (0.0, "a", "begun"),
        (1.0, "a", "ended"),
        (1.0, "b", "begun"),
        (2.0, "b", "ended"),
        (2.0, "c", "begun"),
        (3.0, "c", "ended"),
    ]


def test_lifo_serves_the_last_that_came(station):
    one = station("1(lifo)")
    for name in "abcd":
        one.ask(name)
    assert one.run().order() == ["a", "d", "c", "b"]


def test_shortest_serves_what_is_done_soonest_and_of_equals_the_first(station):
    one = station("1(shortest)", expected=lambda job: job.seconds)
    for name, seconds in [("first", 9.0), ("long", 5.0), ("short", 1.0), ("as short", 1.0), ("middle", 2.0)]:
        one.ask(name, seconds)
    assert one.run().order() == ["first", "short", "as short", "middle", "long"]


def test_fair_serves_one_of_each_cycle_in_turn(station):
    one = station("1(fair)")
    for name in "abcd":
        one.ask(name, cycle=0)
    for name in "xy":
        one.ask(name, cycle=1)
    assert one.run().order() == ["a", "b", "x", "c", "y", "d"]


def test_random_serves_by_the_seed(station):
    def order(seed):
        one = station("1(random)", seed=seed)
        for number in range(20):
            one.ask(number)
        return one.run().order()

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == list(range(20)) != order(1)


def test_each_worker_is_given_one_before_any_is_given_two(station):
    one = station("3x2")
    for name in "abcdef":
        one.ask(name)
    assert [one.run().jobs[name].worker for name in "abcdef"] == [0, 1, 2, 0, 1, 2]


def test_what_is_asked_for_when_another_ends_has_its_turn_behind_those_that_wait(station):
    one = station("1")
    for name in "ab":
        one.ask(name)
    one.then["a"] = [lambda: one.pool.request(one.jobs["a"])]
    assert one.run().order() == ["a", "b", "a"]


# -- ends before their time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("discipline", ["fifo", "lifo", "shortest", "random", "fair"])
def test_what_is_withdrawn_while_it_waits_never_begins(station, discipline):
    one = station(f"1({discipline})")
    for name in "abcd":
        one.ask(name)
    one.withdraw("c", at=0.5)
    assert sorted(one.run().order()) == ["a", "b", "d"]
    assert one.timeline.now() == 3.0
    assert all(law.holds for law in one.pool.little())


def test_the_slot_of_what_is_withdrawn_while_it_is_served_goes_to_the_next_at_that_moment(station):
    one = station("1")
    one.ask("a", 10.0)
    one.ask("b", 10.0)
    one.withdraw("a", at=4.0)
    assert one.run().lines == [(0.0, "a", "begun"), (4.0, "b", "begun"), (14.0, "b", "ended")]
    assert one.column("busy_s") == [14.0]


def test_nothing_is_told_while_something_is_withdrawn(station):
    one = station("1")
    one.ask("a", 10.0)
    one.ask("b", 10.0)
    told = []

    def withdraw(_):
        one.pool.withdraw(one.jobs["a"])
        told.extend(one.lines)
        one.pool.withdraw(one.jobs["b"])

    one.timeline.at(4.0, withdraw, None)
    assert one.run().lines == told == [(0.0, "a", "begun")]
    assert one.timeline.now() == 4.0


# -- what it tells -----------------------------------------------------------------------------------------------------


def test_the_queue_is_told_in_means_over_bins_of_time(station):
    one = station("1")
    for name in "abc":
        one.ask(name, 64.0)
    queue = one.run().pool.queue()
    width = queue["time_s"][1] - queue["time_s"][0]
    assert sum(queue["waiting"]) * width == 64.0 * (2 + 1)
    assert sum(queue["in_service"]) * width == 64.0 * 3
    assert max(queue["most_waiting"]) == queue["waiting"][0] == 2


def test_workers_are_told_by_how_busy_they_were(station):
    one = station("2")
    one.ask("a", 6.0)
    one.ask("b", 2.0)
    one.ask("c", 1.0)
    one.run()
    assert one.column("busy_s") == [6.0, 3.0]
    assert one.column("utilisation") == [1.0, 0.5]
    assert one.column("attempts") == [1, 2]


def test_what_is_under_way_counts_as_far_as_it_has_come(station):
    one = station("1")
    one.ask("a", 10.0)
    one.ask("b", 10.0, at=1.0)
    one.timeline.at(4.0, lambda _: one.note("now", str(one.column("busy_s"))), None)
    one.timeline.at(4.0, lambda _: one.note("now", str(one.pool.little()[0].stayed_s)), None)
    assert [told for _, name, told in one.run().lines if name == "now"] == ["[4.0]", "3.0"]


def test_a_pool_that_lost_count_says_that_littles_law_is_broken(station):
    one = station("1")
    for name in "abc":
        one.ask(name)
    one.timeline.at(0.5, lambda _: setattr(one.pool.occupancy, "waiting", 1), None)  # of two that wait
    waiting, service = one.run().pool.little()
    assert str(waiting.complaint).startswith("Little's law is broken for waiting: ")
    assert service.holds


def test_a_pool_tells_at_a_glance_what_it_does(station):
    one = station("1(lifo)")
    for name in "abc":
        one.ask(name)
    one.timeline.step()
    one.timeline.step()
    assert repr(one.pool) == "<Pool of 1(lifo): 1 waiting, 1 in service>"
