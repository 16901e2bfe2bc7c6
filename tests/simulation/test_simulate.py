"""Whole simulations: cycles on one clock, exact to a seed, and how they end before their time."""

import os
import pickle
import signal
from collections import Counter
from dataclasses import dataclass, replace
from math import ceil
from weakref import WeakSet

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.collector import collector_at_rest
from attune_sim.errors import InputError, ParametersError
from attune_sim.executors.fates import Fates
from attune_sim.loader import load
from attune_sim.runspec import RunSpec
from attune_sim.simulation.fates import FatesModel
from attune_sim.simulation.schedule import Schedule
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

FAN = """
version: '1'
parameters: {n: {type: integer, required: true}}
tasks:
  - name: each
    action: t.each
    with_items: "{{ range(parameters.n) }}"
    concurrency: %d
    input: {n: "{{ item }}", at: "{{ system.workflow_start }}"}
"""
TRIED = FAN + "    retry: {count: 1, delay: 4}\n    timeout: 10\n"


@dataclass(frozen=True)
class Taking(FatesModel, Fates):
    """Every attempt takes as long and succeeds, but those of slots that are told to end otherwise."""

    seconds: float = 1.0
    failing: tuple[int, ...] = ()

    def seeded(self, seed):
        return self

    def open(self, offer, cycle):
        good, bad = ("succeeded", {}, None, self.seconds), ("failed", None, "no", self.seconds)
        return lambda command, now, input, worker: bad if command.slot in self.failing else good


@dataclass(frozen=True)
class Drawn(FatesModel):
    """Times and ends drawn from the seed, by cycle, attempt and slot."""

    def seeded(self, seed):
        return DrawnFates(seed)


class DrawnFates(Fates):
    def __init__(self, seed):
        self._seed = seed

    def open(self, offer, cycle):
        def fate(command, now, input, worker):
            drawn = np.random.default_rng((self._seed, cycle, command.attempt, command.slot))
            seconds, outcome = drawn.exponential(5.0), drawn.choice(["succeeded", "failed"], p=[0.9, 0.1])
            return str(outcome), {}, None if outcome == "succeeded" else "no", float(seconds)

        return fate


@dataclass(frozen=True)
class Times(Schedule):
    """Cycles at these moments."""

    at: tuple[float, ...]

    def moments(self, duration_s, seed):
        return (moment for moment in self.at if moment < duration_s)


def setting_of(n=3, window=1, text=FAN, fates=Taking(), at=(), **more):
    if at:
        more = {"schedule": Times(at), "duration_s": 1e6, **more}
    spec = RunSpec(workflow=load(text % window), parameters={"n": n})
    return Setting(spec=spec, fates=fates, **more)


def rows_of(outcome, *names):
    return [tuple(getattr(row, name) for name in names) for row in outcome.cycles]


def listed(outcome):
    return {name: list(column) for name, column in outcome.items.items()}


# -- time ---------------------------------------------------------------------------------------------------------------


@given(n=st.integers(0, 200), window=st.integers(1, 50), eighths=st.integers(1, 4000))
def test_a_fan_out_of_n_items_with_window_k_and_latency_l_takes_exactly_n_over_k_times_l(n, window, eighths):
    latency = eighths / 8  # which a float holds exactly

    outcome = simulate(setting_of(n, window, fates=Taking(latency)))

    [cycle] = outcome.cycles
    assert (cycle.started_s, cycle.ended_s) == (0.0, ceil(n / window) * latency)
    assert (cycle.items, cycle.succeeded, cycle.max_in_flight) == (n, n, min(n, window))
    assert outcome.ended_s == cycle.ended_s


