"""`attune-sim slim`"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import attune_sim as at
from attune_sim.cli.app import exit_code

MINE = """\
version: 1.0.0
ref: ops.mine
tasks:
  - name: load
    action: ops.load   # heavy
    next: [{when: "{{ succeeded() }}", do: [each]}]
  - name: each
    action: ops.note
    with_items: "{{ range(parameters.n) }}"
    input: {total: "{{ task.load.total }}", item: "{{ item }}"}
parameters: {n: {type: integer, default: 4}}
"""
RESULTS = {"actions": {"load": [{"result": {"total": 3, "rows": "x" * 50_000}}]}}


@pytest.fixture
def mine(tmp_path: Path) -> list[str]:
    (tmp_path / "mine.yaml").write_text(MINE)
    (tmp_path / "results.json").write_text(json.dumps(RESULTS))
    return ["slim", str(tmp_path / "mine.yaml"), "--script", str(tmp_path / "results.json")]


def test_it_prints_one_line_and_then_the_diff(mine: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(mine) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("Each item of 'each' is handed 50,0")
    assert first.endswith("times less, with equal answers.")
    assert "-    action: ops.load   # heavy" in rest
    assert "+    action: ops.mine.load   # heavy" in rest
    assert "+++ b/ops.mine.load.yaml" in rest


def test_json_has_the_diff_and_the_sizes(mine: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code([*mine, "--json", "--param", "n=2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["proved"] is True
    assert found["items"] == 2
    assert found["before_bytes"] > 50_000 > 1_000 > found["after_bytes"]
    assert found["moves"][0]["task"] == "load"
    assert found["diff"].startswith("--- a/mine.yaml\n")


def test_files_are_written_and_run(mine: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "slimmed"
    assert exit_code([*mine, "--write", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {"mine.yaml", "ops.mine.load.yaml"}
    rehearsed = at.rehearse(folder / "mine.yaml", RESULTS, workflows=[at.load(folder / "ops.mine.load.yaml")])
    assert rehearsed.run.status == "succeeded"


def test_a_file_that_is_there_is_not_replaced(
    mine: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code([*mine, "--write", str(tmp_path)]) == 2
    assert (tmp_path / "mine.yaml").read_text() == MINE
    assert not (tmp_path / "ops.mine.load.yaml").exists()
    assert "is there already" in capsys.readouterr().err


def test_nothing_to_gain_is_good(tmp_path: Path, mine: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text(MINE.replace("task.load.total", "task.load"))
    assert exit_code(mine) == 0
    assert capsys.readouterr().out.startswith("There is nothing to gain: each item of 'each' is handed")


def test_without_results_it_says_what_is_missing(mine: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(mine[:2]) == 2
    assert "--actions FILE.py" in capsys.readouterr().err


def test_a_run_that_fails_is_a_finding(
    mine: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results.json").write_text(json.dumps({"actions": {"load": [{"status": "failed"}]}}))
    assert exit_code(mine) == 1
    assert capsys.readouterr().out.startswith("Nothing can be proved: the run failed")
