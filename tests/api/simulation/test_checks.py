"""Every kind of simulation is held against Little's law; queueing theory stands beside the mean wait where it fits, and says why where not."""

from __future__ import annotations

from typing import Any

import pytest

import attune_sim as at
from attune_sim.simulation.workers import theory

ONE = """
version: '1'
tasks:
  - {name: check, action: t.check}
"""
SEVERAL = """
version: '1'
tasks:
  - name: check
    action: t.check
    with_items: "{{ range(6) }}"
    %s
"""
NESTED = """
version: '1'
tasks:
  - name: regions
    action: t.region
    with_items: "{{ range(3) }}"
    timeout: 4
"""
REGION = "version: '1'\nref: t.region\n" + SEVERAL.partition("'1'\n")[2] % "concurrency: 2"
KINDS: dict[str, dict[str, Any]] = {
    "alone": {},
    "a window": {"workload": SEVERAL % "concurrency: 2"},
    "cycles that overlap": {"every": "2s", "duration": "20s"},
    "cycles that are queued": {"every": "2s", "duration": "20s", "overlap": "queue"},
    "cycles that are left out": {"every": "2s", "duration": "20s", "overlap": "skip"},
    "cycles by chance": {"arrivals": "poisson(1/s)", "duration": "20s"},
    "retries": {"workload": SEVERAL % "retry: {count: 2, delay: 1}", "faults": "failing(40%)"},
    "timeouts": {"workload": SEVERAL % "timeout: 2"},
    "outages": {"faults": "outages(5s, 2s, share=50%)", "every": "3s", "duration": "20s"},
    "a rate limit": {"faults": "rate_limit(2/s)"},
    "sub-workflows": {"workload": NESTED, "workflows": [at.load(REGION)]},
    "nobody knows what": {"latency": "pareto(100ms, 1.1)"},
    "a budget that is used up": {
        "every": "1s",
        "duration": "1h",
        "max_events": 4_000,
        "faults": "failing(90%)",
    },
}
CREWS = [
    None,
    "2",
    "2x2(lifo)",
    "3(random, start_up=1s)",
    "2(mtbf=10s, repair=1s)",
    "4(fair, idle=1s, start_up=2s)",
]


def simulated(**given: Any) -> at.Simulation:
    settings = {
        "workload": SEVERAL % "", "latency": "lognormal(1s, 0.8)", "strategies": [], "progress": False, **given,
    }  # fmt: skip
    workload = settings.pop("workload")
    return at.simulate(at.load(workload), **settings)


@pytest.mark.parametrize("workers", CREWS)
@pytest.mark.parametrize("kind", KINDS)
def test_littles_law_holds_in_every_kind_of_simulation(kind: str, workers: str | None) -> None:
    found = simulated(workers=workers, **KINDS[kind])

    laws = found.checks[found.checks["check"].str.contains("Little")]
    assert len(laws) == (1 if workers is None else 2)
    assert laws["holds"].all()
    assert laws["simulated"].tolist() == pytest.approx(laws["expected"].tolist())
    assert not any("Little" in line for line in found.warnings)


@pytest.mark.parametrize("workers", [None, "3"])
def test_it_is_what_the_frames_themselves_say(workers: str | None) -> None:
    found = simulated(workers=workers, every="5s", duration="2min")
    items, passed_s = found.items, found.cycles["ended_s"].max()
    rate = len(items) / passed_s

    told = found.checks.set_index("check")["simulated"]
    stay = (items["ended_s"] - items["started_s"]).mean()
    assert told["mean number in service (Little)"] == pytest.approx(rate * stay)
    if workers is not None:
        wait, queue = (items["started_s"] - items["queued_s"]).mean(), found.queue
        assert told["mean number waiting (Little)"] == pytest.approx(rate * wait)
        widths = queue["time_s"].diff().shift(-1).fillna(passed_s - queue["time_s"].iloc[-1])
        assert (queue["waiting"] * widths).sum() / passed_s == pytest.approx(rate * wait)


