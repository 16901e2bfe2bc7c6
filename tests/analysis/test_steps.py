from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from attune_sim.analysis.steps import Point, Series, levels_of, steps_of


def series(
    metric: str, medians: Sequence[float], *, over: str = "", rounds: int = 3, where: str = ""
) -> Series:
    points = [
        Point(f"c{n}", f"2026-01-01T{n:04}", dict.fromkeys(range(rounds), value), where)
        for n, value in enumerate(medians)
    ]
    return Series("group", "case", "shared", metric, tuple(points), over)


def found(one: Series) -> list[tuple[int, float, float]]:
    return [(step.place, step.before, step.after) for step in steps_of(one)]


def noisy(levels: Sequence[tuple[int, float]], seed: int, noise: float = 0.02) -> list[float]:
    draw = Random(seed)
    return [level * (1 + draw.gauss(0, noise)) for count, level in levels for _ in range(count)]


def test_counts_that_stay_have_no_step_and_one_that_moves_has_it_at_once() -> None:
    assert found(series("fork_bytes", [72.0] * 9)) == []
    assert found(series("fork_bytes", [72.0] * 9 + [136.0])) == [(9, 72.0, 136.0)]


def test_a_regression_that_is_mended_is_two_steps() -> None:
    assert found(series("fork_bytes", [72.0] * 3 + [80.0] * 2 + [72.0] * 4)) == [
        (3, 72.0, 80.0),
        (5, 80.0, 72.0),
    ]


def test_what_creeps_is_found_once_it_has_crept_far_enough() -> None:
    crept = [1000.0 * 1.002**n for n in range(6)]

    places = [place for place, *_ in found(series("fork_bytes", crept))]
    assert places == [3]


def test_counts_are_set_beside_each_other_seed_by_seed() -> None:
    def points(factor: float) -> tuple[Point, ...]:
        by_seed = {0: 312.0, 1: 280.0, 2: 392.0}
        later = {seed: value * factor for seed, value in by_seed.items()}
        return Point("a", "1", by_seed), Point("b", "2", dict(list(later.items())[::-1]))

    assert steps_of(Series("g", "c", "hamt", "fork_bytes", points(1.0))) == []
    [step] = steps_of(Series("g", "c", "hamt", "fork_bytes", points(1.02)))
    assert (step.since, step.commit, step.n) == ("a", "b", 3)
    assert step.ratio == pytest.approx(1.02)


@pytest.mark.parametrize("seed", range(20))
def test_a_noisy_ratio_that_stays_has_no_step(seed: int) -> None:
    assert found(series("fork_us", noisy([(60, 1.3)], seed), over="floor_us")) == []


@pytest.mark.parametrize("seed", range(20))
def test_one_commit_far_off_is_no_step(seed: int) -> None:
    values = noisy([(60, 1.3)], seed)
    values[30] *= 1.6

    assert found(series("fork_us", values, over="floor_us")) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_step_of_a_noisy_ratio_is_dated_to_a_commit_or_two(seed: int) -> None:
    values = noisy([(30, 1.3), (30, 1.45)], seed)

    [(place, before, after)] = found(series("fork_us", values, over="floor_us"))
    assert abs(place - 30) <= 2
    assert (before, after) == (pytest.approx(1.3, rel=0.02), pytest.approx(1.45, rel=0.02))


def test_twice_as_much_needs_no_commits_behind_it() -> None:
    values = [*noisy([(30, 1.3)], 7), 3.9]

    [(place, _, after)] = found(series("fork_us", values, over="floor_us", rounds=5))
    assert (place, after) == (30, 3.9)


def test_levels_between_two_others_are_found() -> None:
    assert levels_of(noisy([(40, 1.0), (10, 1.2), (40, 1.0)], 3)) == [40, 50]


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 5, [0.0] * 12, [2.0] * 50])
def test_what_is_short_or_still_has_no_levels(values: list[float]) -> None:
    assert levels_of(values) == []


def test_a_step_says_whether_its_surroundings_changed_too() -> None:
    first, last = series("fork_bytes", [72.0]).points[0], series("fork_bytes", [80.0], where="3.13").points[0]

    [step] = steps_of(Series("g", "c", "shared", "fork_bytes", (first, last)))
    assert step.other_surroundings
