"""A limit on the address space: when it was close, and when it cannot be set."""

import pytest

from attune_sim.experiment.limits import MemoryLimit


@pytest.mark.parametrize(
    ("peak", "near"), [(None, False), (0, False), (899, False), (900, True), (2000, True)]
)
def test_a_limit_was_near_if_the_address_space_came_within_a_tenth_of_it(peak, near):
    assert MemoryLimit(1000).is_near(peak) is near


@pytest.mark.skipif(not MemoryLimit.is_available(), reason="no limits on this system")
def test_a_limit_below_what_is_in_use_is_refused():
    with pytest.raises(MemoryError, match="2,000 bytes were in use"):
        MemoryLimit(1000).set(in_use=2000)
