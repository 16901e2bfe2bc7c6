"""Plans as Python calls them, and whether simulating what they pick says the same."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

import attune_sim as at
from attune_sim.simulation.planning import Setup
from attune_sim.simulation.prices import Prices

WORK: dict[str, Any] = {
    "items": 40, "latency": "uniform(500ms, 2s)", "every": "1min", "duration": "3min", "progress": False,
}  # fmt: skip
GOALS = ["cycle_p99 < 8s", "memory < 9MB"]


def planned(prices: Prices, **given: Any) -> at.Plan:
    settings = {
        "goals": GOALS,
        "workers": "12x2",
        "binds": False,
        "prices": prices,
        "seeds": 1,
        **WORK,
        **given,
    }
    settings.setdefault("strategies", list(prices))
    return at.plan(at.scenarios.baseline(history=0), **settings)


@pytest.fixture(scope="module")
def plan(made_up: Prices) -> at.Plan:
    return planned(made_up, binds=True)


def measured(prices: Prices, setup: Setup, seed: int) -> dict[str, tuple[float, float]]:
    """Strategy -> p99 of a cycle and peak of memory, as `at.simulate` tells them: without anything of the plan's."""
    simulation = at.simulate(
        at.scenarios.baseline(history=0), concurrency=setup.window, workers=f"{setup.workers}x{setup.slots}",
        strategies=list(prices), prices=prices, seed=seed, **WORK,
    )  # fmt: skip
    p99 = simulation.frame.set_index("metric")["value"]["cycle_p99_s"]
    peaks = simulation.summary().set_index("strategy")["peak_bytes"]
    return {strategy: (float(p99), float(peak)) for strategy, peak in peaks.items()}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_simulating_the_pick_and_its_neighbours_confirms_it(made_up: Prices, seed: int) -> None:
    found = planned(made_up, seed=seed)
    assert found.pick is not None
    own = found.pick.setup
    p99, peak = measured(made_up, own, seed)[found.pick.strategy]

    assert p99 < 8
    assert peak < 9e6
    assert (p99, peak) == pytest.approx((found.pick.values["cycle_p99"], found.pick.values["memory"]))
    for workers, window in [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -2), (1, 2)]:
        other = Setup(own.workers + workers, own.window + window, own.slots)
        for strategy, (slow, held) in measured(made_up, other, seed).items():
            cost = found.question.rates.a_day(
                workers=other.workers, slots=2, memory_bytes=held, shipped_bytes=found.pick.values["shipped_bytes"]
            )  # fmt: skip
            misses = slow >= 8 or held >= 9e6
            assert misses or cost >= found.pick.cost, (other, strategy)


def test_the_pick_meets_the_goals_with_each_of_several_seeds(made_up: Prices) -> None:
    found = planned(made_up, seeds=4)
    assert found.pick is not None
    seen = [measured(made_up, found.pick.setup, seed)[found.pick.strategy] for seed in range(4)]

    assert found.seeds == (0, 1, 2, 3)
    assert "the worst of 4 seeds" in found.finding
    assert all(p99 < 8 and peak < 9e6 for p99, peak in seen)
    assert found.pick.values["cycle_p99"] == pytest.approx(max(p99 for p99, _ in seen))
    assert found.trials.loc[found.trials["pick"], "seeds"].tolist() == [4]


