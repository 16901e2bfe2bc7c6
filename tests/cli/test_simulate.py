"""`attune-sim simulate`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune_sim.cli.app import exit_code

QUICK = ["simulate", "baseline", "--items", "10", "--latency", "1s", "--context-bytes", "20KB"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Prices of one strategy, so that they are weighed once."""
    path = str(tmp_path_factory.mktemp("store") / "kept.jsonl")
    assert (
        exit_code(
            [*QUICK, "--strategy", "shared", "--strategy", "deepcopy", "--store", path, "--dispatch", "eager"]
        )
        == 0
    )
    return path


def run(store: str, *more: str) -> int:
    return exit_code(
        [
            *QUICK,
            "--strategy",
            "shared",
            "--strategy",
            "deepcopy",
            "--store",
            store,
            "--dispatch",
            "eager",
            *more,
        ]
    )


def test_every_strategy_is_priced_beside_the_figures(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store, "--every", "5min", "--for", "1h", "--memory", "2GiB") == 0

    said = capsys.readouterr().out
    assert "every 5min for 1h" in said
    assert "Memory of each strategy, in 2 GiB (estimated" in said
    assert "deepcopy" in said
    assert "cycle_p99_s" in said


def test_json_is_for_programs(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store, "--json", "--memory", "2GiB") == 0

    told = json.loads(capsys.readouterr().out)
    assert {row["strategy"] for row in told["strategies"]} == {"shared", "deepcopy"}
    assert told["source"] == "estimated"
    assert told["whole"]
    assert told["cycles"][0]["succeeded"] == 10


def test_it_is_a_finding_if_no_strategy_lives(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store, "--memory", "1MB") == 1

    assert "no strategy lives" in capsys.readouterr().out


def test_it_is_a_finding_if_the_budget_ends_it(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(store, "--every", "1min", "--for", "10min", "--fault", "failing(60%)", "--max-events", "105") == 1
    )

    assert "budget of 105 events" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--every", "5min"], "--for"),
        (["--latency", "process_items=0s"], "no time above 0"),
        (["--workers", "none"], "workers"),
        (["--cron", "0 0 31 2 *", "--for", "1d"], "never fires"),
        (["--concurrency", "0"], "concurrency"),
        (["--every", "1ms", "--for", "365d"], "--max-events"),
        (["--report", "page.pdf"], "HTML, Markdown or JSON"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    wrong: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code([*QUICK, *wrong]) == 2

    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_servers_are_the_items_of_a_health_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = str(tmp_path / "kept.jsonl")
    assert (
        exit_code(["simulate", "health_check", "--servers", "20", "--strategy", "shared", "--store", kept])
        == 0
    )

    assert "20 items a cycle" in capsys.readouterr().out


def test_the_page_is_written_where_it_was_asked_for(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "day.html"
    assert run(store, "--report", str(page)) == 0

    assert f"report: {page}" in capsys.readouterr().out
    assert "What was simulated" in page.read_text(encoding="utf-8")
