"""How long the rest will take: nothing is told before a cell has ended, and a large cell is expected to take longer."""

from attune_sim.experiment.remaining import Remaining


class Clock:
    """A clock that moves when told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def act(n):
    return n


def take(remaining, clock, cell, seconds, left):
    remaining.began(cell)
    clock.now += seconds
    remaining.ended(cell, left)


def test_nothing_is_told_before_a_cell_has_ended(spec_of):
    remaining = Remaining(120.0, clock=Clock())
    remaining.began(spec_of(act, 10))

    assert remaining.seconds is None


def test_cells_of_one_size_take_what_the_first_took_and_the_time_runs_down(spec_of):
    clock = Clock()
    remaining = Remaining(120.0, clock=clock)
    cells = [spec_of(act, 10, repeat=repeat) for repeat in range(4)]

    take(remaining, clock, cells[0], 2.0, cells[1:])
    assert remaining.seconds == 6.0
    clock.now += 5.0
    assert remaining.seconds == 1.0
    clock.now += 5.0
    assert remaining.seconds == 0.0


def test_ten_times_the_items_take_ten_times_what_lies_beyond_the_start_of_a_process(spec_of):
    clock = Clock()
    remaining = Remaining(120.0, clock=clock)
    least, small, large = (spec_of(act, items, context_bytes=1000) for items in (1, 100, 1000))

    take(remaining, clock, least, 1.0, [small, large])
    take(remaining, clock, small, 2.0, [large])
    assert remaining.seconds == 11.0


def test_no_cell_is_expected_to_take_more_than_its_time_limit_allows(spec_of):
    clock = Clock()
    remaining = Remaining(5.0, clock=clock)

    take(remaining, clock, spec_of(act, 1), 1.0, [])
    take(remaining, clock, spec_of(act, 10), 4.0, [spec_of(act, 10_000)])
    assert remaining.seconds == 35.0


def test_cells_beside_each_other_share_the_time_and_what_was_known_already_tells_nothing(spec_of):
    clock = Clock()
    remaining = Remaining(120.0, workers=2, clock=clock)
    cells = [spec_of(act, 10, repeat=repeat) for repeat in range(5)]

    remaining.ended(cells[0], cells[1:])
    assert remaining.seconds is None
    take(remaining, clock, cells[0], 2.0, cells[1:])
    assert remaining.seconds == 4.0


def test_one_strategy_says_nothing_of_others_and_the_median_of_several_stands_for_those_not_heard_of(spec_of):
    clock = Clock()
    remaining = Remaining(120.0, clock=clock)
    left = [spec_of(act, 10, strategy=name) for name in ("shared", "hamt", "projected")]

    take(remaining, clock, spec_of(act, 10, strategy="deepcopy"), 60.0, left)
    assert remaining.seconds is None
    take(remaining, clock, left[0], 2.0, left[1:])
    assert remaining.seconds == 2 * 31.0
    take(remaining, clock, left[1], 3.0, left[2:])
    assert remaining.seconds == 3.0
