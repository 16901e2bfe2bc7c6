"""Times of cells in which the machine was not equally fast."""

import numpy as np
import pandas as pd
import pytest

from attune_sim.analysis.laws import Group, fits_of
from attune_sim.analysis.laws.pace import at_usual_pace, usual_paces
from attune_sim.analysis.laws.points import points_of

GROUP = Group("w", "planted", "eager", "inline", "records")
PARTS = {"paid_fork_us": 2.0, "render_us": 5.0, "bookkeeping_us": 3.0, "drop_us": 1.0}
ACTION_US = 40.0


def cell(name, metrics, *, machine="here", n=1_000, c=3_000):
    """The rows of one cell."""
    same = {
        "cell": name, "machine": machine, "software": "s", "workload": "w", "strategy": "planted", "dispatch": "eager",
        "executor": "inline", "payload": "records", "concurrency": None, "items": n, "context_bytes": c,
        "fan_out_context_bytes": c, "forks": n, "n": n, "outcome": "ok", "source": "measured",
    }  # fmt: skip
    return pd.DataFrame([{**same, "metric": metric, "value": value} for metric, value in metrics.items()])


def run_at(pace, n=1_000, *, attempts_at=None):
    """What a cell reads whose machine is so many times slower, under an action that waits all the same; and by another
    factor while its items are attempted, which stores did not tell for long."""
    paces = {"paid_fork_us": pace}
    parts = {name: us * paces.get(name, attempts_at or pace) for name, us in PARTS.items()}
    wall_s = n * (sum(parts.values()) + ACTION_US) / 1e6
    read = {} if attempts_at is None else {"attempt_pace_us": 20.0 * attempts_at}
    return {**parts, "action_us": ACTION_US, "wall_s": wall_s, "closure": 1.0, "pace_us": 20.0 * pace, **read}


def corrected(frame):
    found = at_usual_pace(frame, usual_paces(frame)).set_index(["cell", "metric"])
    return found["value"], found["slower"]


def test_a_fork_is_what_it_would_have_been_at_the_usual_pace():
    frame = pd.concat(
        [
            cell("one", {"fork_us": 2.0, "floor_us": 0.1}),
            cell("two", {"fork_us": 2.1, "floor_us": 0.1}),
            cell("slow", {"fork_us": 3.0, "floor_us": 0.15}),
        ]
    )

    values, slower = corrected(frame)

    assert values["slow", "fork_us"] == pytest.approx(2.0)
    assert slower["slow", "fork_us"] == pytest.approx(1.5)
    assert values["two", "fork_us"] == 2.1


def test_of_the_whole_run_only_what_slows_down_is_corrected():
    frame = pd.concat([cell("one", run_at(1.0)), cell("two", run_at(1.0)), cell("slow", run_at(1.6))])

    values, _ = corrected(frame)

    assert values["slow", "wall_s"] == pytest.approx(values["one", "wall_s"])
    assert values["slow", "render_us"] == pytest.approx(PARTS["render_us"])
    assert values["slow", "action_us"] == ACTION_US


def test_each_part_is_corrected_by_the_pace_of_its_own_moments():
    usual = [cell(name, run_at(1.0, attempts_at=1.0)) for name in ("one", "two", "three")]
    frame = pd.concat([*usual, cell("slow", run_at(1.6, attempts_at=1.2)), cell("older", run_at(1.5))])

    values, slower = corrected(frame)

    for name in ("slow", "older"):
        assert values[name, "wall_s"] == pytest.approx(values["one", "wall_s"])
        assert {part: values[name, part] for part in PARTS} == pytest.approx(PARTS)
    assert slower["slow", "paid_fork_us"] == pytest.approx(1.6)
    assert slower["slow", "drop_us"] == pytest.approx(1.2)
    assert slower["older", "drop_us"] == pytest.approx(1.5)


def test_the_parts_are_those_of_the_largest_fan_out_whatever_else_was_forked():
    frame = pd.concat([cell("one", run_at(1.0)), cell("two", run_at(1.0)), cell("slow", run_at(1.6))])

    values, slower = corrected(frame.assign(forks=50_000))

    assert values["slow", "wall_s"] == pytest.approx(values["one", "wall_s"])
    assert (slower > 0).all()


def test_a_run_whose_parts_cannot_be_told_apart_keeps_its_time():
    slow = run_at(1.6)
    del slow["closure"]
    frame = pd.concat([cell("one", run_at(1.0)), cell("two", run_at(1.0)), cell("slow", slow)])

    assert corrected(frame)[0]["slow", "wall_s"] == slow["wall_s"]


def test_bytes_and_cells_without_a_pace_are_left_alone():
    frame = pd.concat(
        [
            cell("one", {"fork_us": 2.0, "floor_us": 0.1, "fork_bytes": 72.0}),
            cell("two", {"fork_us": 2.0, "floor_us": 0.1, "fork_bytes": 72.0}),
            cell("slow", {"fork_us": 4.0, "floor_us": 0.2, "fork_bytes": 72.0}),
            cell("blind", {"fork_us": 9.0}),
        ]
    )

    values, slower = corrected(frame)

    assert values["slow", "fork_bytes"] == 72.0
    assert values["blind", "fork_us"] == 9.0
    assert slower["blind", "fork_us"] == slower["slow", "fork_bytes"] == 1.0


def test_each_machine_has_a_pace_of_its_own():
    frame = pd.concat(
        [
            cell(f"{place} {n}", {"fork_us": us, "floor_us": us / 10}, machine=place)
            for place, us in (("here", 1.0), ("there", 3.0))
            for n in range(3)
        ]
    )

    assert corrected(frame)[0].to_dict() == dict(
        zip(zip(frame["cell"], frame["metric"], strict=True), frame["value"], strict=True)
    )


def grown(chance, sizes):
    """Cells of a strategy that costs 0.5 us a fork whatever the size, on a machine that is slow in half of them."""
    for place, (n, c) in enumerate(sizes):
        slow = 1.5 if chance.random() < 0.5 else 1.0
        own = {"fork_us": 0.5 * slow * (1 + 0.01 * chance.standard_normal()), "floor_us": 0.16 * slow}
        yield cell(f"{place} {n} {c}", own, n=n, c=c)


@pytest.mark.parametrize("seed", range(5))
def test_a_machine_that_is_slow_now_and_then_bends_no_law(seed):
    chance = np.random.default_rng(seed)
    sizes = [(n, c) for n in (400, 1_600, 6_400) for c in (12_000, 48_000, 192_000)] * 2
    frame, far = (pd.concat(grown(chance, some)) for some in (sizes, [(25_600, 768_000)] * 20))

    fit = fits_of(frame)[GROUP, "fork_us"]
    told = fit.predict(25_600, 768_000)

    usual = usual_paces(frame)
    [then] = [points for _, name, points in points_of(far, usual=usual) if name == "fork_us"]
    assert fit.law == "O(1)"
    assert told.value == pytest.approx(np.median(then.values), rel=0.02)
    assert all(told.low <= read <= told.high for read in then.read)
