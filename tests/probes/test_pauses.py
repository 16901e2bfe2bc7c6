"""The pauses of the collector."""

import gc

from attune_sim.probes.fake import FakeClock
from attune_sim.probes.pauses import Pauses


def test_every_collection_between_begin_and_end_is_heard_with_its_beginning_and_what_it_took():
    clock = FakeClock(step=1.0)
    pauses = Pauses(clock)
    gc.collect()
    gc.disable()
    try:
        pauses.begin()
        gc.collect()
        gc.collect(0)
        pauses.end()
        gc.collect()
    finally:
        gc.enable()
    assert list(pauses) == [(1.0, 1.0), (3.0, 1.0)]
    assert pauses.nbytes == 2 * 16


def test_a_second_end_does_nothing():
    pauses = Pauses(FakeClock())
    pauses.begin()
    pauses.end()
    pauses.end()
    assert not len(pauses)
