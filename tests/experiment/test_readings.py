"""From what the probes saw to the readings of a cell."""

import pytest

from attune_sim.contexts.registry import strategies
from attune_sim.engine.events import ActionEnded
from attune_sim.engine.offer import Offer
from attune_sim.experiment.readings import Held, held_readings, memory_readings, price_readings, time_readings
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.memory import Memory
from attune_sim.probes.parts import Moments
from attune_sim.probes.recorder import Recorder

US = 1e-6
PARTS = ("setup_us", "paid_fork_us", "render_us", "action_us", "bookkeeping_us", "collector_us", "drop_us")
NOTHING = Held(items=0, forks=0, record_bytes=None, beside_first=None, fork_slope=None)


def by_metric(readings):
    return {reading.metric: reading for reading in readings}


def timed(forks_us, *, inline=True, attempts=1, clock_us=0.1):
    """Readings of a run whose attempts took so long to fork, 3 us to render and 5 us to act."""
    now = 100 * US
    recorder = Recorder(lambda: 0.0)
    recorder.task_started("each", 0, len(forks_us))
    for index, fork_us in enumerate(forks_us):
        for attempt in range(attempts):
            ended = now + (fork_us + 8.0) * US
            recorder.action_ended(
                ActionEnded(
                    "each", 0, index, attempt, "succeeded", started=now, ended=ended, fork_us=fork_us,
                    render_us=3.0, action_us=5.0, drop_us=1.0,
                )
            )  # fmt: skip
            now = ended + 8.0 * US
    moments = Moments(0.0, now)
    readings = time_readings(recorder, ForkLog(recorder), moments, clock_us=clock_us, inline=inline)
    return by_metric(readings)


def test_the_parts_of_a_run_are_means_over_all_its_items_with_what_single_ones_took():
    found = timed([2.0, 2.0, 2.0, 94.0])
    assert found["paid_fork_us"].value == pytest.approx(25.0 - 0.1)
    assert (found["paid_fork_us"].p50, found["paid_fork_us"].max) == pytest.approx((1.9, 93.9))
    assert found["paid_fork_us"].n == 4
    assert found["closure"].value == pytest.approx(1.0, abs=1e-4)
    assert {name for name in PARTS if found[name].value is None} == set()


def test_where_attempts_overlap_there_are_no_parts_but_still_the_price_of_each_attempt():
    found = timed([2.0, 4.0], inline=False)
    assert found["paid_fork_us"].value == pytest.approx(2.9)
    assert found["render_us"].value == pytest.approx(2.9)
    for name in ("bookkeeping_us", "setup_us", "drop_us", "closure"):
        assert found[name].value is None
        assert found[name].label == "unavailable: attempts overlap"


def test_repeated_attempts_have_the_price_of_one_and_no_parts():
    found = timed([2.0, 4.0], attempts=2)
    assert found["paid_fork_us"].value == pytest.approx(2.9)
    assert found["closure"].label == "unavailable: attempts were repeated"


def test_without_an_item_there_is_no_time_of_one():
    found = timed([])
    assert found["wall_s"].value == pytest.approx(100 * US)
    assert {found[name].value for name in PARTS} == {None}


def test_a_counter_that_is_missing_is_a_row_without_value():
    labels = {"allocated_blocks": "unavailable: bypassed", "live_heap_bytes": "resident memory stands in"}
    found = by_metric(memory_readings({"live_heap_bytes": 5.0}, labels))
    assert (found["live_heap_bytes"].value, found["live_heap_bytes"].label) == (
        5.0,
        "resident memory stands in",
    )
    assert (found["allocated_blocks"].value, found["allocated_blocks"].label) == (
        None,
        "unavailable: bypassed",
    )


def held(**known):
    return Held(
        **{
            "items": 1_000,
            "forks": 1_000,
            "record_bytes": 80.0,
            "beside_first": 1e5,
            "fork_slope": None,
            **known,
        }
    )


def test_what_was_copied_is_an_estimate_and_says_so_and_what_was_alive_was_read():
    found = by_metric(held_readings(held(forks=1_010), 104.0, ""))
    assert (found["copied_bytes"].value, found["copied_bytes"].source) == (1_010 * 104.0, "estimated")
    assert (found["alive_bytes"].value, found["alive_bytes"].source) == (1e5 + 104, "measured")
    assert found["record_bytes"].value == 80.0
    eager = by_metric(held_readings(held(fork_slope=96.0), 104.0, ""))
    assert eager["alive_bytes"].value == 1e5 + 104 + 8 * 999


def test_forks_and_records_of_an_eager_run_close_with_its_heap():
    assert by_metric(held_readings(held(fork_slope=96.0), 104.0, ""))["heap_closure"].value == 1.0
    assert by_metric(held_readings(held(fork_slope=200.0), 104.0, ""))["heap_closure"].value < 0.7
    assert by_metric(held_readings(held(), 104.0, ""))["heap_closure"].value is None
    small = by_metric(held_readings(held(items=10, fork_slope=96.0), 104.0, ""))["heap_closure"]
    assert small.label == "unavailable: the heap grew too little to tell"


def test_a_fan_out_that_did_not_come_to_its_end_has_no_records():
    found = by_metric(held_readings(held(record_bytes=None, beside_first=None, fork_slope=96.0), 104.0, ""))
    assert {found[name].value for name in ("record_bytes", "alive_bytes", "heap_closure")} == {None}


def offer_of(name, items):
    """What a fan-out forked from, under the strategy of this name."""
    strategy = strategies[name]()
    results = {"fetch": [{"id": n, "load": n / 7} for n in range(2_000)]}
    context = strategy.begin({"parameters": {}, "workflow": {}, "task": results})
    forker = strategy.fan_out(context, None)
    return Offer(task="each", visit=0, items=items, forker=forker, context=context)


def test_a_run_without_a_fan_out_says_so():
    [readings] = price_readings(None, NOTHING, Memory(), 1e8)
    assert {reading.label for reading in readings} == {"unavailable: nothing fanned out"}


def test_the_price_of_a_fork_is_told_step_by_step_and_names_what_stood_for_what():
    items = [{"id": n} for n in range(3_000)]
    times, memory, collecting, sizes = price_readings(offer_of("shared", items), held(), Memory(), 1e8)
    found = by_metric([*times, *memory, *collecting, *sizes])
    assert found["fork_us"].value < 50
    assert found["fork_us"].basis == found["fork_bytes"].basis == "500 of 3,000 items, chosen by size"
    assert found["floor_us"].value > 0
    assert found["fork_object_bytes"].value == 56
    assert found["followed_objects"].value == pytest.approx(1.0, abs=0.01)
    assert found["asizeof_coverage"].value == pytest.approx(1.0, abs=0.05)


def test_where_every_item_was_forked_nothing_is_extrapolated():
    times = next(price_readings(offer_of("shared", [{"id": 1}, {"id": 2}]), held(), Memory(), 1e8))
    assert by_metric(times)["fork_us"].basis == ""
