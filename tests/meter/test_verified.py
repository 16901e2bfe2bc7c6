"""The meter beside cells of a small workload: no figure of time is held to anything but its order of magnitude."""

import sys

import pytest

import attune_sim as at
from attune_sim.api.comparisons.verification import Verification
from attune_sim.api.comparisons.verifying import hash_seed_of
from attune_sim.cli.app import exit_code
from attune_sim.meter.findings import SHOWN, one_run
from attune_sim.meter.process import taken
from attune_sim.meter.speed import PAID

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pages are counted by /proc")


@linux
@pytest.mark.slow
def test_memory_agrees_with_an_independent_meter_and_times_are_of_the_same_order():
    found = at.compare(
        "baseline",
        ["deepcopy", "hamt", "shared"],
        items=300,
        history=2,
        repeats=1,
        progress=False,
        verify=True,
    )

    verification = found.verification
    assert isinstance(verification, Verification)
    assert verification.reasons == ()
    assert {name: len(pairs) for name, pairs in verification.pairs.items()} == dict.fromkeys(
        found.strategies, 1
    )
    frame = verification.frame.set_index(["strategy", "metric"])
    assert list(verification.frame["metric"]) == [*SHOWN] * 3
    for strategy in found.strategies:
        for metric in ("fork_bytes", "copied_bytes"):
            assert abs(frame.loc[(strategy, metric), "deviation"]) < 0.05
        assert frame.loc[(strategy, "alive_bytes"), "verdict"] in ("agrees", "too small to resolve")
        assert 0 < frame.loc[(strategy, "fork_us"), "meter"] < 1e5
        assert frame.loc[(strategy, "alive_bytes"), "meter"] == frame.loc[(strategy, "copied_bytes"), "meter"]
    assert abs(frame.loc[("deepcopy", "live_heap_bytes"), "deviation"]) < 0.05
    assert frame.loc[("deepcopy", "alive_bytes"), "verdict"] == "agrees"
    assert frame.loc[("deepcopy", "paid_fork_us"), "verdict"] == "agrees"
    assert set(frame.index[frame["one_run"]]) == {
        (strategy, metric) for strategy in found.strategies for metric in PAID
    }
    for strategy in found.strategies:
        ((told, metered),) = verification.pairs[strategy]
        for metric in ("render_us", "action_us"):
            assert 0.5 < told[one_run(metric)] / metered[one_run(metric)] < 2
    assert frame.loc[("shared", "live_heap_bytes"), "verdict"] == "too small to resolve"


@linux
@pytest.mark.slow
def test_the_command_prints_the_verification(capsys, tmp_path):
    code = exit_code(
        ["compare", "baseline", "--items", "50", "--history", "1", "--strategy", "shared", "--strategy", "json", "--repeats", "1",
         "--dispatch", "windowed", "--verify", "--report", str(tmp_path / "report.html")]
    )  # fmt: skip

    text = capsys.readouterr().out
    table = text.partition("Verification: ")[2]
    assert code == (1 if "OFF" in table else 0)
    assert "figures within 5 %, median deviation" in table
    rows = [line for line in table.split("\n") if "alive_bytes" in line]
    assert all("too small to resolve" in row for row in rows)
    assert len(rows) == 2
    assert (
        "told and metered in runs made for this, not in the cells: paid_fork_us, render_us, action_us of all strategies"
        in (table.replace("\n", " "))
    )


def test_a_comparison_that_was_not_verified_says_so(squares):
    assert squares.verification is None


@pytest.fixture(scope="module")
def squares():
    text = 'version: 1.0.0\ntasks:\n  - {name: s, action: a.s, with_items: "{{ [1, 2] }}", input: {n: "{{ item }}"}}\n'
    return at.compare(text, "shared", actions={"a.s": lambda n: n}, repeats=1, progress=False)


def test_the_meter_runs_under_the_hash_seed_of_the_cell_where_it_is_known(squares):
    (record,) = squares.records

    class Seeded:
        hash_seed = 17

    assert hash_seed_of(record) == getattr(record, "hash_seed", 0)
    assert hash_seed_of(Seeded()) == 17


def test_what_goes_wrong_in_a_process_of_the_meter_is_a_reason():
    figures, reason = taken("no order", "timed", path=sys.path, hash_seed=0, seconds=60)

    assert figures == {}
    assert "Error" in reason
