"""Workers in whole simulations of workflows: attempts wait for them, are lost with them, and say which one served them."""

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.executors.fates import Fates
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.simulation.fates import FatesModel
from attune_sim.simulation.little import Little
from attune_sim.simulation.schedules import Every
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate
from attune_sim.simulation.workers.cargo import Cargo
from attune_sim.simulation.workers.crew import Crew
from attune_sim.simulation.workers.occupancy import Occupancy
from attune_sim.simulation.workers.reading import workers_of

FAN = """
version: '1'
parameters: {n: {type: integer, required: true}}
cancellation_policy: cancel_running
tasks:
  - name: each
    action: t.each
    with_items: "{{ range(parameters.n) }}"
    concurrency: %d
"""


@dataclass(frozen=True)
class Drawn(FatesModel, Fates):
    """Times and ends drawn by cycle, attempt and slot; with `spread` 0 all attempts take as long, and succeed."""

    seconds: float = 1.0
    spread: float = 0.0
    failing: float = 0.0

    def seeded(self, seed):
        return self

    def open(self, offer, cycle):
        def fate(command, now, input, worker):
            draws = np.random.default_rng([cycle, command.attempt, command.slot]).random(2)
            seconds = self.seconds * (1 + self.spread * float(draws[0]))
            return (
                ("failed", None, "no", seconds)
                if draws[1] < self.failing
                else ("succeeded", {}, None, seconds)
            )

        return fate


def simulated(workers, n=12, window=100, more="", fates=Drawn(), freight=None, **setting):
    stations = None if workers is None else Crew(workers_of(workers), freight=freight)
    spec = RunSpec(workflow=load(FAN % window + more), parameters={"n": n})
    outcome = simulate(Setting(spec=spec, fates=fates, stations=stations, **setting))
    assert outcome.complaints == ()
    return outcome


@given(
    n=st.integers(0, 60), window=st.integers(1, 20), count=st.integers(1, 9), slots=st.integers(1, 3),
    eighths=st.integers(1, 4000),
)  # fmt: skip
@settings(max_examples=30)
def test_the_window_or_the_slots_bound_a_fan_out_whichever_are_fewer(n, window, count, slots, eighths):
    seconds, places = eighths / 8, min(window, count * slots)
    outcome = simulated(f"{count}x{slots}", n, window, fates=Drawn(seconds))
    [cycle] = outcome.cycles
    assert cycle.ended_s == ceil(n / places) * seconds
    assert cycle.max_in_flight == min(n, places)


def test_items_say_when_they_asked_when_they_began_and_who_served_them():
    outcome = simulated("2", n=3)
    rows = {
        name: list(outcome.items[name]) for name in ("index", "queued_s", "started_s", "ended_s", "worker")
    }
    assert rows == {
        "index": [0, 1, 2],
        "queued_s": [0.0, 0.0, 0.0],
        "started_s": [0.0, 0.0, 1.0],
        "ended_s": [1.0, 1.0, 2.0],
        "worker": [0, 1, 0],
    }


def test_a_timeout_counts_from_the_beginning_of_service():
    outcome = simulated("1", n=5, more="    timeout: 1\n")
    assert outcome.cycles[0].succeeded == 5
    assert outcome.ended_s == 5.0
    assert simulated("1", n=5, fates=Drawn(1.5), more="    timeout: 1\n").cycles[0].timed_out == 5


def test_an_attempt_that_is_lost_is_made_again_without_a_retry():
    outcome = simulated("3(mtbf=20s, repair=2s)", n=200, fates=Drawn(5.0))
    [cycle] = outcome.cycles
    assert cycle.succeeded == 200, "though the workflow has no retry"
    assert cycle.lost == sum(outcome.workers["lost"]) == sum(outcome.items["lost"]) > 10
    assert cycle.retries == 0
    assert sum(outcome.items["attempts"]) == 200 + cycle.lost == sum(outcome.workers["attempts"])


@pytest.mark.parametrize("workers", ["1", "7", "3x2(random)", "2(lifo, start_up=3s, idle=1s)"])
def test_whatever_the_workers_items_end_as_they_would_without(workers):
    """Their fates are the same: what differs is when."""

    def ends(given):
        outcome = simulated(given, n=80, fates=Drawn(1.0, 3.0, 0.3), more="    retry: {count: 1, delay: 0}\n")
        return dict(zip(outcome.items["index"], outcome.items["status"], strict=True)), outcome.cycles[
            0
        ].retries

    assert ends(workers) == ends(None)


def test_cycles_share_the_workers():
    outcome = simulated("1", n=4, schedule=Every(2.0), duration_s=6.0)
    assert [(row.started_s, row.ended_s) for row in outcome.cycles] == [(0.0, 4.0), (2.0, 8.0), (4.0, 12.0)]


def test_in_turn_a_cycle_is_not_held_up_by_the_one_before():
    def first_end_of_second(workers):
        items = simulated(workers, n=6, schedule=Every(2.0), duration_s=4.0).items
        return min(end for cycle, end in zip(items["cycle"], items["ended_s"], strict=True) if cycle == 1)

    assert first_end_of_second("1(fifo)") == 7.0  # after all six of the first
    assert first_end_of_second("1(fair)") == 5.0