def test_times_of_items_are_those_of_the_simulation_and_its_events_can_be_counted():
    outcome = simulate(setting_of(3, 2, at=(0.0, 100.0)))

    assert listed(outcome) == {
        "cycle": [0, 0, 0, 1, 1, 1],
        "run": [0] * 6,
        "task": ["each"] * 6,
        "visit": [0] * 6,
        "index": [0, 1, 2] * 2,
        "status": ["succeeded"] * 6,
        "attempts": [1] * 6,
        "lost": [0] * 6,
        "queued_s": [0.0, 0.0, 1.0, 100.0, 100.0, 101.0],
        "started_s": [0.0, 0.0, 1.0, 100.0, 100.0, 101.0],
        "ended_s": [1.0, 1.0, 2.0, 101.0, 101.0, 102.0],
        "worker": [-1] * 6,
    }
    assert (outcome.ended, outcome.ended_s, outcome.sampled_of) == ("finished", 102.0, None)
    assert outcome.events == 2 * (1 + 3 + 1), "a cycle begins, its items end, it is left"


def test_a_cycle_reads_the_moment_at_which_it_starts():
    class Inputs:
        def __init__(self):
            self.at = []

        def begin(self, now):
            self.now = now

        def cycle(self, number):
            return self

        def prepared(self, task, index, fork, input):
            self.at.append(input["at"])

    watcher = Inputs()
    setting = setting_of(1, at=(0.0, 90.5))
    simulate(replace(setting, spec=replace(setting.spec, started_at="2026-02-28T23:59:00+01:00")), [watcher])

    assert watcher.at == ["2026-02-28T22:59:00Z", "2026-02-28T23:00:30Z"]


# -- counts -------------------------------------------------------------------------------------------------------------


def test_what_fails_is_tried_again_and_counted():
    outcome = simulate(setting_of(4, 2, TRIED, Taking(2.0, failing=(1,))))

    [cycle] = outcome.cycles
    assert (cycle.status, cycle.succeeded, cycle.failed, cycle.retries) == ("failed", 3, 1, 1)
    items = listed(outcome)
    assert items["index"] == [0, 2, 3, 1]
    assert (items["status"][3], items["attempts"][3]) == ("failed", 2)
    assert (items["started_s"][3], items["ended_s"][3]) == (0.0, 2.0 + 4.0 + 2.0)


def test_what_would_outlast_its_timeout_ends_with_it():
    outcome = simulate(setting_of(2, 2, TRIED, Taking(11.0)))

    [cycle] = outcome.cycles
    assert (cycle.timed_out, cycle.retries, cycle.ended_s) == (2, 2, 10.0 + 4.0 + 10.0)


def test_a_template_that_fails_fails_here_too():
    text = FAN.replace("{{ item }}", "{{ 1 / (item - 1) }}")

    outcome = simulate(setting_of(3, 1, text))

    [cycle] = outcome.cycles
    assert (cycle.succeeded, cycle.failed, cycle.max_in_flight) == (2, 1, 1)
    assert listed(outcome)["status"] == ["succeeded", "failed", "succeeded"]


# -- chance -------------------------------------------------------------------------------------------------------------


def test_a_simulation_is_exact_to_its_seed():
    settings = [setting_of(50, 7, TRIED, Drawn(), at=(0.0, 10.0, 20.0), seed=seed) for seed in (1, 1, 2)]

    once, again, other = map(simulate, settings)

    assert once.cycles == again.cycles != other.cycles
    assert listed(once) == listed(again) != listed(other)


def test_two_windows_meet_the_same_fates():
    def ends(window):
        items = simulate(setting_of(40, window, FAN, Drawn(), at=(0.0, 1000.0))).items
        return {
            (cycle, index): (status, round(ended - started, 9))
            for cycle, index, status, started, ended in zip(
                *(items[name] for name in ("cycle", "index", "status", "started_s", "ended_s")), strict=True
            )
        }

    assert ends(3) == ends(40)


def test_a_setting_means_the_same_in_another_process():
    setting = setting_of(20, 3, TRIED, Drawn(), at=(0.0, 5.0), seed=3)

    sent = simulate(pickle.loads(pickle.dumps(setting)))

    assert sent.cycles == simulate(setting).cycles


