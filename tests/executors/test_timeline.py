"""Where time comes from: appointments, and what other threads and Ctrl-C have to say to who waits."""

import os
import signal
import threading
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.executors.agenda import Agenda, Appointment
from attune_sim.executors.timeline import RealTimeline, VirtualTimeline


class Clock:
    """Shows what it is set to."""

    def __init__(self, now=50.0):
        self.now = now

    def __call__(self):
        return self.now


MOMENTS = st.integers(0, 5)


@given(
    told=st.lists(
        st.tuples(st.just("add"), MOMENTS, st.booleans())
        | st.tuples(st.just("cancel"), st.integers(0, 30), st.just(None))
        | st.tuples(st.just("pop"), st.none(), st.none()),
        max_size=40,
    )
)
def test_appointments_come_in_the_order_of_their_times_then_of_their_making_late_ones_last(told):
    agenda, made, expected, rung = Agenda(), [], {}, []

    def ring():
        _, _, call, argument = agenda.pop()
        call(argument)
        return rung[-1]

    for verb, number, late in told:
        if verb == "add":
            made.append(Appointment(agenda, float(number), rung.append, len(made), late=late))
            expected[len(made) - 1] = (number, late, len(made) - 1)
        elif verb == "cancel" and number < len(made):
            made[number].cancel()
            expected.pop(number, None)
        elif verb == "pop" and expected:
            first = min(expected, key=expected.get)
            assert agenda.due == expected.pop(first)[0]
            assert ring() == first
        assert len(agenda) == len(expected)

    left = sorted(expected, key=expected.get)
    assert [ring() for _ in left] == left
    assert agenda.due is None
    with pytest.raises(IndexError):
        agenda.pop()


# -- real time ---------------------------------------------------------------------------------------------------------


def test_real_time_stands_still_where_it_is_held_until_it_goes():
    clock = Clock()
    timeline = RealTimeline(clock=clock)
    assert timeline.now() == 0.0
    timeline.hold(12.5)
    clock.now = 1_000.0
    assert timeline.now() == 12.5

    timeline.go()
    clock.now = 1_003.0

    assert timeline.now() == 15.5
    timeline.go()
    assert timeline.now() == 15.5, "going twice is going once"
    assert RealTimeline(since=3.0, clock=clock).now() == 3.0


@contextmanager
def at_work(clock, *due):
    """A timeline that goes, its lock held, with appointments that note their names."""
    timeline, rung = RealTimeline(clock=clock), []
    timeline.go()
    with timeline.lock:
        made = [timeline.at(moment, rung.append, name, late=late) for moment, name, late in due]
        yield timeline, rung, made


def test_what_is_due_is_called_in_order_and_the_seconds_until_the_next_are_told():
    clock = Clock()
    due = ((2.0, "second", False), (1.0, "late", True), (1.0, "first", False), (1.5, "never", False))
    with at_work(clock, *due) as (timeline, rung, made):
        made[3].cancel()
        assert timeline.settle() == 1.0
        assert rung == []

        clock.now += 1.75

        assert timeline.settle() == 0.25
        assert rung == ["first", "late"]
        clock.now += 100.0
        assert timeline.settle() is None
        assert rung == ["first", "late", "second"]
        assert not timeline.waiting


def test_an_appointment_for_a_moment_that_has_come_is_kept_in_the_same_breath():
    clock = Clock()
    with at_work(clock) as (timeline, rung, _):
        timeline.at(1.0, lambda name: timeline.at(1.0, rung.append, name), "at once")
        clock.now += 1.0

        timeline.settle()

    assert rung == ["at once"]


def test_ring_calls_only_what_was_due_up_to_a_moment():
    clock = Clock()
    due = ((1.0, "one", False), (2.0, "two", False), (3.0, "three", False))
    with at_work(clock, *due) as (timeline, rung, _):
        clock.now += 100.0

        timeline.ring(2.0)

        assert rung == ["one", "two"]
        assert timeline.waiting


def test_work_is_done_when_nothing_is_due_and_its_thread_does_not_wait_meanwhile():
    clock, seen = Clock(), []
    with at_work(clock, (1.0, "due", False)) as (timeline, rung, _):

        def worker():
            seen.append((list(rung), timeline.now()))
            clock.now += 0.5
            return True

        timeline.work(worker)
        timeline.run(lambda: len(seen) == 4)

    assert seen == [([], 0.0), ([], 0.5), (["due"], 1.0), (["due"], 1.5)]


class Elsewhere:
    """Something that another thread does as soon as the timeline waits for it."""

    def __init__(self, act):
        self._thread = threading.Thread(target=act, daemon=True)

    def __call__(self):
        if not self._thread.ident:
            self._thread.start()
        return False


