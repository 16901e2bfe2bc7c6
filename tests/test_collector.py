"""The garbage collector rests, and is afterwards as it was before, whatever happened meanwhile."""

import gc

import pytest

from attune_sim.collector import collector_at_rest


@pytest.fixture
def collector():
    """The collector, switched on again when the test is over."""
    yield gc
    gc.enable()


def test_the_collector_is_on_again_even_after_an_error(collector):
    with pytest.raises(ZeroDivisionError), collector_at_rest():
        1 / collector.isenabled()  # no error, were it on

    assert collector.isenabled()


def test_a_collector_that_was_off_stays_off(collector):
    collector.disable()

    with collector_at_rest():
        pass

    assert not collector.isenabled()
