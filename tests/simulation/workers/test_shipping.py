"""What workers are sent: with every item, or once; over one link; and what they hold."""

from math import isnan

import pytest

from attune_sim.simulation.workers.cargo import Cargo


def freight(job):
    """A context of 100 bytes for each cycle, which takes 300 in memory; 10 bytes an item, which takes 20."""
    return Cargo(100.0, 10.0, 300.0, 20.0)


def test_with_every_item_the_context_goes_anew(station):
    one = station("1(ship=item, bandwidth=10B/s)", freight=freight)
    one.ask("a")
    one.ask("b")
    assert one.run().when("begun") == {"a": 11.0, "b": 11.0 + 1.0 + 11.0}
    assert one.column("shipped_bytes") == [220.0]


def test_once_a_worker_the_context_goes_with_the_first_item_only(station):
    one = station("1(ship=worker, bandwidth=10B/s)", freight=freight)
    one.ask("a")
    one.ask("b")
    assert one.run().when("begun") == {"a": 11.0, "b": 11.0 + 1.0 + 1.0}
    assert one.column("shipped_bytes") == [120.0]


def test_another_cycle_has_another_context(station):
    one = station("1(ship=worker)", freight=freight)
    one.ask("a", cycle=0)
    one.ask("b", cycle=1)
    assert one.run().column("shipped_bytes") == [220.0]


def test_workers_are_sent_theirs_one_after_the_other_over_one_link(station):
    one = station("3(ship=worker, bandwidth=10B/s)", freight=freight)
    for name in "abc":
        one.ask(name, 100.0)
    assert one.run().when("begun") == {"a": 11.0, "b": 22.0, "c": 33.0}


def test_what_was_sent_is_on_its_way_for_the_delay_while_the_next_is_sent(station):
    one = station("2(bandwidth=10B/s, delay=5s)", freight=freight)
    one.ask("a", 100.0)
    one.ask("b", 100.0)
    assert one.run().when("begun") == {"a": 16.0, "b": 27.0}


def test_there_is_a_delay_where_the_bytes_are_not_known(station):
    one = station("1(delay=5s)")
    one.ask("a")
    assert one.run().when("begun") == {"a": 5.0}


def test_an_item_waits_for_a_context_that_another_one_has_sent(station):
    one = station("1x2(ship=worker, bandwidth=10B/s)", freight=freight)
    one.ask("a", 100.0)
    one.ask("b", 100.0, at=1.0)
    assert one.run().when("begun") == {"a": 11.0, "b": 12.0}


def test_the_context_comes_though_the_item_that_asked_for_it_is_withdrawn(station):
    one = station("1x2(ship=worker, bandwidth=10B/s)", freight=freight)
    one.ask("a")
    one.ask("b", at=1.0)
    one.withdraw("a", at=2.0)
    assert one.run().when("begun") == {"b": 12.0}


def test_nothing_is_sent_to_a_worker_that_has_died_meanwhile(station):
    """It dies while the first is on its way; what stands in line for it then is sent anew, once it is up again."""
    one = station("1x3(bandwidth=1B/s, mtbf=300s, repair=200s)", freight=freight, seed=13)
    for name in "abc":
        one.ask(name)
    one.run()
    up = one.column("down_s")[0] + 50.29007989  # where it failed
    assert one.when("begun") == pytest.approx({"a": up + 110.0, "b": up + 220.0, "c": up + 330.0})
    assert one.column("shipped_bytes") == [110.0 + 3 * 110.0]
    assert one.order("lost") == []


def test_a_worker_that_rested_too_long_has_to_be_sent_the_context_again(station):
    one = station("1(ship=worker, idle=10s)", freight=freight)
    one.ask("a")
    one.ask("b", at=5.0)
    one.ask("c", at=50.0)
    assert one.run().column("shipped_bytes") == [110.0 + 10.0 + 110.0]


def test_a_worker_that_failed_has_to_be_sent_the_context_again(station):
    one = station("1(ship=worker, mtbf=100s, repair=7s)", freight=freight, seed=5)
    one.ask("a", 150.0)
    one.run()
    assert one.column("failures") == [1]
    assert one.column("shipped_bytes") == [110.0 + 110.0]
    assert one.column("peak_bytes") == [320.0]


def test_a_worker_holds_a_context_for_each_attempt_where_it_goes_with_the_item(station):
    one = station("1x3(ship=item)", freight=freight)
    for name in "abc":
        one.ask(name)
    assert one.run().column("peak_bytes") == [3 * 320.0]


def test_it_holds_one_for_all_where_it_goes_once_to_a_worker(station):
    one = station("1x3(ship=worker)", freight=freight)
    for name in "abc":
        one.ask(name)
    assert one.run().column("peak_bytes") == [300.0 + 3 * 20.0]


def test_it_lets_go_of_a_context_when_nobody_needs_it_any_more(station):
    def peak(closes):
        one = station("1(ship=worker)", freight=freight)
        one.ask("a", cycle=0)
        one.ask("b", at=5.0, cycle=1)
        if closes:
            one.timeline.at(2.0, one.pool.close, 0)
        return one.run().column("peak_bytes")

    assert peak(True) == [320.0]
    assert peak(False) == [620.0]


def test_the_moment_at_which_a_worker_first_holds_more_than_its_memory_is_told(station):
    one = station("2x2(ship=item, memory=600B)", freight=freight)
    one.ask("a", 10.0)
    one.ask("b", 10.0)
    one.ask("c", 10.0, at=4.0)  # the second on worker 0
    one.run()
    over = one.column("over_s")
    assert over[0] == 4.0
    assert isnan(over[1])
    assert one.when("ended")["c"] == 14.0, "the simulation goes on as if it had room"
