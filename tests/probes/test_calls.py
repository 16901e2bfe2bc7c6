"""What a call takes, and what it keeps alive."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune_sim.probes.calls import cost_of
from attune_sim.probes.fake import FakeClock, FakeMemory
from attune_sim.probes.memory import Memory

READINGS_BEFORE = 4 * 3
"""Three empty passes and the floor, each read before, while its results are held, and when they were let go."""


def fake(*heap: int) -> FakeMemory:
    return FakeMemory([*[0] * READINGS_BEFORE, *heap])


def test_what_is_held_and_what_stays_are_read_apart() -> None:
    cost = cost_of(lambda: None, fake(1_000, 1_500, 1_100), calls=1, clock=FakeClock(step=0.001))

    assert (cost.bytes, cost.left_bytes, cost.calls) == (500.0, 100.0, 1)
    assert cost.blocks is None


def test_several_calls_are_a_mean_without_the_first() -> None:
    cost = cost_of(lambda: None, fake(0, 900, 0, 0, 400, 0), calls=5, clock=FakeClock(step=0.001))

    assert (cost.first_bytes, cost.bytes, cost.calls) == (900.0, 100.0, 5)


def test_a_call_that_takes_longer_than_there_is_time_is_made_once() -> None:
    clock, calls = FakeClock(step=1e-6), []

    def slow() -> None:
        calls.append(1)
        clock.advance(3.0)

    cost = cost_of(slow, fake(0), seconds=1.0, clock=clock)

    assert len(calls) == cost.calls == 1
    assert cost.us == pytest.approx(3e6, rel=0.01)


@settings(max_examples=10, deadline=None)
@given(size=st.integers(10_000, 1_000_000), calls=st.integers(2, 4))
def test_bytes_are_those_of_the_result(size: int, calls: int) -> None:
    memory = Memory()
    cost = cost_of(lambda: bytearray(size), memory, calls=calls)
    memory.close()

    assert cost.bytes == pytest.approx(size, abs=6_000)  # a large one takes whole pages
    assert abs(cost.left_bytes) < 1_000


class Ring:
    def __init__(self) -> None:
        self.me, self.data = self, bytearray(50_000)


def test_what_lets_go_of_itself_in_a_circle_is_not_kept() -> None:
    memory = Memory()

    def call() -> None:
        Ring()

    cost = cost_of(call, memory, calls=4)
    memory.close()

    assert abs(cost.bytes) < 1_000


def test_what_a_call_puts_elsewhere_stays() -> None:
    memory, log = Memory(), []
    cost = cost_of(lambda: log.append(bytes(50_000)), memory, calls=4)
    memory.close()

    assert len(log) == 4
    assert cost.left_bytes == pytest.approx(50_000, rel=0.05)


def test_what_a_call_raises_is_raised_on_and_the_collector_is_as_it_was() -> None:
    gc.unfreeze()
    with pytest.raises(ZeroDivisionError):
        cost_of(lambda: 1 / 0, fake(0), calls=1)

    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
