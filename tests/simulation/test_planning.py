"""The search alone, over settings of which is known what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from attune_sim.simulation.goals import Goal
from attune_sim.simulation.planning import (
    Setup,
    Space,
    Trial,
    frontier,
    ladder,
    least,
    most,
    search,
)

SPACE = Space((1, 40), (1, 10), slots=(1, 2, 4))


class Model:
    """A fan-out of equal items: two strategies, a cheap one and a dear one, and how often it was asked."""

    def __init__(self, items: int, fork: float = 1.0) -> None:
        self.items, self.fork, self.asked = items, fork, 0

    def __call__(self, setup: Setup) -> Sequence[Trial]:
        self.asked += 1
        return [self.trial(setup, "shared", 0.01), self.trial(setup, "copy", 1.0)]

    def trial(self, setup: Setup, strategy: str, fork: float) -> Trial:
        served = min(setup.window, setup.workers * setup.slots)
        memory = self.fork * fork * setup.window
        cost = setup.workers * (1.0 + 0.1 * setup.slots) + 0.01 * memory
        values = {"cycle_p99": float(ceil(self.items / served)), "memory": memory, "cost": cost}
        return Trial(setup, strategy, values)


def goals_of(p99: float, memory: float) -> list[Goal]:
    return [Goal("p99", "cycle_p99", p99, strict=False), Goal("memory", "memory", memory, strict=False)]


def every(model: Model) -> list[Trial]:
    ranges = range(1, 11), range(1, 41), (1, 2, 4)
    return [trial for setup in product(*ranges) for trial in model(Setup(*setup))]


@given(
    items=st.integers(1, 200),
    p99=st.integers(1, 60),
    memory=st.sampled_from([0.05, 0.2, 1.0, 50.0]),
)
def test_what_is_found_is_the_cheapest_of_all_settings(items: int, p99: int, memory: float) -> None:
    goals = goals_of(p99, memory)
    pick = search(SPACE, goals, Model(items))
    met = [trial for trial in every(Model(items)) if not trial.misses(goals)]

    assert (pick is None) is (not met)
    if pick is not None:
        assert pick.rank == min(trial.rank for trial in met)


def test_a_pick_that_does_not_stand_other_chances_gives_way_to_one_that_does() -> None:
    model, looked_at = Model(40), set[Setup]()
    goals = goals_of(10, 50)

    def evaluate(setup: Setup) -> Sequence[Trial]:
        """With all chances it takes a second more."""
        late = 1.0 if setup in looked_at else 0.0
        worse = [
            replace(one, values={**one.values, "cycle_p99": one.values["cycle_p99"] + late})
            for one in model(setup)
        ]
        return [one.worst(again) for one, again in zip(model(setup), ([more] for more in worse), strict=True)]

    def confirm(setup: Setup) -> bool:
        is_new = setup not in looked_at
        looked_at.add(setup)
        return is_new

    first = search(SPACE, goals, model)
    pick = search(SPACE, goals, evaluate, confirm)

    assert first is not None
    assert pick is not None
    assert (first.values["cycle_p99"], pick.values["cycle_p99"], pick.seeds) == (10, 9, 2)
    assert pick.setup in looked_at
    assert len(looked_at) > 1
    assert search(SPACE, goals_of(0.5, 50), evaluate, confirm) is None


def test_few_settings_are_tried() -> None:
    model = Model(2_000)
    search(Space((1, 1_000), (1, 1_000)), goals_of(50.0, 100.0), model)

    assert model.asked < 60


def test_without_workers_only_windows_are_searched() -> None:
    def evaluate(setup: Setup) -> list[Trial]:
        assert setup.workers == 0
        return [
            Trial(
                setup, "shared", {"cycle_p99": 100 / setup.window, "memory": 0.0, "cost": 1.0 + setup.window}
            )
        ]

    pick = search(Space((1, 50)), [Goal("p99", "cycle_p99", 9.0)], evaluate)
    assert pick is not None
    assert pick.setup.window == 12


def test_of_what_costs_the_same_the_quickest_is_picked() -> None:
    def evaluate(setup: Setup) -> list[Trial]:
        return [
            Trial(setup, "shared", {"cycle_p99": 100 / min(setup.window, 30), "memory": 0.0, "cost": 1.0})
        ]

    pick = search(Space((1, 50)), [Goal("p99", "cycle_p99", 9.0)], evaluate)
    assert pick is not None
    assert 100 / pick.values["cycle_p99"] == 30


def test_neighbours_are_settings_of_the_space_and_not_the_setting_itself() -> None:
    around = list(SPACE.neighbours(Setup(10, 20, 2)))

    assert all(one in SPACE for one in around)
    assert Setup(10, 20, 2) not in around
    assert {Setup(10, 19, 2), Setup(10, 21, 2), Setup(9, 20, 2), Setup(9, 18, 2)} <= set(around)
    assert {Setup(10, 20, 1), Setup(10, 20, 4)} <= set(around)


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=30))
def test_nothing_beats_the_frontier_and_it_beats_all_the_rest(points: list[tuple[int, int, int]]) -> None:
    def trial(place: int, point: tuple[int, int, int]) -> Trial:
        return Trial(
            Setup(1, place + 1), "shared", dict(zip(("cost", "cycle_p99", "memory"), map(float, point), strict=True))
        )  # fmt: skip

    def point(one: Trial) -> tuple[float, ...]:
        return tuple(one.values.values())

    trials = [trial(*one) for one in enumerate(points)]
    front = [point(one) for one in frontier(trials)]

    assert len(set(front)) == len(front)
    for one in trials:
        covers = [other for other in front if all(a <= b for a, b in zip(other, point(one), strict=True))]
        assert covers
        if point(one) in front:
            assert covers == [point(one)]


def test_what_never_ends_is_on_no_frontier() -> None:
    trial = Trial(Setup(1, 1), "shared", {"cost": 1.0, "cycle_p99": float("inf"), "memory": 1.0})

    assert frontier([trial]) == []


@given(st.integers(1, 500), st.integers(0, 500))
def test_bisection_finds_where_it_turns(low: int, more: int) -> None:
    high = low + more
    rungs = ladder(low, high)

    assert (rungs[0], rungs[-1]) == (low, high)
    for bound in {low, high, (low + high) // 2}:
        assert least(lambda n, bound=bound: n >= bound, low, high) == bound  # type: ignore[misc]
        end = 4 * high
        assert most(lambda n, bound=bound: n <= bound, bound, end, 0) == (bound if bound < end else None)  # type: ignore[misc]
