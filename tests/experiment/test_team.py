"""Jobs beside each other: no more than there are workers, none left behind."""

import os
import signal
import threading
import time

import pytest

from attune_sim.experiment.team import Team


class Crowd:
    """A job that notes how many are at it at once."""

    def __init__(self):
        self.lock, self.now, self.most, self.done = threading.Lock(), 0, 0, 0

    def __call__(self, stopped):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
            self.done += 1


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_no_more_jobs_than_workers_are_at_it_and_all_are_done_at_the_end(workers):
    crowd = Crowd()
    with Team(workers) as team:
        for _ in range(7):
            team.begin(crowd)

    assert (crowd.most, crowd.done, crowd.now) == (workers, 7, 0)


def test_one_worker_does_its_job_in_the_thread_that_began_it():
    seen = []
    with Team(1) as team:
        team.begin(lambda stopped: seen.append(threading.current_thread()))
        assert seen == [threading.main_thread()]


def test_what_a_job_raises_is_raised_where_they_were_begun():
    def broken(stopped):
        raise ValueError("broke down")

    def all_of_them():
        with Team(2) as team:
            team.begin(broken)
            team.join()

    with pytest.raises(ValueError, match="broke down"):
        all_of_them()


def test_a_block_that_is_left_by_an_exception_stops_what_is_under_way_and_waits_for_it():
    ended = []

    def patient(stopped):
        while not stopped():
            time.sleep(0.005)
        ended.append(1)

    def left():
        with Team(2) as team:
            team.begin(patient)
            team.begin(patient)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        left()

    assert ended == [1, 1]


def test_a_ctrl_c_while_the_last_jobs_are_waited_for_stops_them():
    ended = []

    def interrupted(stopped):
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)
        while not stopped():
            time.sleep(0.005)
        ended.append(1)

    def waiting():
        with Team(2) as team:
            team.begin(interrupted)

    with pytest.raises(KeyboardInterrupt):
        waiting()

    assert ended == [1]