def test_where_there_are_many_items_some_are_kept_each_as_likely_as_any_other():
    chosen = Counter()
    for seed in range(200):
        outcome = simulate(setting_of(100, 7, at=(0.0, 100.0), max_items=20, seed=seed))
        assert (len(outcome.items["index"]), outcome.sampled_of) == (20, 200)
        assert list(outcome.items["ended_s"]) == sorted(outcome.items["ended_s"])
        chosen.update(zip(outcome.items["cycle"], outcome.items["index"], strict=True))

    # Each of 200 is chosen 20 times of 200 on average, with a deviation of 4.2: 2 of them may be beyond three of these.
    assert sum(abs(chosen[cycle, n] - 20) > 13 for cycle in range(2) for n in range(100)) <= 2
    half = sum(count for (cycle, _), count in chosen.items() if cycle == 0)
    assert abs(half - 2000) < 150


@pytest.mark.parametrize("most", [0, 1])
def test_hardly_any_item_may_be_kept(most):
    outcome = simulate(setting_of(10, 2, max_items=most))

    assert (len(outcome.items["index"]), outcome.sampled_of) == (most, 10)
    assert outcome.cycles[0].succeeded == 10


# -- cycles that overlap ------------------------------------------------------------------------------------------------

OVERLAPPING = (0.0, 2.0, 4.0, 6.0, 20.0)  # each takes three seconds


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("allow", [(0.0, 3.0), (2.0, 5.0), (4.0, 7.0), (6.0, 9.0), (20.0, 23.0)]),
        ("skip", [(0.0, 3.0), (None, None), (4.0, 7.0), (None, None), (20.0, 23.0)]),
        ("queue", [(0.0, 3.0), (3.0, 6.0), (6.0, 9.0), (9.0, 12.0), (20.0, 23.0)]),
    ],
)
def test_cycles_that_are_due_while_another_goes_on(overlap, expected):
    outcome = simulate(setting_of(at=OVERLAPPING, overlap=overlap))

    assert rows_of(outcome, "started_s", "ended_s") == expected
    assert rows_of(outcome, "due_s") == [(moment,) for moment in OVERLAPPING]
    assert [row.skipped for row in outcome.cycles] == [start is None for start, _ in expected]
    assert {row.status for row in outcome.cycles} <= {"succeeded", "skipped"}


@pytest.mark.parametrize("overlap", ["skip", "queue"])
def test_what_is_due_at_the_moment_at_which_the_one_before_ends_does_not_overlap_with_it(overlap):
    outcome = simulate(setting_of(at=(0.0, 3.0, 6.0), overlap=overlap))

    assert rows_of(outcome, "started_s", "ended_s") == [(0.0, 3.0), (3.0, 6.0), (6.0, 9.0)]


def test_a_workflow_without_items_is_over_as_it_begins():
    outcome = simulate(setting_of(0, at=(0.0, 7.0), overlap="skip"))

    assert rows_of(outcome, "started_s", "ended_s", "items") == [(0.0, 0.0, 0), (7.0, 7.0, 0)]


class Result(dict):
    """One that tells whether it is still there."""

    __hash__ = object.__hash__


@dataclass(frozen=True)
class Results(Taking):
    def open(self, offer, cycle):
        return lambda command, now, input, worker: ("succeeded", Result(), None, 1.0)


def test_a_cycle_that_is_over_is_let_go_of_at_once():
    class Held:
        def __init__(self):
            self.results, self.held = WeakSet(), []

        def begin(self, now):
            pass

        def cycle(self, number):
            self.held.append(len(self.results))
            return self

        def action_ended(self, event):
            self.results.add(event.result)

    watcher = Held()
    with collector_at_rest():
        simulate(setting_of(5, 2, fates=Results(), at=(0.0, 100.0, 200.0)), [watcher])

    assert watcher.held == [0, 0, 0]


