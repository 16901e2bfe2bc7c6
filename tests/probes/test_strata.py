"""Which items stand for all of them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_sim.probes.strata import Strata, strata_of

SIZES = st.lists(st.integers(1, 10**6), min_size=1, max_size=300)


def mean_of(strata, values):
    return strata.mean(
        [values[index] for index in strata.large],
        sum(values[index] for index in strata.sample) / len(strata.sample),
    )


@given(sizes=SIZES, most=st.integers(1, 400))
def test_a_sample_is_of_the_items_and_no_item_stands_twice(sizes, most):
    strata = strata_of(sizes, most, size_of=int)
    chosen = [*strata.large, *strata.sample]
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(range(len(sizes)))
    assert 1 <= len(strata.sample) <= max(most, 1)
    assert strata.others + len(strata.large) == len(sizes)


@given(sizes=SIZES)
def test_where_all_items_fit_in_the_mean_is_exact(sizes):
    strata = strata_of(sizes, len(sizes), size_of=int)
    assert mean_of(strata, sizes) == pytest.approx(sum(sizes) / len(sizes))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["lognormal", "one giant", "first tiny", "sorted"])
def test_the_mean_of_the_sample_is_that_of_the_whole(kind, seed):
    chance = random.Random(seed)
    sizes = {
        "lognormal": [int(chance.lognormvariate(8, 1.5)) + 1 for _ in range(5_000)],
        "one giant": [1_000] * 2_499 + [50_000_000] + [1_000] * 2_500,
        "first tiny": [1] + [10_000] * 4_999,
        "sorted": sorted(chance.randrange(1, 100_000) for _ in range(5_000)),
    }[kind]
    strata = strata_of(sizes, 500, size_of=int)
    assert mean_of(strata, sizes) == pytest.approx(sum(sizes) / len(sizes), rel=0.02)


def test_what_cannot_be_pickled_is_of_one_size():
    strata = strata_of([lambda: None, lambda: None], 2)
    assert sorted(strata.sample) == [0, 1]


def test_a_sample_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no items"):
        strata_of([], 3)


def test_a_sample_is_repeated_whole():
    assert Strata(large=(), sample=(1, 2, 3), others=3, known=3).repeated(8) == (1, 2, 3, 1, 2, 3)
    assert Strata(large=(), sample=(1, 2, 3), others=3, known=3).repeated(2) == (1, 2, 3)
