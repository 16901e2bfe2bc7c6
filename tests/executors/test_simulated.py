"""Virtual time: runs that share a clock, and attempts that are stopped."""

import pytest

from attune_sim.executors.drive import Drive
from attune_sim.executors.fates import Fate, Foretold
from attune_sim.executors.simulated import SimulatedPerformer
from attune_sim.executors.timeline import VirtualTimeline
from attune_sim.loader import load
from attune_sim.probes.recorder import Recorder
from attune_sim.runspec import RunSpec
from attune_sim.session import session_of

FAN = """
version: '1'
cancellation_policy: cancel_running
tasks:
  - name: each
    action: t.each
    with_items: "{{ range(3) }}"
    concurrency: %d
    retry: {count: 1, delay: 4}
"""


class Diary:
    """Notes what ends, and when; several runs may write into it."""

    def __init__(self, name, timeline, lines):
        self.name, self.timeline, self.lines = name, timeline, lines

    def action_ended(self, event):
        self.lines.append((self.timeline.now(), self.name, event.index, event.outcome))

    def run_ended(self, command):
        self.lines.append((self.timeline.now(), self.name, command.status))


def drive_of(timeline, foretell, observers=(), window=1, text=FAN, workflows=()):
    spec = RunSpec(workflow=load(text % window if "%d" in text else text), workflows=workflows)
    session = session_of(spec, {"t.each": None}, observers=observers)
    return session, Drive(session.job, timeline, SimulatedPerformer(Foretold(foretell)))


def taking(seconds):
    return lambda command: Fate(duration=seconds)


def test_two_runs_interleave_on_one_clock():
    timeline, lines = VirtualTimeline(), []
    slow, fast = (
        drive_of(timeline, taking(seconds), [Diary(name, timeline, lines)])[1]
        for name, seconds in (("slow", 3.0), ("fast", 2.0))
    )

    slow.begin()
    fast.begin()
    timeline.run()

    assert lines == [
        (2.0, "fast", 0, "succeeded"),
        (3.0, "slow", 0, "succeeded"),
        (4.0, "fast", 1, "succeeded"),
        (6.0, "slow", 1, "succeeded"),  # it began before the other one that ends at this moment
        (6.0, "fast", 2, "succeeded"),
        (6.0, "fast", "succeeded"),
        (9.0, "slow", 2, "succeeded"),
        (9.0, "slow", "succeeded"),
    ]
    assert (slow.ending.status, fast.ending.status) == ("succeeded", "succeeded")
    assert (len(timeline), timeline.now()) == (0, 9.0)


def test_a_run_that_is_driven_alone_does_not_wait_for_the_other():
    timeline, lines = VirtualTimeline(), []
    _, other = drive_of(timeline, taking(10.0), [Diary("other", timeline, lines)])
    _, drive = drive_of(timeline, taking(1.0), [Diary("own", timeline, lines)])
    other.begin()

    drive.run()

    assert timeline.now() == 3.0
    assert {name for _, name, *_ in lines} == {"own"}
    assert not other.is_over()
    assert len(timeline) == 1


def test_a_stopped_attempt_leaves_the_agenda_and_is_told_as_cancelled_at_once():
    timeline, lines = VirtualTimeline(), []
    ends = []

    class Ends:
        def action_ended(self, event):
            ends.append((event.started, event.ended, event.outcome))

    session, drive = drive_of(timeline, taking(100.0), [Diary("run", timeline, lines), Ends()], window=2)
    timeline.at(7.0, lambda _: drive.cancel(), None)
    drive.begin()
    assert len(timeline) == 3

    timeline.run()

    assert lines == [(7.0, "run", 0, "cancelled"), (7.0, "run", 1, "cancelled"), (7.0, "run", "cancelled")]
    assert ends == [(0.0, 7.0, "cancelled")] * 2
    assert (len(timeline), timeline.now()) == (0, 7.0)
    assert session.state.task_results["each"]["failed"] == 3