def test_contexts_of_fan_outs_that_are_closed_are_not_kept():
    def peak(cycles):
        outcome = simulated(
            "2(ship=worker)", n=4, freight=Sent(), schedule=Every(10.0), duration_s=cycles * 10.0
        )
        return outcome.workers["peak_bytes"]

    assert peak(1) == peak(5) == [330.0, 330.0]


@dataclass(frozen=True)
class Sent:
    """A context of 300 bytes in memory, 30 more an attempt."""

    def __call__(self, request):
        return Cargo(100.0, 10.0, 300.0, 30.0)


def test_what_is_cut_off_tells_of_its_workers_up_to_then():
    outcome = simulated("2", n=10, fates=Drawn(4.0), horizon_s=6.0)
    assert (outcome.ended, outcome.ended_s) == ("horizon", 6.0)
    assert outcome.workers["busy_s"] == [6.0, 6.0]
    assert outcome.workers["utilisation"] == [1.0, 1.0]
    assert outcome.queue["waiting"][0] == 8.0


def test_workers_that_fail_sooner_than_any_attempt_ends_end_with_the_budget():
    outcome = simulated("1(mtbf=1s)", n=1, fates=Drawn(1000.0), max_events=500)
    assert (outcome.ended, outcome.events) == ("events", 500)
    assert outcome.workers["lost"][0] > 100


class InFlight:
    """Watches how many attempts are served at once: the integral of their number, and what they themselves say."""

    def begin(self, now):
        self.occupancy, self.now, self.stayed, self.attempts = Occupancy(0.0), now, 0.0, 0

    def cycle(self, number):
        return self

    def calling(self, command):
        self.occupancy.advance(self.now())
        self.occupancy.in_service += 1

    def action_ended(self, event):
        self.occupancy.advance(self.now())
        self.occupancy.in_service -= 1
        self.stayed += event.ended - event.started
        self.attempts += 1


@given(
    n=st.integers(1, 30), window=st.integers(1, 20), failing=st.sampled_from([0.0, 0.3]), cycles=st.integers(1, 3),
    workers=st.sampled_from([None, None, "2", "2x3(fair)", "3(random, start_up=1s)"]),
)  # fmt: skip
@settings(max_examples=30)
def test_littles_law_holds_of_what_is_in_flight_with_and_without_workers(n, window, failing, cycles, workers):
    watch = InFlight()
    spec = RunSpec(workflow=load(FAN % window + "    retry: {count: 2, delay: 1}\n"), parameters={"n": n})
    stations = None if workers is None else Crew(workers_of(workers))
    setting = Setting(
        spec=spec,
        fates=Drawn(1.0, 2.0, failing),
        stations=stations,
        schedule=Every(3.0),
        duration_s=cycles * 3.0,
    )
    outcome = simulate(setting, [watch])
    assert watch.attempts >= n * cycles
    assert watch.occupancy.in_service == 0
    law = Little("flight", watch.occupancy.areas[1], watch.stayed, watch.attempts, outcome.ended_s)
    assert law.complaint is None


@dataclass(frozen=True)
class Forgetful:
    """Workers whose pool loses count of one that waits."""

    def opened(self, timeline, seed):
        pool = Crew(workers_of("1")).opened(timeline, seed)
        timeline.at(0.5, lambda _: setattr(pool.occupancy, "waiting", pool.occupancy.waiting - 1), None)
        return pool


def test_an_outcome_says_that_littles_law_is_broken():
    spec = RunSpec(workflow=load(FAN % 5), parameters={"n": 5})
    outcome = simulate(Setting(spec=spec, fates=Drawn(), stations=Forgetful()))
    assert [complaint[:35] for complaint in outcome.complaints] == ["Little's law is broken for waiting:"]


def test_the_same_seed_gives_the_same_outcome_and_another_one_other_failures():
    setting = {"n": 50, "fates": Drawn(5.0, 1.0)}

    def course(seed):
        outcome = simulated("3(random, mtbf=30s, repair=2s)", **setting, seed=seed)
        return [list(outcome.items[name]) for name in ("index", "started_s", "worker")], outcome.workers[
            "failures"
        ]

    assert course(1) == course(1)
    assert course(1) != course(2)


def test_more_workers_are_done_sooner():
    makespans = [simulated(str(count), n=60, fates=Drawn(1.0, 3.0)).ended_s for count in (1, 2, 4, 8, 60)]
    assert makespans == sorted(makespans, reverse=True)
    one = simulated("1", n=60, fates=Drawn(1.0, 3.0))
    assert one.ended_s == pytest.approx(sum(one.workers["busy_s"]))


def test_settings_can_be_changed_by_their_stations_alone():
    spec = RunSpec(workflow=load(FAN % 5), parameters={"n": 5})
    setting = Setting(spec=spec, fates=Drawn(), stations=Crew(workers_of(1)))
    more = replace(setting, stations=Crew(workers_of(5)))
    assert (simulate(setting).ended_s, simulate(more).ended_s) == (5.0, 1.0)
