"""What the wire carries, counted: of a run, and of cells whose attempts are made on a cluster."""

import contextlib
import io
import json
import re
import time
from pathlib import Path

import pytest
from distributed import LocalCluster

import attune_sim as at
from attune_sim.cli.app import exit_code
from attune_sim.errors import InputError
from attune_sim.experiment.away import Away
from attune_sim.experiment.crew import Crew
from attune_sim.experiment.spec import CellSpec

pytestmark = pytest.mark.slow

TEXT = """
version: '1'
parameters: {numbers: {type: array}, rows: {type: array}}
tasks:
  - name: each
    action: t.each
    with_items: "{{ parameters.numbers }}"
    concurrency: 40
    input: {n: "{{ item }}", rows: "{{ parameters.rows }}"}
"""


def _each(n, rows):
    time.sleep(0.005)  # long enough for both workers to have a part in it
    return n


@pytest.fixture(scope="module")
def run(client):
    given = {"numbers": list(range(60)), "rows": [{"a": f"{n:090}"} for n in range(300)]}
    return at.run(TEXT, given, actions={"t.each": _each}, executor="dask", cluster=client)


def test_a_run_tells_bytes_of_each_worker_by_both_counters(run):
    workers, transfers = run.workers, run.transfers

    assert workers["items"].sum() == 60
    assert (workers["wire_bytes"] > 20_000).all()  # the rows went to each of them, once
    assert workers["wire_bytes"].sum() < 100_000
    assert workers[["dask_wire_bytes", "grown_bytes", "bytes_a_second"]].notna().all(axis=None)
    all_of_dask = transfers[transfers["kind"].eq("stream and data")]
    assert all_of_dask["bytes"].tolist() == workers["dask_wire_bytes"].tolist()


def test_a_run_tells_what_more_workers_and_items_would_carry(run):
    frame = run.wire(workers=[2, 4], items=[60, 6_000]).set_index(["workers", "items"])

    assert frame["source"].tolist() == ["measured", "estimated", "estimated", "estimated"]
    assert frame.loc[(2, 60), "wire_bytes"] == run.workers["wire_bytes"].sum()
    twice = frame.loc[(4, 60), "wire_bytes"] - frame.loc[(2, 60), "wire_bytes"]
    assert twice == pytest.approx(2 * frame.loc[(2, 60), "once_bytes"])
    assert run.plot_wire().get_xscale() == "log"


def test_a_simulation_takes_the_bandwidth_that_a_run_measured(run):
    given = {"items": 10, "latency": "1s", "strategies": [], "progress": False}
    found = at.simulate("baseline", workers="4(ship=worker)", bandwidth=run, **given)

    assert 1e5 < run.bandwidth < 1e10
    assert found.asked.workers.bandwidth_bytes_s == round(run.bandwidth)


@pytest.mark.parametrize("end", ["html", "md"])
def test_the_report_of_a_run_has_a_part_for_its_cluster(run, tmp_path, end):
    text = Path(run.report(tmp_path / f"run.{end}")).read_text()

    assert "On the cluster" in text
    assert "What the wire carries" in text
    assert all(address in text for address in run.workers["address"])


PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
SECTION = re.compile(r"^## What the wire carries\n.*?(?=^## )", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def page(client):
    """What the blocks of the page leave, after each printed what the page shows, but for its figures."""
    names = {"client": client}
    for code, shown in BLOCK.findall(SECTION.search(PAGE.read_text(encoding="utf-8"))[0]):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(code, "page", "exec"), names)
        assert figures_apart(said.getvalue()) == figures_apart(shown)
    return names


def figures_apart(text):
    return re.sub(r"[\d.]+( [KMG]?B)?", "#", text).split()


def test_cells_on_a_cluster_read_the_wire_and_no_times(page, tmp_path):
    found = page["found"]
    values = found.frame.set_index(["metric", "strategy"])["value"]

    assert dict(found.outcomes) == {"ok": 2}
    assert values["wire_item_bytes", "deepcopy"] > 20_000 > 1_000 > values["wire_item_bytes", "shared"]
    assert values["wire_once_bytes", "shared"] > 20_000 > 2_000 > values["wire_once_bytes", "deepcopy"]
    assert values["wire_workers"].tolist() == [2, 2]
    assert values["dask_wire_bytes", "deepcopy"] > 0.9 * 100 * values["wire_item_bytes", "deepcopy"]
    assert not {"wall_s", "paid_fork_us"} & set(found.frame["metric"])
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
        TEXT, "deepcopy", items=[12, 24], parameters=given, actions={"t.each": noting}, repeats=1,
        cluster=client, memory_limit="600MiB", progress=False,
    )  # fmt: skip

    assert dict(swept.outcomes) == {"ok": 2}
    assert len(list(called.iterdir())) == 12
    assert set(swept.cells["memory_only"]) == {True}
    assert "fork_us" not in set(swept.frame["metric"])
    values = swept.frame.set_index(["metric", "strategy", "items"])["value"]
    assert values["fork_bytes", "deepcopy", 24] > 1_000


def test_cells_read_times_where_a_worker_has_its_machine_to_itself(client, tmp_path, capsys):
    own = {"n_workers": 1, "threads_per_worker": 2, "resources": {"machine": 1}}
    off = {"dashboard": False, "dashboard_address": ":0"}
    with LocalCluster(**own, dashboard_address=None, scheduler_kwargs=off, silence_logs=50) as alone:
        sizes = ["--items", "8,16", "--context-bytes", "20KB", "--strategy", "shared", "--repeats", "1"]
        where = ["--cluster", alone.scheduler_address, "--resource", "machine=1"]
        report = ["--report", str(tmp_path / "swept.md"), "--json"]
        assert exit_code(["sweep", "baseline", *sizes, *where, *report]) == 0

    told = json.loads(capsys.readouterr().out)
    assert [cell["outcome"] for cell in told["cells"]] == ["ok", "ok"]
    assert {"fork_us", "wall_s"} <= {reading["metric"] for reading in told["metrics"]}
    with pytest.raises(InputError, match="no worker has the resources machine=1"):
        at.sweep(
            "baseline", "shared", items=[8, 16], cluster=client, resources={"machine": 1}, progress=False
        )


def test_a_cell_that_is_stopped_is_interrupted_and_leaves_nothing_at_its_worker(client):
    workload = at.workload_of("baseline", items=4)
    spec = CellSpec(workload=workload, strategy=at.strategies["shared"])
    with Crew(client) as crew, Away(crew, {}, spec.memory_limit_bytes) as away:
        record = away.run(spec, lambda row: None, lambda: True)

    assert (record.outcome, record.error) == ("interrupted", "interrupted by Ctrl-C")
    plugins = client.run(lambda dask_worker: list(dask_worker.plugins))
    assert not [name for names in plugins.values() for name in names if "cells" in name]


def test_secrets_do_not_go_to_workers_with_a_cell(client):
    given = {"items": [8, 16], "keystore": {"api": "hidden-value"}, "cluster": client, "progress": False}
    with pytest.raises(InputError, match=r"baseline: keystore.api is secret, .* leave out cluster="):
        at.sweep("baseline", "shared", **given)