def by_chance(
    latency: str, workers: str, rate: str = "2/s", workload: str = ONE, duration: str = "30min", **given: Any
) -> dict[str, Any]:
    found = simulated(
        workload=workload, latency=latency, workers=workers, arrivals=f"poisson({rate})", duration=duration, **given
    )  # fmt: skip
    row: dict[str, Any] = found.checks.set_index("check").loc["mean wait"].to_dict()
    return row


@pytest.mark.parametrize(
    ("latency", "workers", "expected", "by"),
    [
        ("exponential(1s)", "3", theory.mmc_wait(2.0, 1.0, 3), "Erlang C: M/M/3, load 0.667"),
        ("exponential(1s)", "1x3(lifo)", theory.mmc_wait(2.0, 1.0, 3), "Erlang C: M/M/3, load 0.667"),
        ("exponential(300ms)", "1", theory.mg1_wait(2.0, 0.3, 1.0), "Pollaczek-Khinchine: M/G/1, load 0.6"),
        ("300ms", "1(random)", theory.mg1_wait(2.0, 0.3, 0.0), "Pollaczek-Khinchine: M/G/1, load 0.6"),
    ],
)
def test_theory_stands_beside_the_simulations_own_interval(
    latency: str, workers: str, expected: float, by: str
) -> None:
    row = by_chance(latency, workers)

    assert row["expected"] == pytest.approx(expected)
    assert (row["why"], row["holds"]) == (by, True)
    assert row["low"] < row["simulated"] < row["high"]


def test_of_items_that_come_together_each_waits_for_those_before_it() -> None:
    row = by_chance("50ms", "1", workload=SEVERAL % "concurrency: 6")

    assert row["why"] == "Pollaczek-Khinchine: M/G/1 of 6 at once, load 0.6"
    assert row["expected"] == pytest.approx(theory.mg1_wait(2.0, 0.3, 0.0) + 2.5 * 0.05)
    assert row["holds"]


def test_an_approximation_is_shown_and_decides_nothing() -> None:
    row = by_chance("lognormal(1s, 0.5)", "3")

    assert row["why"].startswith("Allen-Cunneen, about: M/G/3")
    assert row["expected"] == pytest.approx(row["simulated"], rel=0.3)
    assert row["holds"] is None or row["holds"] != row["holds"] or str(row["holds"]) == "<NA>"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"rate": "4/s"}, "load 1.33: the queue grows for ever"),
        ({"workers": "3(mtbf=1h)"}, "no theory fits: workers fail"),
        ({"workers": "3(shortest)"}, "no theory fits: the shortest comes first"),
        ({"latency": "per_target(exponential(1s), spread=0.5)"}, "no distribution of which the spread is known"),
        ({"faults": "failing(1%)"}, "no theory fits: attempts are cut short, fail"),
        ({"workload": SEVERAL % "concurrency: 2"}, "a window holds items back"),
        ({"workload": SEVERAL % "concurrency: 6"}, "several items at once"),
        ({"overlap": "queue"}, "cycles do not come by chance"),
    ],
)  # fmt: skip
def test_where_no_theory_fits_it_says_why(given: dict[str, Any], why: str) -> None:
    given = {"latency": "exponential(1s)", "workers": "3", "rate": "2/s", **given}
    if given.get("workload", "").startswith("\nversion: '1'\ntasks:\n  - name"):
        given |= {"rate": "20/min"}
    row = by_chance(**given, duration="3min")

    assert why in row["why"]
    assert str(row["holds"]) == "<NA>" or row["holds"] is None


def test_the_page_and_the_terminal_show_what_was_checked(tmp_path: Any) -> None:
    found = simulated(workload=ONE, latency="exponential(1s)", workers=2, arrivals="poisson(1/s)", duration="10min", seeds=2, processes=1)  # fmt: skip

    assert "Held against theory, seed 0" in str(found)
    assert "Erlang C" in str(found)
    assert "in 2 of 2" in str(found)
    page = tmp_path / "day.html"
    found.report(page)
    assert "mean number in service (Little)" in page.read_text()
