"""What the wire carries, counted: of a run, and of cells whose attempts are made on a cluster."""

import pytest

import attune_sim as at
from attune_sim.errors import InputError

pytestmark = pytest.mark.slow

TEXT = """
version: '1'
parameters: {numbers: {type: array}, rows: {type: array}}
tasks:
  - name: each
    action: t.each
    with_items: "{{ parameters.numbers }}"
    input: {n: "{{ item }}", rows: "{{ parameters.rows }}"}
"""


@pytest.fixture(scope="module")
def run(client):
    given = {"numbers": list(range(60)), "rows": [{"a": "x" * 90} for _ in range(200)]}
    return at.run(TEXT, given, actions={"t.each": lambda n, rows: n}, executor="dask", cluster=client)


def test_a_run_tells_bytes_of_each_worker_by_both_counters(run):
    workers, transfers = run.workers, run.transfers

    assert workers["items"].sum() == 60
    assert (workers["wire_bytes"] > 20_000).all()  # the rows went to each of them, once
    assert workers["wire_bytes"].sum() < 100_000
    assert workers[["dask_wire_bytes", "grown_bytes", "bytes_a_second"]].notna().all(axis=None)
    all_of_dask = transfers[transfers["kind"].eq("all") & transfers["counted_by"].eq("dask")]
    assert all_of_dask["bytes"].tolist() == workers["dask_wire_bytes"].tolist()


def test_a_run_tells_what_more_workers_and_items_would_carry(run):
    frame = run.wire(workers=[2, 4], items=[60, 6_000]).set_index(["workers", "items"])

    assert frame["source"].tolist() == ["measured", "estimated", "estimated", "estimated"]
    assert frame.loc[(2, 60), "wire_bytes"] == run.workers["wire_bytes"].sum()
    twice = frame.loc[(4, 60), "wire_bytes"] - frame.loc[(2, 60), "wire_bytes"]
    assert twice == pytest.approx(2 * frame.loc[(2, 60), "once_bytes"])
    assert run.plot_wire().get_xscale() == "log"


@pytest.mark.parametrize("end", ["html", "md"])
def test_the_report_of_a_run_has_a_part_for_its_cluster(run, tmp_path, end):
    text = open(run.report(tmp_path / f"run.{end}")).read()

    assert "On the cluster" in text
    assert "What the wire carries" in text
    assert all(address in text for address in run.workers["address"])


def test_cells_on_a_cluster_read_the_wire_and_no_times(client, tmp_path):
    found = at.compare(
        "baseline", ["shared", "deepcopy"], items=40, context_bytes="50KB", repeats=1, executor="dask",
        cluster=client, store=tmp_path / "cells.jsonl", progress=False,
    )  # fmt: skip

    assert dict(found.outcomes) == {"ok": 2}
    values = found.frame.set_index(["metric", "strategy"])["value"]
    assert values["wire_item_bytes", "deepcopy"] > 20_000 > 1_000 > values["wire_item_bytes", "shared"]
    assert values["wire_once_bytes", "shared"] > 20_000 > 2_000 > values["wire_once_bytes", "deepcopy"]
    assert values["wire_workers"].tolist() == [2, 2]
    assert values["dask_wire_bytes", "deepcopy"] > 0.9 * 40 * values["wire_item_bytes", "deepcopy"]
    assert not {"wall_s", "paid_fork_us"} & set(found.frame["metric"])
    assert found.wire()["strategy"].unique().tolist() == ["shared", "deepcopy"]
    assert "What the wire carries" in open(found.report(tmp_path / "found.md")).read()


def test_a_cluster_that_nobody_uses_is_told():
    with pytest.raises(InputError, match=r'cluster= needs executor="dask"'):
        at.compare("baseline", "shared", cluster="tcp://x:1", progress=False)
    with pytest.raises(InputError, match="verify needs attempts in this process"):
        at.compare("baseline", "shared", executor="dask", verify=True, progress=False)
