"""Simulations of workflows that call sub-workflows: what frames and plots make of the items in them."""

from __future__ import annotations

import pytest

import attune_sim as at

OUTER = at.load("""
version: '1'
tasks:
  - name: regions
    action: t.region
    with_items: "{{ range(3) }}"
""")
REGION = at.load("""
version: '1'
ref: t.region
tasks:
  - name: check
    action: t.check
    with_items: "{{ range(4) }}"
    input: {n: "{{ item }}"}
""")
ACTIONS = {"t.check": lambda n: {"n": n}}


@pytest.fixture(scope="module")
def nested() -> at.Simulation:
    return at.simulate(
        OUTER, workflows=[REGION], actions=ACTIONS, latency="1s", workers="2x2", strategies=[], progress=False
    )


def test_items_name_their_run_and_their_task_behind_its_ref(nested: at.Simulation) -> None:
    numbers = nested.items.groupby(["task", "run"]).size().to_dict()

    assert numbers == {("regions", 0): 3, **{("t.region/check", run): 4 for run in (1, 2, 3)}}
    assert nested.cycles["items"].tolist() == [15]
    assert nested.items.loc[nested.items["run"] == 0, "worker"].isna().all()


def test_a_gantt_of_workers_shows_what_they_served(nested: at.Simulation) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert nested.plot_gantt(by="worker", ax=axes) is axes
    assert len(axes.patches) == 12


def test_a_run_that_tells_nothing_of_sub_workflows_is_set_beside_what_is_not_in_them(
    nested: at.Simulation,
) -> None:
    real = at.run(OUTER, workflows=[REGION], actions=ACTIONS)
    table = at.calibrate(real, nested).set_index("metric")

    assert table.loc[["items", "succeeded", "attempts"], "verdict"].tolist() == ["agrees"] * 3
    assert table.loc["items", "measured"].tolist() == 3.0
