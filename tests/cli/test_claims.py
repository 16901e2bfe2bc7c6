from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

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


@pytest.mark.slow
def test_a_stop_prints_what_there_is_and_the_store_goes_on(tmp_path: Path) -> None:
    store = tmp_path / "claims.jsonl"
    arguments = ["claims", "--claim", "clone_memory", "--payload", "text", "--json", "--store", str(store)]
    program = "from attune_sim.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline and (
            not store.exists() or '"row":"ended"' not in store.read_text()
        ):
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)

    told = json.loads(out)
    assert running.returncode == 130
    assert 1 <= len(told["cells"]) < 6
    assert told["warnings"] == [f"stopped: {len(told['cells'])} of 6 cells were measured"]
    assert told["claims"][0]["claim"] == "clone_memory"