def test_what_fails_in_another_thread_reaches_who_runs_the_timeline():
    timeline = RealTimeline()
    timeline.work(Elsewhere(lambda: timeline.fail(ZeroDivisionError("there"))))

    with pytest.raises(ZeroDivisionError, match="there"):
        timeline.run(lambda: False)


def test_of_two_failures_the_first_is_told():
    timeline = RealTimeline()
    timeline.fail(ZeroDivisionError("first"))
    timeline.fail(ValueError("second"))

    with pytest.raises(ZeroDivisionError, match="first"):
        timeline.settle()


def test_an_appointment_that_another_thread_makes_is_kept():
    timeline, rung = RealTimeline(), []

    def make():
        with timeline.lock:
            timeline.at(timeline.now(), rung.append, "made there")

    timeline.work(Elsewhere(make))
    timeline.run(lambda: bool(rung))

    assert rung == ["made there"]


def test_whoever_waits_in_a_way_of_its_own_hears_of_news():
    timeline, news = RealTimeline(), []
    timeline.on_news(lambda: news.append("news"))

    with timeline.lock:
        timeline.at(1.0, print, None)
        timeline.wake()
    timeline.fail(ValueError())

    assert news == ["news"] * 3


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_ctrl_c_is_passed_on_and_nothing_is_raised():
    timeline, heard = RealTimeline(), []
    timeline.on_interrupt(lambda: heard.append("interrupt"))
    timeline.work(Elsewhere(press_ctrl_c))

    timeline.run(lambda: bool(heard))

    assert heard == ["interrupt"]


def test_a_second_ctrl_c_is_an_ordinary_interrupt():
    timeline, heard = RealTimeline(), []
    timeline.on_interrupt(lambda: heard.append("interrupt"))
    timeline.work(Elsewhere(press_ctrl_c))

    def twice():
        if heard:
            press_ctrl_c()
        return False

    timeline.work(twice)
    with pytest.raises(KeyboardInterrupt):
        timeline.run(lambda: False)
    assert heard == ["interrupt"]


def test_ctrl_c_is_python_s_own_again_once_the_timeline_does_not_run():
    before = signal.getsignal(signal.SIGINT)
    timeline = RealTimeline()

    timeline.run(lambda: signal.getsignal(signal.SIGINT) is not before)

    assert signal.getsignal(signal.SIGINT) is before


# -- virtual time ------------------------------------------------------------------------------------------------------


def test_virtual_time_goes_from_one_appointment_to_the_next():
    timeline, rung = VirtualTimeline(now=10.0), []
    for moment, name, late in ((12.0, "late", True), (12.0, "first", False), (3600.0, "last", False)):
        timeline.at(moment, lambda name: rung.append((name, timeline.now())), name, late=late)
    never = timeline.at(11.0, rung.append, "never")
    never.cancel()
    never.cancel()
    assert len(timeline) == 3

    timeline.run(lambda: len(rung) == 2)
    assert rung == [("first", 12.0), ("late", 12.0)]

    assert timeline.step()
    assert not timeline.step()
    assert (rung[-1], timeline.now(), len(timeline)) == (("last", 3600.0), 3600.0, 0)


def test_virtual_time_does_not_go_back_to_a_moment_that_has_passed():
    timeline, rung = VirtualTimeline(now=10.0), []
    timeline.at(3.0, lambda _: rung.append(timeline.now()), None)

    timeline.run()

    assert rung == [10.0]


def test_what_is_posted_comes_in_its_turn_and_can_be_cancelled_until_then():
    timeline, rung = VirtualTimeline(), []
    kept, gone, _ = (timeline.post(moment, rung.append, moment) for moment in (2.0, 1.0, 3.0))
    timeline.at(2.0, rung.append, "appointed")
    timeline.cancel(gone)
    assert (len(timeline), timeline.due) == (3, 2.0)

    assert timeline.ring(2) == 2

    assert (rung, kept[0], timeline.now()) == ([2.0, "appointed"], 2.0, 2.0)
    assert timeline.ring(5) == 1
    assert (rung[-1], timeline.due, timeline.ring(5)) == (3.0, None, 0)


def test_an_appointment_that_has_come_up_cannot_be_cancelled_any_more():
    timeline, rung = VirtualTimeline(), []
    first = timeline.at(1.0, rung.append, 1)
    timeline.at(2.0, rung.append, 2)
    timeline.step()

    first.cancel()

    assert (len(timeline), repr(first)) == (1, "<Appointment: over>")
    timeline.run()
    assert rung == [1, 2]


def test_a_timeline_that_is_cleared_in_the_middle_of_something_is_at_its_end():
    timeline, rung = VirtualTimeline(), []
    timeline.post(1.0, lambda _: timeline.clear(), None)
    timeline.post(2.0, rung.append, 2)
    timeline.cancel(timeline.post(3.0, rung.append, 3))

    assert timeline.ring(10) == 1
    assert (rung, len(timeline), timeline.now()) == ([], 0, 1.0)
