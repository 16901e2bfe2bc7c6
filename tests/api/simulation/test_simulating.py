"""Simulations as Python calls them."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import attune_sim as at
from attune_sim.simulation.prices import Prices


def test_every_cycle_is_a_row_and_every_item_too(hours: at.Simulation) -> None:
    assert hours.cycles["due_s"].tolist() == [0.0, 3600.0, 7200.0, 10800.0]
    assert hours.cycles["status"].tolist() == ["succeeded"] * 4
    assert len(hours.items) == 80
    assert hours.items.attrs["sampled_of"] == {0: None}
    assert set(hours.frame["source"]) == {"estimated"}


def test_all_strategies_are_charged_and_the_dear_one_dies_at_the_item_that_has_no_room(
    hours: at.Simulation,
) -> None:
    living, dead = hours.summary().to_dict("records")

    assert (living["strategy"], living["dies"]) == ("shared", 0.0)
    assert (dead["strategy"], dead["cycle"], dead["item"]) == ("deepcopy", 0, 8)
    assert hours.ok


def test_its_repr_says_what_it_found_and_what_to_ask_next(hours: at.Simulation) -> None:
    assert repr(hours).startswith("<Simulation of 'baseline': 4 cycles, 80 items in 3 h")
    assert "1 of 2 strategies run out of 7.63 MiB" in repr(hours)
    assert ".summary()" in repr(hours)


def test_its_text_fits_a_terminal(hours: at.Simulation) -> None:
    lines = str(hours).splitlines()

    assert max(map(len, lines)) <= 80
    assert "deepcopy" in str(hours)
    assert "estimated" in str(hours)


def test_a_notebook_is_shown_a_fragment(hours: at.Simulation) -> None:
    bundle = hours._repr_mimebundle_()

    assert bundle["text/plain"] == repr(hours)
    assert "<html" not in bundle["text/html"]


def simulated(**given: Any) -> at.Simulation:
    kept = {
        "items": 10,
        "latency": "lognormal(2s, 0.8)",
        "concurrency": 3,
        "strategies": [],
        "progress": False,
    }
    return at.simulate(at.scenarios.baseline(history=0), **{**kept, **given})


def test_equal_seeds_give_equal_simulations_and_others_do_not() -> None:
    first, again, other = (simulated(every="1min", duration="5min", seed=seed) for seed in (7, 7, 8))

    pd.testing.assert_frame_equal(first.items, again.items)
    pd.testing.assert_frame_equal(first.frame, again.frame)
    assert not first.items["ended_s"].equals(other.items["ended_s"])


@pytest.mark.parametrize(("overlap", "skipped"), [("allow", 0), ("skip", 2), ("queue", 0)])
def test_a_cycle_that_is_due_while_another_is_under_way(overlap: str, skipped: int) -> None:
    found = simulated(latency="2s", concurrency=5, every="2s", duration="10s", overlap=overlap)

    figures = found.frame.set_index("metric")["value"]
    assert len(found.cycles) == 5
    assert figures["skipped"] == skipped
    assert figures["late"] == 1.0


def test_a_queued_cycle_begins_when_the_one_before_ends() -> None:
    cycles = simulated(latency="2s", concurrency=5, every="1s", duration="3s", overlap="queue").cycles

    assert cycles["started_s"].tolist()[1:] == cycles["ended_s"].tolist()[:-1]


def test_a_budget_that_is_used_up_leaves_what_there_is() -> None:
    found = simulated(items=100, every="1min", duration="10min", faults="failing(50%)", max_events=1_000)

    assert not found.whole
    assert not found.ok
    assert "its budget of 1,000 events (max_events, --max-events) was used up" in found.warnings[0]
    assert found.cycles["status"].iloc[-1] == "running"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"items": 50}, "still under way where the simulation stops"),
        ({"every": "1s", "duration": "5s", "latency": "1h"}, "none has ended where the simulation stops"),
    ],
)
def test_where_no_cycle_ends_before_the_budget_is_used_up_that_is_told(
    given: dict[str, Any], told: str, tmp_path: Path
) -> None:
    found = simulated(max_events=50, **given)

    assert found.cycles["ended_s"].isna().all()
    assert told in " ".join(str(found).split())
    assert told in Path(found.report(tmp_path / "page.html")).read_text(encoding="utf-8")


def test_of_many_items_a_choice_is_kept_and_said_so() -> None:
    found = simulated(items=50, max_items=20)

    assert len(found.items) == 20
    assert found.items.attrs["sampled_of"] == {0: 50}
    assert "of 50 items a random choice of 20 is kept" in found.warnings[0]
    assert found.cycles["succeeded"].tolist() == [50]


def test_prices_can_be_handed_on(made_up: Prices, hours: at.Simulation) -> None:
    assert hours.prices is made_up
    assert simulated(strategies=["shared"], prices=made_up.only("shared")).summary()["strategy"].tolist() == [
        "shared"
    ]


def test_a_workflow_of_ones_own_with_functions_of_ones_own(squares: at.Workflow) -> None:
    found = at.simulate(
        squares, actions={"demo.square": lambda n: {"square": n * n}}, latency="2s", strategies=[]
    )

    assert found.cycles["status"].tolist() == ["succeeded"]
    assert found.cycles["duration_s"].iloc[0] % 2 == 0


def test_workers_that_were_given_a_memory_say_when_they_held_too_much(made_up: Prices) -> None:
    found = simulated(
        items=20, concurrency=20, workers="2x10(memory=3MB)", strategies=["deepcopy"], prices=made_up
    )

    assert found.workers["over_s"].notna().all()
    assert any("held more than the memory" in line for line in found.warnings)


def test_what_is_shipped_to_workers_takes_its_time() -> None:
    fast, slow = (
        simulated(latency="1s", workers=f"1x3({more})").cycles["duration_s"].iloc[0]
        for more in ("bandwidth=10GB/s", "bandwidth=20KB/s")
    )

    assert slow > 2 * fast


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_gives_what_there_is() -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(at.Interrupted) as halt:
        simulated(items=100, every="1s", duration="3h", max_items=0)
    timer.join()

    found = halt.value.result
    assert isinstance(found, at.Simulation)
    assert at.last() is found
    assert not found.whole
    assert 0 < len(found.cycles) < 10_800
    assert "was stopped at" in found.warnings[0]


def test_progress_is_told_of_the_items_of_one_huge_fan_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attune_sim.api.showing.counting.EVERY_S", 0.0)
    simulated(items=5_000, concurrency=100, progress=True)

    said = capsys.readouterr().err.splitlines()
    assert len(said) >= 4
    assert said[0].startswith("simulating baseline: ")
    assert all(line.endswith(" of 5,000") for line in said)


@pytest.mark.parametrize("given", [{}, {"every": "1h", "duration": "3h"}])
def test_where_no_item_succeeds_that_comes_first(given: dict[str, Any]) -> None:
    found = simulated(faults="failing(100%)", **given)

    number = 30 if given else 10
    assert f"all {number} items fail" in " ".join(str(found).splitlines()[:3])
    assert "100 %" not in str(found).partition("The simulation in figures")[0]


def test_where_some_items_fail_it_is_said_how_many() -> None:
    found = simulated(faults="failing(50%)", items=100)

    assert "% of the items fail" in " ".join(str(found).splitlines()[:3])


def test_lost_attempts_are_told_apart_from_retries() -> None:
    found = simulated(items=60, concurrency=10, workers="2x3(mtbf=20s, repair=1s)")

    figures = found.frame.set_index("metric")["value"]
    assert figures["lost"] == found.workers["lost"].sum() == found.items["lost"].sum() > 0
    assert figures["retries"] == 0
    assert "made again" in str(found)


def test_plots_take_the_axes_they_are_given(hours: at.Simulation) -> None:
    from matplotlib.figure import Figure

    for name in ("plot_cycles", "plot_queue", "plot_utilisation", "plot_gantt", "plot_distribution"):
        axes = Figure().subplots()
        assert getattr(hours, name)(ax=axes) is axes


def test_its_report_is_one_page_without_anything_from_elsewhere(hours: at.Simulation, tmp_path: Any) -> None:
    page = tmp_path / "simulation.html"
    assert hours.report(page) == str(page)
    text = page.read_text(encoding="utf-8")

    assert "What was simulated" in text
    assert "src=" not in text.replace('src="data:', "")
    assert "deepcopy" in (tmp_path / "s.md").read_text() if hours.report(tmp_path / "s.md") else False
