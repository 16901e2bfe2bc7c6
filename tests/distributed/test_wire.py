"""What the wire carries, counted: of a run, and of cells whose attempts are made on a cluster."""

import time
from pathlib import Path

import pytest

from distributed import LocalCluster

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


def _each(n, rows):
    time.sleep(0.005)  # long enough for both workers to have a part in it
    return n


@pytest.fixture(scope="module")
def run(client):
    given = {"numbers": list(range(60)), "rows": [{"a": "x" * 90} for _ in range(200)]}
    return at.run(TEXT, given, actions={"t.each": _each}, executor="dask", cluster=client)


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
    text = Path(run.report(tmp_path / f"run.{end}")).read_text()

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
    assert "What the wire carries" in Path(found.report(tmp_path / "found.md")).read_text()


def test_a_cluster_that_nobody_uses_is_told():
    with pytest.raises(InputError, match=r'cluster= needs executor="dask"'):
        at.compare("baseline", "shared", cluster="tcp://x:1", progress=False)
    with pytest.raises(InputError, match="verify needs attempts in this process"):
        at.compare("baseline", "shared", executor="dask", verify=True, progress=False)


def test_cells_of_a_sweep_run_on_workers_and_answer_from_what_was_recorded_at_home(client, tmp_path):
    called = tmp_path / "called"
    called.mkdir()

    def noting(n, rows):
        (called / str(n)).touch(exist_ok=False)
        return {"n": n, "rows": len(rows)}

    given = {"numbers": list(range(12)), "rows": [{"a": "x" * 90}] * 20}
    swept = at.sweep(
        TEXT, ["shared", "deepcopy"], items=[12, 24], parameters=given, actions={"t.each": noting}, repeats=1,
        cluster=client, memory_limit="600MiB", progress=False,
    )  # fmt: skip

    assert dict(swept.outcomes) == {"ok": 4}
    assert len(list(called.iterdir())) == 12
    assert set(swept.cells["memory_only"]) == {True}
    assert "fork_us" not in set(swept.frame["metric"])
    values = swept.frame.set_index(["metric", "strategy", "items"])["value"]
    assert values["fork_bytes", "deepcopy", 24] > 2_000 > values["fork_bytes", "shared", 24]


def test_cells_read_times_where_a_worker_has_its_machine_to_itself(client, tmp_path):
    with LocalCluster(
        n_workers=1, threads_per_worker=2, resources={"machine": 1}, dashboard_address=None, silence_logs=50
    ) as alone:
        swept = at.sweep(
            "baseline", "shared", items=[8, 16], context_bytes="20KB", repeats=1, cluster=alone,
            resources={"machine": 1}, progress=False,
        )  # fmt: skip

    assert dict(swept.outcomes) == {"ok": 2}
    assert {"fork_us", "wall_s"} <= set(swept.frame["metric"])
    with pytest.raises(InputError, match="no worker has the resources machine=1"):
        at.sweep(
            "baseline", "shared", items=[8, 16], cluster=client, resources={"machine": 1}, progress=False
        )
    assert not client.run(lambda dask_worker: [one for one in dask_worker.plugins if "cells" in one]) == {}


def test_secrets_do_not_go_to_workers_with_a_cell(client):
    given = {"items": [8, 16], "keystore": {"api": "hidden-value"}, "cluster": client, "progress": False}
    with pytest.raises(InputError, match=r"baseline: keystore.api is secret, .* leave out cluster="):
        at.sweep("baseline", "shared", **given)
