from __future__ import annotations

import json

import pytest

from attune_sim.cli.app import exit_code


def test_an_unknown_claim_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["claims", "--claim", "memory"]) == 2
    assert "claim 'memory' does not exist; choose from: context_size" in capsys.readouterr().err


def test_the_groups_of_the_original_take_no_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["claims", "--original", "--payload", "text"]) == 2
    assert "leave out --claim and --payload" in capsys.readouterr().err


@pytest.mark.slow
def test_a_refuted_line_is_a_result_and_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code = exit_code(["claims", "--claim", "clone_memory", "--payload", "text", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {line["verdict"] for line in told["lines"]} >= {"refuted"}
    assert told["claims"][0]["verdict"] == "depends"
    assert told["cells"]
    assert told["report"] is None