def test_progress_is_told_by_settings(
    made_up: Prices, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attune_sim.api.showing.counting.EVERY_S", 0.0)
    planned(made_up, progress=True, workers=None)

    said = capsys.readouterr().err.splitlines()
    assert said[0] == "planning baseline, settings simulated: 1"
    assert len(said) > 3


def test_the_pick_is_the_cheapest_of_all_that_was_tried(plan: at.Plan) -> None:
    met = plan.trials[plan.trials["misses"] == ""]

    assert plan.ok
    assert met.iloc[0]["pick"]
    assert set(plan.trials["source"]) == {"estimated"}
    assert plan.trials["cost"].is_monotonic_increasing


def test_the_frontier_goes_from_cheap_to_quick(plan: at.Plan) -> None:
    front = plan.frontier

    assert front["cost"].is_monotonic_increasing
    assert front["cycle_p99_s"].iloc[0] > front["cycle_p99_s"].iloc[-1]
    assert front["pick"].sum() == 1


def test_what_binds_is_confirmed_by_simulating_more_items(plan: at.Plan, made_up: Prices) -> None:
    rows = plan.binds.set_index("figure")
    up_to = int(rows.loc["cycle_p99", "up_to_items"])
    more = {**WORK, "prices": made_up, **plan.settings}

    def p99(items: int) -> float:
        found = at.simulate(at.scenarios.baseline(history=0), **{**more, "items": items})
        return float(found.frame.set_index("metric")["value"]["cycle_p99_s"])

    assert plan.bound == f"cycle_p99 binds above {up_to:,} items"
    assert p99(up_to) < 8 <= p99(int(1.01 * up_to) + 2)
    assert not rows.loc["memory", "binds"]


def test_memory_binds_where_forks_are_all_there_at_once(made_up: Prices) -> None:
    found = planned(
        made_up.only("deepcopy"),
        goals="memory < 100MB",
        dispatch="eager",
        workers=None,
        binds=True,
        every=None,
        duration=None,
    )

    assert found.bound == "memory binds above 99 items"


def test_the_dear_strategy_is_left_where_memory_is_short(made_up: Prices) -> None:
    best = planned(made_up, goals=["cycle_p99 < 8s", "memory < 3MB"], workers=None).summary()

    assert best["strategy"].tolist() == ["shared", "deepcopy"]
    assert best["misses"].tolist() == ["", "cycle_p99 < 8s"]
    assert best["workers"].isna().all()


def test_goals_that_cannot_be_met_are_said_to_be_so(made_up: Prices) -> None:
    found = planned(made_up, goals="cycle_p99 < 10ms", workers=None)

    assert (found.pick, found.ok, found.settings) == (None, False, {})
    assert "cycle_p99 < 10ms is missed by all, the least is" in found.finding
    assert not found.binds["holds"].any()
    assert "Nothing that was tried" in repr(found)
    assert found.plot_frontier() is not None

    both = planned(made_up.only("deepcopy"), goals=["cycle_p99 < 8s", "memory < 3MB"])
    assert "but not all together" in both.finding


def test_slots_are_chosen_by_what_they_cost(made_up: Prices) -> None:
    dear = planned(made_up, slots=[1, 4], workers=20, rates={"slot_hour": 0.5})
    free = planned(made_up, slots=[1, 4], workers=20)

    assert dear.pick is not None
    assert free.pick is not None
    assert free.pick.setup.slots == 4
    assert dear.pick.setup.workers * dear.pick.setup.slots <= free.pick.setup.workers * free.pick.setup.slots


def test_batches_are_chosen_for_a_workflow_of_ones_own(squares: at.Workflow, made_up: Prices) -> None:
    found = at.plan(
        squares, "cycle_p99 < 2.5s", actions={"demo.square": lambda n: {"square": n}}, latency="1s", concurrency=1,
        batch_sizes=[1, 2, 4], strategies="shared", prices=made_up.only("shared"), progress=False, binds=False,
    )  # fmt: skip

    assert found.trials["batch_size"].nunique() == 3
    assert any("however many items its batch has" in told for told in found.question.assumed)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"goals": "speed < 3"}, "goal 'speed < 3': there is no figure"),
        ({"concurrency": "few"}, "concurrency 'few' is no number of 1 or more and no range"),
        ({"concurrency": 0}, "concurrency 0 is no number"),
        ({"workers": 0}, "workers: count is 0"),
        ({"workers": None, "slots": 2}, "slots .* are those of workers"),
        ({"slots": []}, "slots .*: name at least one"),
        ({"batch_sizes": 4}, "'baseline' take one item each"),
        ({"strategies": []}, "name at least one strategy"),
        ({"latency": "0s"}, "0s"),
        ({"duration": None}, "say for how long"),
        ({"rates": {"gpu": 1}}, "price 'gpu'"),
        ({"max_events": 10}, "the budget is 10"),
        ({"seeds": 0}, "seeds"),
    ],
)
def test_bad_input_is_refused_before_anything_is_simulated(
    made_up: Prices, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(at.InputError, match=message):
        planned(made_up, **given)


def test_it_shows_itself_in_a_terminal_a_notebook_and_a_report(plan: at.Plan, tmp_path: Path) -> None:
    assert repr(plan).startswith("<Plan of 'baseline': shared, ")
    assert "\n" not in repr(plan)
    assert max(map(len, str(plan).splitlines())) <= 80
    assert "<html" not in plan._repr_mimebundle_()["text/html"]
    page = Path(plan.report(tmp_path / "plan.html")).read_text()
    assert "The frontier" in page
    assert "<svg" in page
    assert "cycle_p99 &lt; 8s" in page


def test_the_plot_uses_given_axes(plan: at.Plan) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert plan.plot_frontier(ax=axes) is axes


def test_ctrl_c_leaves_what_there_is(made_up: Prices) -> None:
    timer = threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(at.Interrupted) as halt:
            planned(made_up, items=2_000, duration="2h", workers=None)
    finally:
        timer.cancel()

    assert halt.value.result is None or not halt.value.result.ok  # type: ignore[attr-defined]