def test_eager_dispatch_comes_to_the_same_and_forks_nothing_beforehand():
    class Forks:
        number = most = 0

        def begin(self, now):
            pass

        def cycle(self, number):
            return self

        def forked(self, task, index, fork, fork_us):
            self.number += 1
            self.most = max(self.most, self.number)

        def action_ended(self, event):
            self.number -= 1

    windowed = setting_of(20, 3, TRIED, Drawn())
    eager, forks = replace(windowed, spec=replace(windowed.spec, dispatch="eager")), Forks()

    assert simulate(eager, [forks]).cycles == simulate(windowed).cycles
    assert forks.most == 3


# -- ends before their time ---------------------------------------------------------------------------------------------


def test_a_budget_of_events_that_is_used_up_leaves_what_there_is():
    outcome = simulate(setting_of(100, 10, at=(0.0, 3.0, 50.0), max_events=75))

    assert (outcome.ended, outcome.events) == ("events", 75)
    assert rows_of(outcome, "status", "ended_s") == [("running", None), ("running", None)]
    assert sum(row.succeeded for row in outcome.cycles) == len(outcome.items["index"]) == 75 - 2
    assert [row.max_in_flight for row in outcome.cycles] == [10, 10]


def test_a_budget_that_just_suffices_is_none_that_is_used_up():
    assert simulate(setting_of(5, max_events=1 + 5 + 1)).ended == "finished"
    assert simulate(setting_of(5, max_events=1 + 5)).ended == "events"


def test_a_horizon_cuts_off_what_goes_on_behind_it():
    outcome = simulate(setting_of(10, at=(0.0, 4.0, 8.0), overlap="queue", horizon_s=6.0))

    assert (outcome.ended, outcome.ended_s) == ("horizon", 6.0)
    assert rows_of(outcome, "status", "succeeded") == [("running", 6), ("waiting", 0)]
    assert simulate(setting_of(6, horizon_s=6.0)).ended == "finished", "what ends at the horizon has ended"


class Stop:
    """Sends the signal of Ctrl-C when the item of a number begins; the second one, once more."""

    def __init__(self, *numbers):
        self._numbers, self._seen = numbers, 0

    def begin(self, now):
        pass

    def cycle(self, number):
        return self

    def prepared(self, task, index, fork, input):
        self._seen += 1
        if self._seen in self._numbers:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_gives_what_there_is():
    outcome = simulate(setting_of(10_000), [Stop(1500)])

    assert outcome.ended == "interrupted"
    assert outcome.events == 2000, "it is heard after a thousand events"
    [cycle] = outcome.cycles
    assert (cycle.status, cycle.succeeded) == ("running", 1999)


def test_a_second_ctrl_c_does_not_wait():
    with pytest.raises(KeyboardInterrupt):
        simulate(setting_of(10_000), [Stop(1500, 1501)])

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# -- bad input ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"schedule": Times((5.0,)), "duration_s": 5.0}, "never fires within 5 s"),
        ({"schedule": Times((5.0,)), "duration_s": None}, "needs a duration of more than 0 s, not None"),
        ({"at": (0.0,), "duration_s": -1.0}, "needs a duration of more than 0 s, not -1.0"),
        ({"overlap": "both"}, "'both' is not one of allow, skip, queue"),
        ({"max_events": 0}, "max_events: at least 1"),
        ({"max_items": -1}, "max_items: 0 rows of items or more can be kept, not -1"),
        ({"horizon_s": 0.0}, "horizon_s: a simulation ends after its begin"),
        ({"at": tuple(map(float, range(30))), "max_events": 20}, "fires more often than the 20 events"),
    ],
)
def test_what_cannot_be_simulated_is_said_beforehand(more, message):
    with pytest.raises(InputError, match=message):
        simulate(setting_of(**more))


def test_parameters_that_do_not_fit_and_a_start_that_is_none_are_told():
    setting = setting_of()
    with pytest.raises(ParametersError, match="'n' is missing"):
        simulate(replace(setting, spec=replace(setting.spec, parameters={})))
    with pytest.raises(InputError, match="started_at: 'today' is no moment"):
        simulate(replace(setting, spec=replace(setting.spec, started_at="today")))
