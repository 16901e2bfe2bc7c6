"""A simulation beside the real thing: the loopback fleet, over HTTP, on the asyncio executor."""

from __future__ import annotations

import numpy as np
import pytest

import attune_sim as at
from attune_sim.scenarios.parts.fleet import delay_of
from attune_sim.simulation.answers import Answers
from attune_sim.simulation.fates import ModelledFates
from attune_sim.simulation.latency.reading import read_latencies
from attune_sim.simulation.setting import Setting
from attune_sim.simulation.simulate import simulate

TASK, SERVERS, WINDOW, DELAY_S = "check_health", 200, 20, 0.5


class InFlight:
    """The most checks that were under way at once."""

    def __init__(self):
        self.now = self.most = 0

    def calling(self, command):
        if command.task == TASK:
            self.now += 1
            self.most = max(self.most, self.now)

    def action_ended(self, event):
        self.now -= event.task == TASK


def fleet(seed):
    return at.scenarios.health_check(
        servers=SERVERS,
        concurrency=WINDOW,
        timeout=2.0,
        delay=DELAY_S,
        asynchronous=True,
        history=1,
        seed=seed,
    )


def real(workload):
    """Status of each server, seconds of the fan-out, the most in flight, and what this machine adds to the delays of the servers."""
    observer = InFlight()
    run = at.run(workload, executor="asyncio", observers=[observer])
    (fan_out,) = run.tasks[run.tasks["task"] == TASK]["duration_s"]
    items = run.items.sort_values("index")
    well = items[items["outcome"] == "succeeded"]
    known = np.array([delay_of(workload.seed, index, DELAY_S) for index in well["index"]])
    return list(items["outcome"]), fan_out, observer.most, well["duration_s"].to_numpy() - known


def simulated(workload, latency):
    """The same of a simulation, in which a check takes its server's delay, and `latency` besides."""
    fates = ModelledFates(read_latencies({"": "1ms", TASK: latency}), answers=Answers.of(workload))
    outcome = simulate(Setting(spec=workload.spec(), fates=fates, seed=workload.seed))
    items = outcome.items
    by_index = dict(zip(items["index"], items["status"], strict=True))
    fan_out = max(items["ended_s"]) - min(items["started_s"])
    return [by_index[index] for index in range(SERVERS)], fan_out, outcome.cycles[0].max_in_flight


@pytest.mark.slow
def test_simulated_and_real_agree_on_the_loopback_fleet() -> None:
    workload = fleet(seed=5)  # 189 healthy, 6 slow, 2 failing, 3 hanging
    # The way there and back is a matter of milliseconds beside delays of half a second; a machine that is busy elsewhere for
    # seconds makes a real run longer, never shorter.
    runs = [real(workload) for _ in range(2)]
    statuses, fan_out_s, most, beside = min(runs, key=lambda run: run[1])

    told_statuses, told_s, told_most = simulated(workload, at.fit_latency(beside, model="empirical"))
    assert told_statuses == statuses
    assert told_s == pytest.approx(fan_out_s, rel=0.1)
    assert told_most == most == WINDOW

    _, from_afar_s, _ = simulated(workload, "5ms")
    assert from_afar_s == pytest.approx(fan_out_s, rel=0.1)


def test_a_simulated_fleet_ends_as_its_servers_are() -> None:
    workload = at.scenarios.health_check(servers=1000, delay=0.2)
    fates = ModelledFates(read_latencies("1ms"), answers=Answers.of(workload))
    row = simulate(Setting(spec=workload.spec(), fates=fates)).cycles[0]

    assert (row.succeeded, row.failed, row.timed_out) == (932 + 34, 28, 6)
    assert row.max_in_flight == 50


def test_delays_of_servers_are_known_and_about_what_was_asked_for() -> None:
    delays = [delay_of(0, number, 0.5) for number in range(1000)]

    assert min(delays) >= 0.25
    assert sum(delays) / len(delays) == pytest.approx(0.5, abs=0.02)
    assert delay_of(0, 17) == 0.0


@pytest.mark.parametrize("delay", [-1, True, "80ms", float("nan")])
def test_a_delay_that_is_none_is_refused(delay) -> None:
    with pytest.raises(at.InputError, match="delay must be a number of seconds of 0 or more"):
        at.scenarios.health_check(servers=3, delay=delay)
