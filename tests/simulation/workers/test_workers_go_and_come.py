"""Workers that start up, rest, fail and are repaired."""

from math import exp

import pytest

HOUR = 3600.0


def test_nothing_begins_before_workers_have_started_up(station):
    one = station("2(start_up=3s)")
    one.ask("a")
    one.ask("b", at=5.0)
    assert one.run().when("begun") == {"a": 3.0, "b": 5.0}
    assert one.pool.occupancy.most_waiting == 1


def test_a_worker_that_rests_too_long_starts_up_anew_with_its_next_attempt(station):
    one = station("1(start_up=3s, idle=10s)")
    one.ask("cold")
    one.ask("warm", at=14.0)  # 10 s after the end of the first
    one.ask("cold again", at=25.5)
    assert one.run().when("begun") == {"cold": 3.0, "warm": 14.0, "cold again": 28.5}


def test_what_comes_while_a_worker_starts_up_begins_with_it(station):
    one = station("1x2(start_up=3s, idle=10s)")
    one.ask("a")
    one.ask("b", at=1.0)
    assert one.run().when("begun") == {"a": 3.0, "b": 3.0}
    assert one.pool.occupancy.most_waiting == 2


def test_the_worker_that_was_used_last_is_used_first_as_it_is_warm(station):
    one = station("3(start_up=3s, idle=10s)")
    for number in range(5):
        one.ask(number, at=5.0 * number)
    one.run()
    assert {job.worker for job in one.jobs.values()} == {0}


def test_what_a_failing_worker_serves_is_lost_and_begun_again_after_repair(station):
    one = station("1(mtbf=100s, repair=7s, start_up=2s)", seed=5)
    one.ask("a", 150.0)
    one.run()
    [(failed, _, _)] = [line for line in one.lines if line[2] == "lost"]
    assert one.lines == [
        (2.0, "a", "begun"),
        (failed, "a", "lost"),
        (failed + 9.0, "a", "begun"),
        (failed + 9.0 + 150.0, "a", "ended"),
    ]
    assert (one.column("failures"), one.column("lost"), one.column("attempts")) == ([1], [1], [2])
    assert one.column("down_s") == [9.0]
    assert one.column("busy_s") == [failed - 2.0 + 150.0]


def test_what_a_failing_worker_served_goes_at_once_to_one_that_is_up(station):
    one = station("2(mtbf=50s, repair=1h)", seed=5)
    one.ask("a", 40.0)
    one.run()
    failed = one.lines[1][0]
    assert one.lines[:3] == [(0.0, "a", "begun"), (failed, "a", "lost"), (failed, "a", "begun")]


def test_what_had_not_begun_yet_is_not_lost_but_goes_back_to_the_queue(station):
    one = station("1(mtbf=20s, idle=1h, start_up=15s, repair=1s)", seed=0)
    one.ask("a", 1.0)
    one.run()
    assert one.column("failures")[0] > 0, "the seed has it fail while it starts up"
    assert one.order("lost") == []
    assert one.order("begun") == ["a"]


def test_workers_fail_as_often_as_they_are_said_to_whether_they_are_busy_or_not(station):
    """Of an hour of being up and ten minutes of repair, 6/7 is up: within 5 %, over 18 days of each of 20 workers."""
    one = station("20x2(mtbf=1h, repair=10min)")
    for number in range(20):
        one.ask(number, 60.0, at=number * 1700.0)  # most workers are idle for most of the time
    one.timeline.at(365 * 24 * HOUR / 20, lambda _: None, None)
    one.run()
    passed = one.timeline.now() * 20
    assert sum(one.column("down_s")) / passed == pytest.approx(1 / 7, rel=0.05)
    assert sum(one.column("failures")) / passed * (HOUR + 600) == pytest.approx(1.0, rel=0.05)


def first_failure(station, workers):
    """When worker 0 fails first; seeds of failures do not depend on what is served."""
    one = station(workers, seed=3)
    one.ask("a", 1e6)
    while not one.order("lost"):
        one.timeline.step()
    return one.timeline.now()


def test_what_comes_to_a_worker_at_the_moment_of_its_failure_does_not_undo_it(station):
    workers = "1x2(mtbf=100s, repair=10s)"
    failed = first_failure(station, workers)
    one = station(workers, seed=3)
    one.ask("a", failed + 1.0)
    one.ask("b", 1.0, at=failed)  # comes up before the failure
    one.run()
    assert {(failed, "a", "lost"), (failed, "b", "lost")} <= set(one.lines)


def test_what_an_idle_worker_is_given_at_the_moment_of_its_failure_is_served_after_it(station):
    workers = "2(mtbf=100s)"
    failed = first_failure(station, workers)
    one = station(workers, seed=3)
    one.ask("a", failed / 2)  # by worker 0
    one.ask("b", failed + 5.0)  # by worker 1
    one.ask("c", 1.0, at=failed)
    one.run()
    assert one.jobs["c"].worker == 0
    assert (one.order("lost"), one.column("failures")) == ([], [1, 0])


def test_failures_of_a_worker_do_not_depend_on_what_it_serves(station):
    def failures(jobs):
        one = station("3(mtbf=100s, repair=7s)", seed=2)
        for number in range(jobs):
            one.ask(number, 10.0, at=17.0 * number)
        one.timeline.at(1000.0, lambda _: None, None)
        return one.run().column("failures")

    assert failures(0) == failures(50)


def test_other_seeds_have_other_failures(station):
    def down(seed):
        one = station("3(mtbf=100s, repair=7s)", seed=seed)
        one.timeline.at(1e5, lambda _: None, None)
        return one.run().column("failures")

    assert down(1) == down(1) != down(2)


def test_nothing_stands_on_the_agenda_for_workers_that_do_nothing(station):
    one = station("100(mtbf=1s, repair=1s)")
    assert len(one.timeline) == 0


def test_a_worker_that_is_down_has_been_so_up_to_now_only(station):
    workers = "1(mtbf=100s, repair=1h)"
    failed = first_failure(station, workers)
    one = station(workers, seed=3)
    one.timeline.at(failed + 5.0, lambda _: one.note("down", one.column("down_s")), None)
    assert one.run().lines == [(failed + 5.0, "down", [pytest.approx(5.0)])]


def test_a_service_is_lost_with_the_chance_that_a_failure_comes_within_it(served):
    pool = served(0.5, 20_000, seed=0, workers="4(mtbf=50s, repair=5s)", service="deterministic")
    lost, attempts = sum(pool.workers()["lost"]), sum(pool.workers()["attempts"])
    assert attempts - lost == 20_000
    assert lost / attempts == pytest.approx(1 - exp(-1.0 / 50), rel=0.1)