def test_a_run_that_is_cancelled_in_the_pause_before_a_retry_is_over_at_once():
    timeline = VirtualTimeline()
    session, drive = drive_of(timeline, lambda command: Fate("failed", error="no"))
    timeline.at(2.0, lambda _: drive.cancel(), None)

    assert drive.run().status == "cancelled"

    assert session.state.task_starts == ["each[0]", "each[1]"]
    assert (len(timeline), timeline.now()) == (0, 2.0)


CALL = """
version: '1'
tasks:
  - {name: call, action: demo.child, timeout: 5, next: [{when: "{{ timed_out() }}", do: [after]}]}
  - {name: after, action: t.each, input: {x: 1}}
"""


def test_attempts_of_a_sub_workflow_whose_time_is_up_leave_the_agenda_too():
    timeline = VirtualTimeline()
    child = load((FAN % 3).replace("version", "ref: demo.child\nversion"))
    durations = {"each": 100.0, "after": 1.0}
    session, drive = drive_of(
        timeline, lambda command: Fate(duration=durations[command.task]), text=CALL, workflows=(child,)
    )
    drive.begin()
    assert len(timeline) == 3 + 1

    timeline.run()

    assert drive.ending.status == "succeeded"
    assert session.state.task_statuses == {"call": "timed_out", "after": "succeeded"}
    assert (len(timeline), timeline.now()) == (0, 6.0)


def test_a_run_that_is_over_leaves_none_of_its_timers_on_a_clock_that_others_go_by():
    timeline = VirtualTimeline()
    child = load("version: '1'\nref: demo.child\ntasks: [{name: each, action: t.each}]")
    _, drive = drive_of(timeline, taking(1.0), text=CALL, workflows=(child,))

    drive.run()

    assert drive.ending.status == "succeeded"
    assert (len(timeline), timeline.now()) == (0, 1.0)


@pytest.mark.parametrize("window", [1, 3])
def test_the_times_of_a_run_begin_at_zero_and_its_parts_cost_nothing(window):
    timeline = VirtualTimeline()
    recorder = Recorder(timeline.now)
    _, drive = drive_of(timeline, taking(1000.0), [recorder], window=window)

    drive.run()

    [task], [columns] = recorder.tasks, recorder.items
    assert (task.started_s, task.ended_s) == (0.0, 3000.0 / window)
    assert list(columns.started_s) == [1000.0 * (n if window == 1 else 0) for n in range(3)]
    assert list(columns.span_s) == [1000.0] * 3
    assert sum(columns.fork_us) == sum(columns.render_us) == sum(columns.action_us) == 0


def test_a_run_in_virtual_time_is_repeatable_to_the_letter():
    def told():
        timeline, lines = VirtualTimeline(), []

        def foretell(command):
            outcome = "failed" if (command.slot + command.attempt) % 2 else "succeeded"
            return Fate(outcome, command.slot, None if outcome == "succeeded" else "odd", 1.0)

        session, drive = drive_of(timeline, foretell, [Diary("run", timeline, lines)], window=3)
        return drive.run(), lines, session.state.task_results

    assert told() == told()


# -- attempts that are served ------------------------------------------------------------------------------------------


class Counter:
    """One attempt after the other, each at once if nobody is before it. At `deaths` whom it serves is lost."""

    def __init__(self, timeline, deaths=()):
        self.timeline, self.queue, self.served, self.closed = timeline, [], None, []
        for moment in deaths:
            timeline.at(moment, self._die, None)

    def request(self, request):
        self.queue.append(request)
        if self.served is None:
            self._serve()

    def withdraw(self, request):
        if request is self.served:
            self._entry.cancel()
            self.served = None
            self.timeline.post(self.timeline.now(), lambda _: self._serve(), None)
        else:
            self.queue.remove(request)

    def close(self, context):
        self.closed.append(context)

    def _serve(self):
        if self.queue and self.served is None:
            self.served = self.queue.pop(0)
            seconds = self.served.begun(self.timeline.now(), 7)
            self._entry = self.timeline.at(self.timeline.now() + seconds, self._end, self.served)

    def _end(self, request):
        self.served = None
        request.ended(self.timeline.now())
        self._serve()

    def _die(self, _):
        self._entry.cancel()
        lost, self.served = self.served, None
        lost.lost(self.timeline.now())
        self._serve()


