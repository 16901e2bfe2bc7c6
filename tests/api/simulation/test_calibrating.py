"""A real run beside its simulation."""

from __future__ import annotations

import pytest

import attune_sim as at


@pytest.fixture(scope="module")
def real() -> at.Run:
    return at.run("health_check", items=40, executor="threads")


def test_a_simulated_fleet_ends_as_the_real_one(real: at.Run) -> None:
    simulation = at.simulate("health_check", items=40, latency="5ms", strategies=[], progress=False)
    table = at.calibrate(real, simulation).set_index("metric")

    assert (
        table.loc[["items", "succeeded", "failed", "timed_out", "attempts"], "verdict"].tolist()
        == ["agrees"] * 5
    )
    assert table.loc["makespan_s", "measured"] == pytest.approx(real.tasks["ended_s"].max())


def test_where_they_part_it_is_said(real: at.Run) -> None:
    simulation = at.simulate("health_check", items=40, latency="90s", strategies=[], progress=False)
    row = at.calibrate(real, simulation).set_index("metric").loc["makespan_s"]

    assert row["verdict"] == "parts"
    assert row["why"].startswith("simulated ")
    assert "more" in row["why"]


def test_only_what_was_run_can_be_calibrated(real: at.Run) -> None:
    simulation = at.simulate("baseline", items=2, latency="1s", strategies=[])

    with pytest.raises(at.InputError, match="the run is of health_check, the simulation of baseline"):
        at.calibrate(real, simulation)
    with pytest.raises(at.InputError, match="not a DataFrame"):
        at.calibrate(real.items, simulation)  # type: ignore[arg-type]


@pytest.mark.slow
def test_memory_is_set_beside_measured_cells(small_comparison: at.Comparison, made_up: object) -> None:
    simulation = at.simulate("baseline", items=20, latency="1s", prices=made_up, progress=False)  # type: ignore[arg-type]
    table = at.calibrate(small_comparison, simulation)

    assert table["task"].tolist() == ["deepcopy", "shared"] * 3
    assert set(table["metric"]) == {"heap_bytes", "fork_us", "render_us"}
    assert set(table.loc[table["metric"] == "fork_us", "verdict"]) == {"unknown"}, (
        "made up prices do not tell"
    )
