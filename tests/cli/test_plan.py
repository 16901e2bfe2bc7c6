"""`attune-sim plan`: what it prints, and how it ends."""

from __future__ import annotations

import json

import pytest

from attune_sim.cli.app import exit_code

QUICK = [
    *("plan", "baseline", "--items", "20", "--latency", "1s", "--context-bytes", "20KB", "--every", "1min"),
    *("--for", "3min", "--strategy", "shared"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Prices of one strategy, so that they are weighed once."""
    path = str(tmp_path_factory.mktemp("store") / "kept.jsonl")
    assert exit_code([*QUICK, "--store", path, "--concurrency", "20"]) == 0
    return ["--store", path]


def test_the_pick_and_what_binds_are_said(store: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        exit_code(
            [*QUICK, *store, "--concurrency", "1..5", "--goal", "cycle_p99 < 5s", "--goal", "memory < 2GiB"]
        )
        == 0
    )

    said = capsys.readouterr().out
    assert "shared, 5 at a time: cost" in said
    assert "cycle_p99 binds above 20 items" in said
    assert "The frontier" in said


def test_json_is_for_programs(store: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    priced = ["--rate", "worker_hour=1", "--workers", "8x2", "--slots", "1", "--slots", "2"]
    assert exit_code([*QUICK, *store, *priced, "--goal", "cycle_p99 < 6s", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["source"]) == (True, "estimated")
    assert (told["pick"]["workers"], told["pick"]["slots"], told["pick"]["concurrency"]) == (2, 2, 4)
    assert told["pick"]["cost"] > 48


def test_goals_that_nothing_meets_are_a_finding(store: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code([*QUICK, *store, "--goal", "cycle_p99 < 1ms"]) == 1

    assert "Nothing that was tried meets the goals" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--goal", "speed < 3"], "goal 'speed < 3'"),
        (["--rate", "cheap"], "--rate 'cheap' has no form NAME=PRICE"),
        (["--rate", "gpu=1"], "worker_hour"),
        (["--concurrency", "9..3"], "concurrency '9..3'"),
    ],
)
def test_bad_input_is_one_line(
    store: list[str], more: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code([*QUICK, *store, *more]) == 2

    assert message in capsys.readouterr().err