def served_drive(seconds, window=3, text=FAN, deaths=(), observers=()):
    timeline = VirtualTimeline()
    counter = Counter(timeline, deaths)
    session = session_of(RunSpec(workflow=load(text % window)), {"t.each": None}, observers=observers)
    performer = SimulatedPerformer(Foretold(taking(seconds)), counter, cycle=5)
    return session, performer, counter, Drive(session.job, timeline, performer)


class Spans:
    """Notes when attempts were asked for, began and ended, and who served them."""

    def __init__(self):
        self.performer, self.lines = None, []

    def action_ended(self, event):
        served = self.performer.served
        self.lines.append(
            (event.index, event.attempt, served.queued_s, event.started, event.ended, served.worker)
        )


def test_attempts_wait_for_a_station_and_their_time_counts_from_the_beginning_of_service():
    spans = Spans()
    session, performer, counter, drive = served_drive(
        6.0, text=FAN.replace("retry", "timeout: 5\n    retry"), observers=[spans]
    )
    spans.performer = performer

    assert drive.run().status == "failed"

    assert spans.lines[:3] == [(n, 0, 0.0, 5.0 * n, 5.0 * (n + 1), 7) for n in range(3)]
    assert session.state.task_statuses == {"each": "timed_out"}
    assert (performer.max_in_flight, performer.in_flight, performer.served) == (1, 0, None)
    assert [(cycle, offer.task) for cycle, offer in counter.closed] == [(5, "each")]


def test_an_attempt_that_is_lost_with_its_worker_is_begun_anew_and_uses_up_no_retry():
    spans = Spans()
    _, performer, _, drive = served_drive(6.0, deaths=[2.0, 3.0], observers=[spans])
    spans.performer = performer

    assert drive.run().status == "succeeded"

    # Whoever is lost asks again, behind those who wait.
    assert spans.lines == [(2, 0, 0.0, 3.0, 9.0, 7), (0, 1, 2.0, 9.0, 15.0, 7), (1, 1, 3.0, 15.0, 21.0, 7)]
    assert performer.lost == 2


def test_who_waits_for_a_station_is_given_back_when_the_run_is_cancelled_and_who_is_served_is_stopped():
    session, performer, counter, drive = served_drive(6.0)
    drive.timeline.at(4.0, lambda _: drive.cancel(), None)

    assert drive.run().status == "cancelled"

    assert drive.timeline.now() == 4.0
    assert (counter.queue, counter.served, performer.in_flight) == ([], None, 0)
    assert session.state.task_results["each"]["failed"] == 3


def test_an_attempt_that_cannot_be_prepared_is_served_for_no_time():
    text = FAN + "    input: {n: '{{ 1 / (item - 1) }}'}\n"
    session, _, _, drive = served_drive(6.0, text=text)

    drive.run()

    assert drive.timeline.now() == 12.0
    assert session.state.task_results["each"]["failed_items"][0]["index"] == 1


def test_attempts_of_a_sub_workflow_whose_time_is_up_leave_their_station():
    timeline = VirtualTimeline()
    counter = Counter(timeline)
    child = load((FAN % 3).replace("version", "ref: demo.child\nversion"))
    session = session_of(RunSpec(workflow=load(CALL), workflows=(child,)), {"t.each": None})
    performer = SimulatedPerformer(Foretold(taking(4.0)), counter)
    drive = Drive(session.job, timeline, performer)

    drive.run()

    assert session.state.task_statuses == {"call": "timed_out", "after": "succeeded"}
    assert (timeline.now(), counter.queue, counter.served) == (9.0, [], None)
