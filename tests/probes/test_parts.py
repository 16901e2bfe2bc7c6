"""The parts of a run add up to it, whatever lies between them, and each of them is what was put there."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.engine.events import ActionEnded
from attune_sim.engine.observe import ForksMade
from attune_sim.engine.offer import Offer
from attune_sim.probes.forklog import ForkLog
from attune_sim.probes.parts import Moments, Unsplit, parts_of, spread_of, wall_s
from attune_sim.probes.recorder import Recorder

CLOCK_US, HANDOVER_US = 0.05, 0.5
US = 1e-6


class Attempt:
    """What one attempt takes, in microseconds; a collection may fall into each part."""

    def __init__(
        self,
        fork=2.0,
        render=3.0,
        action=5.0,
        drop=1.0,
        between=7.0,
        look=0.0,
        pauses=(),
        aside=0.0,
        pace=0.0,
    ):
        self.fork, self.render, self.action, self.drop = fork, render, action, drop
        self.between, self.look, self.pauses, self.aside = between, look, dict(pauses), aside
        self.pace = pace


class Life:
    """Tells a recorder a run of attempts one after the other; the time is its own."""

    def __init__(self, attempts, *, kept=False, before=100.0, behind=50.0, loop=4.0, kept_drop=9.0):
        self.now, self.pauses, self.looks, self.looked_at, self.asides = before * US, [], [], [], []
        self.recorder = Recorder(lambda: self.now)
        self.forks = ForkLog(self.recorder)
        self.kept = kept
        offer = Offer(task="each", visit=0, forker=None, items=[0] * len(attempts))
        self.recorder.task_started("each", 0, len(attempts))
        if kept:
            made = ForksMade(len(attempts))
            self.forks.forking(offer, made)
            for slot, one in enumerate(attempts):
                made.fork_us[slot] = one.fork
                self.now += (one.fork + loop) * US
            made.number, made.loop_us = len(attempts), loop * len(attempts)
        for index, one in enumerate(attempts):
            self.perform(index, one)
        if kept:
            self.forks.fan_out_closed(offer, kept_drop)
            self.now += kept_drop * US
        self.now += behind * US
        self.recorder.task_ended("each", 0, "succeeded", None, None)

    def perform(self, index, one):
        if one.aside:
            self.asides.append((self.now, one.aside * US))
            if "aside" in one.pauses:
                self.pauses.append((self.now, one.pauses["aside"] * US))
            self.now += one.aside * US
        if one.pace:
            self.looks.append((self.now, one.pace * US))
            self.now += one.pace * US
        started = self.now
        for part in ("fork", "look", "render", "action"):
            if part == "fork" and self.kept:
                continue
            if part == "action":
                self.now += HANDOVER_US * US
            if part in one.pauses:
                self.pauses.append((self.now, one.pauses[part] * US))
            if part == "look" and one.look:
                self.looks.append((self.now, one.look * US))
                self.looked_at.append(index)
            self.now += getattr(one, part) * US
        ended = self.now
        self.recorder.action_ended(
            ActionEnded(
                "each", 0, index, 0, "succeeded", None, None, started, ended, 0, "action", None,
                one.fork, one.render, one.action, one.drop,
            )
        )  # fmt: skip
        self.now += one.drop * US
        if "between" in one.pauses:
            self.pauses.append((self.now, one.pauses["between"] * US))
        self.now += one.between * US

    @property
    def moments(self):
        return Moments(
            0.0, self.now, tuple(self.pauses), tuple(self.looks), tuple(self.looked_at), tuple(self.asides)
        )

    def parts(self):
        return parts_of(self.recorder, self.forks, self.moments, CLOCK_US)


TIMES = st.floats(0.1, 1e4)
ATTEMPTS = st.lists(
    st.builds(Attempt, fork=TIMES, render=TIMES, action=TIMES, drop=TIMES, between=TIMES),
    min_size=1,
    max_size=20,
)


@given(attempts=ATTEMPTS, kept=st.booleans())
def test_the_parts_add_up_to_the_run(attempts, kept):
    life = Life(attempts, kept=kept)
    parts = life.parts()
    assert parts.sum_s == pytest.approx(life.moments.wall_s, rel=1e-5)
    assert life.moments.wall_s == pytest.approx(life.now)


def test_each_part_is_the_mean_of_what_was_put_there_less_a_reading_of_the_clock():
    parts = Life([Attempt(), Attempt(fork=4.0, action=15.0)]).parts()
    assert parts.n == 2
    assert parts.paid_fork_us == pytest.approx(3.0 - CLOCK_US)
    assert parts.render_us == pytest.approx(3.0 - CLOCK_US)
    assert parts.action_us == pytest.approx(10.0 - CLOCK_US)
    assert parts.drop_us == pytest.approx(1.0 - CLOCK_US)
    assert parts.clock_us == pytest.approx(6 * CLOCK_US)
    # Between two attempts there is one gap; what follows the last one is no item's.
    assert parts.bookkeeping_us == pytest.approx(7.0 / 2 + HANDOVER_US - 2 * CLOCK_US)
    assert parts.setup_us == pytest.approx(100.0 + 7.0 + 50.0)


def test_kept_forks_are_made_before_and_let_go_behind_and_their_loop_is_bookkeeping():
    parts = Life([Attempt()] * 4, kept=True).parts()
    assert parts.paid_fork_us == pytest.approx(2.0 - CLOCK_US)
    assert parts.drop_us == pytest.approx(1.0 + 9.0 / 4 - CLOCK_US)
    assert parts.bookkeeping_us == pytest.approx(4.0 + 7.0 * 3 / 4 + HANDOVER_US - 3 * CLOCK_US)
    assert parts.setup_us == pytest.approx(100.0 + 7.0 + 50.0)


@pytest.mark.parametrize("part", ["render", "action", "between"])
def test_a_collection_outside_of_a_fork_is_a_part_of_its_own(part):
    calm = Life([Attempt()] * 3).parts()
    paused = Attempt(
        **{part: {"render": 3.0, "action": 5.0, "between": 7.0}[part] + 40.0}, pauses={part: 40.0}
    )
    disturbed = Life([Attempt(), paused, Attempt()]).parts()
    assert disturbed.collector_us == pytest.approx(40.0 / 3)
    for name in ("paid_fork_us", "render_us", "action_us", "bookkeeping_us", "drop_us", "setup_us"):
        assert getattr(disturbed, name) == pytest.approx(getattr(calm, name), abs=1e-4)


def test_a_collection_in_a_fork_belongs_to_it():
    paused = Attempt(fork=42.0, pauses={"fork": 40.0})
    parts = Life([Attempt(), paused]).parts()
    assert parts.collector_us == 0
    assert parts.paid_fork_us == pytest.approx(22.0 - CLOCK_US)


def test_a_collection_in_a_reading_of_memory_belongs_to_nothing():
    calm, paused = Life([Attempt(), Attempt(look=500.0)]), Attempt(look=500.0, pauses={"look": 400.0})
    disturbed = Life([Attempt(), paused]).parts()
    assert disturbed.collector_us == 0
    assert disturbed.render_us == pytest.approx(calm.parts().render_us)


def test_looking_at_memory_is_no_part_of_the_run():
    calm, looked = Life([Attempt()] * 2), Life([Attempt(), Attempt(look=500.0)])
    assert looked.moments.wall_s == pytest.approx(calm.moments.wall_s)
    assert looked.parts().sum_s == pytest.approx(looked.moments.wall_s)


@pytest.mark.parametrize("kept", [True, False])
def test_reading_the_pace_between_attempts_is_no_part_of_the_run(kept):
    calm = Life([Attempt()] * 3, kept=kept)
    paced = Life([Attempt(pace=500.0), Attempt(), Attempt(pace=500.0)], kept=kept)
    assert paced.moments.wall_s == pytest.approx(calm.moments.wall_s)
    for name in ("setup_us", "render_us", "bookkeeping_us", "drop_us"):
        assert getattr(paced.parts(), name) == pytest.approx(getattr(calm.parts(), name), abs=1e-4)


def test_the_way_to_a_reading_of_memory_and_back_is_no_part_of_the_run_either():
    life = Life([Attempt(), Attempt(look=500.0), Attempt()])
    [(began, took)] = life.looks
    shorter = Moments(0.0, life.now, (), ((began + 4 * US, took - 9 * US),), (1,))
    assert wall_s(life.recorder, life.forks, shorter) == pytest.approx(life.moments.wall_s, rel=1e-5)
    assert shorter.wall_s == pytest.approx(life.moments.wall_s + 9 * US)


def test_time_that_no_stamp_has_seen_leaves_the_row_open():
    life = Life([Attempt(), Attempt(look=500.0), Attempt()])
    life.looks.clear()
    life.looked_at.clear()  # as if something between a fork and its rendering took time that nobody told of
    assert life.parts().sum_s < 0.8 * life.moments.wall_s


def test_a_run_whose_parts_cannot_be_told_says_why():
    def why(recorder):
        found = parts_of(recorder, ForkLog(recorder), Moments(0.0, 1.0), CLOCK_US)
        assert isinstance(found, Unsplit)
        return found.reason

    recorder = Recorder(lambda: 0.0)
    assert why(recorder) == "nothing fanned out"
    recorder.task_started("each", 0, 2)
    recorder.action_ended(ActionEnded("each", 0, 0, 0, "succeeded", started=0.1, ended=0.2))
    assert why(recorder) == "not all items ended"
    recorder.action_ended(ActionEnded("each", 0, 1, 1, "succeeded", started=0.3, ended=0.4))
    assert why(recorder) == "attempts were repeated"
    recorder.task_started("other", 0, 1)
    recorder.action_ended(ActionEnded("other", 0, 0, 0, "succeeded", started=0.5, ended=0.6))
    assert why(recorder) == "several tasks fanned out"
    calls = Recorder(lambda: 0.0)
    calls.task_started("each", 0, 1)
    calls.action_ended(ActionEnded("each", 0, 0, 0, "succeeded", started=0.1, ended=0.2))
    assert why(calls) == "its items are sub-workflows, whose forks are made elsewhere"


@given(times=st.lists(st.floats(0, 1e6, width=32), min_size=1, max_size=50))
def test_half_of_the_times_and_nineteen_in_twenty_do_not_pass_what_is_told_of_them(times):
    spread = spread_of(array("f", times), bytearray([1] * len(times)))
    assert sum(time <= spread.p50 for time in times) * 2 >= len(times)
    assert sum(time <= spread.p95 for time in times) * 20 >= 19 * len(times)
    assert spread.p50 <= spread.p95 <= spread.max == max(times)


def test_items_that_did_not_end_have_no_part_in_it():
    assert spread_of(array("f", [1, 9]), bytearray([1, 0])).max == 1
    assert spread_of(array("f", [9]), bytearray([0])) is None


def test_results_that_are_made_anew_are_no_part_of_the_run_nor_is_a_collection_meanwhile():
    calm = Life([Attempt()] * 3)
    aside = Attempt(aside=700.0, pauses={"aside": 600.0})
    replayed = Life([Attempt(aside=300.0), aside, Attempt(aside=10.0)])
    assert replayed.moments.wall_s == pytest.approx(calm.moments.wall_s)
    for name, value in vars_of(calm.parts()).items():
        assert getattr(replayed.parts(), name) == pytest.approx(value, abs=1e-4), name


def vars_of(parts):
    return {name: getattr(parts, name) for name in parts.__slots__}
