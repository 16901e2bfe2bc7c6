"""The command line on a cluster."""

import json

import pytest

from attune_sim.cli.app import exit_code

pytestmark = pytest.mark.slow


def test_run_and_resume_take_a_cluster_by_its_address(client, squares_file, tmp_path, capsys):
    beside = ["--actions", str(squares_file.with_suffix(".py")), "--executor", "dask"]
    cluster = ["--cluster", client.scheduler.address, "--json"]
    journal = ["--journal", str(tmp_path / "run.jsonl")]
    for verb in (["run", str(squares_file), *journal], ["resume", journal[1]]):
        assert exit_code([*verb, *beside, *cluster]) == 0
        assert json.loads(capsys.readouterr().out)["output"]["squares"] == [1, 4, 9, 16]


def test_a_cluster_without_its_executor_is_a_mistake(squares_file, capsys):
    given = ["--actions", str(squares_file.with_suffix(".py")), "--cluster", "tcp://x:1"]

    assert exit_code(["run", str(squares_file), *given]) == 2
    assert 'cluster= needs executor="dask"' in capsys.readouterr().err
