"""A few items that stand for all: their shares are exact, and the mean size is that of all."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from attune_sim.experiment.represent import representatives


@given(lengths=st.lists(st.integers(0, 2_000), min_size=1, max_size=300), most=st.integers(1, 5))
def test_shares_add_up_to_one_and_no_item_stands_twice(lengths, most):
    stands = representatives(["x" * length for length in lengths], most)

    assert 1 <= len(stands) <= most
    assert sum(stand.share for stand in stands) == 1
    assert len({stand.slot for stand in stands}) == len(stands)


def test_one_giant_among_dwarfs_stands_for_itself_alone():
    items = ["dwarf"] * 500 + ["giant" * 10_000] + ["dwarf"] * 499

    assert representatives(items, 3) == [(0, Fraction(999, 1000)), (500, Fraction(1, 1000))]


def test_what_costs_by_the_byte_has_about_the_mean_of_all():
    items = ["x" * (n * n % 977) for n in range(1_000)]
    mean = sum(map(len, items)) / len(items)

    told = sum(stand.share * len(items[stand.slot]) for stand in representatives(items, 3))

    assert abs(told - mean) < 0.02 * mean


def test_of_very_many_items_a_thousand_are_looked_at():
    class Items(list):
        looked = 0

        def __getitem__(self, slot):
            self.looked += 1
            return super().__getitem__(slot)

    items = Items(range(100_000))
    representatives(items, 3)

    assert items.looked == 1_000
