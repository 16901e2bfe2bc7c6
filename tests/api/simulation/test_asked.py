"""What cannot be simulated is told beforehand, and says what to write instead."""

from __future__ import annotations

import time
from typing import Any

import pytest

import attune_sim as at

DAY = {"every": "5min", "duration": "24h"}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "latency of zero": ({"latency": "0ms"}, "no time above 0"),
    "latency below zero": ({"latency": -1.0}, "no time above 0"),
    "a latency that is none": ({"latency": "normal(1s)"}, "did you mean 'lognormal'"),
    "a task that is not there": ({"latency": {"chekc": "1s"}}, "chekc"),
    "a fault that is none": ({"faults": "exploding(2%)"}, "exploding"),
    "no duration": ({"every": "5min"}, "for how long: duration="),
    "no schedule": ({"duration": "24h"}, "say how often too: every="),
    "two schedules": ({**DAY, "cron": "@hourly"}, "give one of them"),
    "never fires": ({"cron": "0 0 31 2 *", "duration": "30d"}, "never fires"),
    "fires after its end": ({"arrivals": [90_000.0], "duration": "24h"}, "never fires within 1d"),
    "a window of 0": ({"concurrency": 0}, "concurrency must be an integer of 1 or more, not 0"),
    "no workers": ({"workers": 0}, "count is 0; give a whole number of 1 or more"),
    "workers without slots": ({"workers": "4x0"}, "slots is 0"),
    "a link to nobody": (
        {"bandwidth": "10MB/s"},
        "bandwidth is that of the link to workers: give workers= too",
    ),
    "two links": ({"workers": "4(bandwidth=1MB/s)", "bandwidth": 1e6}, "leave out one of the two"),
    "a link without room": ({"workers": 4, "bandwidth": 0.0}, "bandwidth_bytes_s is 0.0"),
    "no memory": ({"memory": 0}, "memory 0 is no number of bytes"),
    "no such strategy": ({"strategies": ["shred"]}, "shared"),
    "no such overlap": ({**DAY, "overlap": "drop"}, "allow, skip, queue"),
    "no such dispatch": ({"dispatch": "lazy"}, "eager, windowed"),
    "too many events": (
        {**DAY, "items": 1_000, "max_events": 200_000},
        "288,000 events or more, and the budget is 200,000",
    ),
    "no events": ({"max_events": 0}, "max_events must be an integer of 1 or more"),
    "no seeds": ({"seeds": 0}, "seeds must be an integer of 1 or more"),
    "an empty list of seeds": ({"seeds": []}, "name at least one"),
    "a seed that is no number": ({"seed": "1"}, "seed must be a whole number"),
    "no processes": ({"seeds": 2, "processes": 0}, "processes must be an integer of 1 or more"),
}


@pytest.mark.parametrize(("given", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_before_anything_is_simulated(given: dict[str, Any], told: str) -> None:
    with pytest.raises(at.InputError) as refused:
        at.simulate("baseline", **{"items": 10, **given}, progress=False)

    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_run_that_sent_nothing_has_no_bandwidth() -> None:
    run = at.run("baseline", items=2)

    assert run.bandwidth is None
    with pytest.raises(at.InputError, match=r'sent no contexts to workers, .* run it with executor="dask"'):
        at.simulate("baseline", items=10, workers=2, bandwidth=run, progress=False)


def test_half_the_bandwidth_brings_contexts_in_twice_the_time() -> None:
    def ended_s(bandwidth: float | str) -> float:
        given = {"items": 10, "latency": "1s", "concurrency": 1, "strategies": [], "progress": False}
        found = at.simulate(
            "baseline", context_bytes="1MB", workers="1(ship=worker)", bandwidth=bandwidth, **given
        )
        return float(found.cycles["duration_s"].max())

    whole, half = ended_s("1MB/s"), ended_s(500_000.0)
    assert half - 10 == pytest.approx(2 * (whole - 10), rel=0.01)
    assert whole - 10 == pytest.approx(1.0, rel=0.1)


def test_a_million_cycles_too_many_are_refused_at_once() -> None:
    began = time.process_time()
    with pytest.raises(at.InputError, match="events or more"):
        at.simulate("baseline", items=10, every="1ms", duration="3000d")

    assert time.process_time() - began < 5  # nothing of it was begun


def test_what_was_asked_is_told_in_words_that_can_be_typed(hours: at.Simulation) -> None:
    asked = hours.asked

    assert asked.words == "20 items a cycle, every 1h for 4h, 5 at a time, workers 2x3"
    assert asked.surroundings["latency"] == "uniform(1s, 3s)"
    assert asked.expected == 4


def test_a_latency_that_nobody_gave_is_said_to_be_assumed() -> None:
    def told(**given: Any) -> tuple[str, ...]:
        return at.simulate("baseline", items=2, strategies=[], **given).asked.assumed

    assert any("takes 1 s" in line for line in told())
    assert told(latency="1s") == ()
