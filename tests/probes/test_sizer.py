"""pympler's view, and how it is kept honest."""

import copy

import immutables
import pytest

from attune_sim.errors import ExperimentError
from attune_sim.probes.sizer import Sizer, coverage


def payload(n=200):
    return [{"id": number, "name": f"name-{number}", "load": number / 7} for number in range(n)]


def test_what_is_shared_with_the_base_counts_once():
    base = payload()
    sizer = Sizer(base)
    assert sizer.marginal((base, 1)) < 200


def test_a_copy_counts_in_full_and_again_for_the_next():
    base = payload()
    sizer = Sizer(base)
    first, second = (sizer.marginal(copy.deepcopy(base)) for _ in range(2))
    assert first == pytest.approx(second, rel=0.01)
    assert first > 200 * 184


def test_objects_are_kept_so_that_no_address_is_taken_for_another():
    sizer = Sizer()
    sizes = [sizer.marginal(copy.deepcopy(payload(20))) for _ in range(50)]
    assert min(sizes[1:]) == max(sizes[1:]) > 20 * 184  # the first has the keys, which all share


def test_a_container_of_c_is_seen_to_be_opaque():
    held = immutables.Map({str(n): float(n) for n in range(1000)})
    assert Sizer().marginal(held) < 200


def test_what_pympler_passes_over_is_an_error():
    nested = []
    for _ in range(50_000):
        nested = [nested]
    with pytest.raises(ExperimentError, match="passed over"):
        Sizer().marginal(nested)


def test_coverage_of_a_heap_that_did_not_grow_is_unknown():
    assert coverage(100, 0) is None
    assert coverage(96, 100) == 0.96
