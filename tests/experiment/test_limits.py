"""When an error means that memory was short."""

import pytest

from attune_sim.experiment.limits import MemoryLimit


@pytest.mark.parametrize(
    ("complaints", "peak", "met"),
    [
        ([], 1000, False),
        (["ValueError: no"], 500, False),
        (["ValueError: no"], 900, True),
        (["ValueError: no"], None, False),
        (["MemoryError"], 100, True),
        (["no", "JSONDecodeError: Not enough memory to allocate buffer for parsing"], 100, True),
        (["OSError: [Errno 12] Cannot allocate memory"], 100, True),
    ],
)
def test_memory_was_short_if_an_error_says_so_or_the_limit_was_near(complaints, peak, met):
    assert MemoryLimit(1000).was_met(complaints, peak) is met


@pytest.mark.skipif(not MemoryLimit.is_available(), reason="no limits on this system")
def test_a_limit_below_what_is_in_use_is_refused():
    with pytest.raises(MemoryError, match="2,000 bytes were in use"):
        MemoryLimit(1000).set(in_use=2000)
