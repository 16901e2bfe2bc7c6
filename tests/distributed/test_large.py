"""Fan-outs on a cluster whose items are not sent and whose results do not come home."""

import os
import signal

import pytest

import attune_sim as at
from attune_sim.contexts.shared import Shared
from attune_sim.engine.offer import Offer
from attune_sim.executors.dask.desk import Batch, Slot
from attune_sim.executors.dask.packing import in_a_row
from attune_sim.executors.dask.parcels import packed
from attune_sim.scope import MISSING
from attune_sim.secrecy.secrets import Secrets

TEXT = """
version: '1'
parameters: {n: {type: integer}}
tasks:
  - name: each
    action: t.each
    with_items: "{{ range(parameters.n) }}"
    concurrency: 20
    retry: {count: 1, delay: 0}
    input: {n: "{{ item }}", at: "{{ index }}", key: "{{ keystore.key }}"}
"""
KEY = "an-open-secret"


def _offer(items, *, travel=False):
    forker = Shared().fan_out(Shared().begin({"parameters": {}}), None)
    return Offer(task="each", visit=0, items=items, forker=forker, forks_travel=travel)


def test_first_attempts_in_a_row_are_sent_as_their_bounds():
    row = [Slot(n, 0, MISSING) for n in range(7, 1007)]
    offer = _offer(range(2000))

    assert in_a_row(row, offer) == range(7, 1007)
    assert len(packed(Batch("key", in_a_row(row, offer)), Secrets({})).data) < 200
    for other in (
        [*row[:5], Slot(12, 1, MISSING), *row[6:]], [*row[:5], Slot(12, 0, MISSING, call=b"call"), *row[6:]], row[::2],
    ):  # fmt: skip
        assert in_a_row(other, offer) is other
    assert in_a_row(row, _offer(range(2000), travel=True)) is row
    assert in_a_row(row, _offer(list(range(2000)))) is row


class Each:
    """Fails some items the first time, and ends its worker once; what it returns holds a secret."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, n, at, key):
        mark = self.folder / str(n)
        if n % 7 == 0 and not mark.exists():
            mark.touch()
            if n == 35:
                os.kill(os.getpid(), signal.SIGKILL)
            raise ValueError("the first time")
        return [n, at, key]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["shared", "deepcopy"])
def test_results_outlive_the_worker_that_kept_them(client, tmp_path, strategy):
    run = at.run(
        TEXT, {"n": 60}, actions={"t.each": Each(tmp_path)}, keystore={"key": KEY}, executor="dask", cluster=client,
        strategy=strategy, results={"each": tmp_path / "kept"},
    )  # fmt: skip

    assert run.workers["fate"].tolist().count("died") == 1
    assert [index for index, _ in sorted(run.kept_results("each"))] == list(range(60))
    assert all(result[:2] == [index, index] for index, result in run.kept_results("each"))
    assert run.kept["items"].sum() == run.task_results["each"]["kept"]["items"] == 60
    assert KEY not in "".join(path.read_text() for path in (tmp_path / "kept").iterdir())
    alone = at.run(
        TEXT, {"n": 60}, actions={"t.each": Each(tmp_path)}, keystore={"key": KEY}, results={"each": tmp_path / "alone"}
    )  # fmt: skip
    assert alone.task_results["each"]["kept"]["digest"] == run.task_results["each"]["kept"]["digest"]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["counts", "kept"])
def test_a_run_that_broke_on_a_cluster_is_taken_up_at_home(client, tmp_path, how, stopping):
    journal, actions = tmp_path / "run.jsonl", {"t.each": lambda n, at, key: n}
    with pytest.raises(stopping.Stop):
        at.run(
            TEXT, {"n": 60}, actions=actions, keystore={"key": KEY}, executor="dask", cluster=client, journal=journal,
            observers=[stopping(20)], results={"each": "counts" if how == "counts" else tmp_path / "kept"},
        )  # fmt: skip
    run = at.resume(journal, actions=actions, keystore={"key": KEY})

    assert run.skipped["each"] >= 20
    assert run.task_results["each"]["succeeded"] == 60
    if how == "kept":
        assert sorted(run.kept_results("each")) == [(n, n) for n in range(60)]
        assert len(run.kept) >= 2
