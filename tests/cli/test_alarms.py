"""`attune-sim check` and `attune-sim history`, as far as nothing has to be measured; `tests/test_alarms_page.py` measures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune_sim.cli.app import exit_code

TABLE = "[tool.attune_sim.thresholds.groups.a]\nworkload = 'baseline'\nrules = ['fork_bytes < 1']\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (None, [], "gates.toml: cannot be read: No such file or directory"),
        ("[tool", [], "gates.toml: is no TOML"),
        (
            "",
            [],
            "gates.toml: has no group of thresholds; write one as [tool.attune_sim.thresholds.groups.NAME]",
        ),
        (TABLE.replace("'fork_bytes < 1'", ""), [], "group 'a' has no rules"),
        (TABLE.replace("workload = 'baseline'", ""), [], "group 'a' of thresholds names no workload"),
        (TABLE, ["--group", "b"], "unknown group of thresholds 'b'; choose from: a"),
        (TABLE, ["--rule", "fork_bites < 1"], "threshold 'fork_bites < 1': unknown metric 'fork_bites'"),
        (TABLE, ["--export", "asv=x"], "unknown form of export 'asv'"),
        (
            TABLE,
            ["--save", "--baseline", "gates.toml"],
            "gates.toml: is there already, and attune-sim did not write it",
        ),
        (TABLE, ["--history", "h.jsonl"], "not a git repository"),
    ],
)
def test_what_cannot_be_checked_is_told_before_anything_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str | None, options: list[str], message: str
) -> None:
    if text is not None:
        (folder / "gates.toml").write_text(text)

    assert exit_code(["check", "gates.toml", *options]) == 2
    assert message in capsys.readouterr().err


def line(commit: str, day: int, value: float) -> str:
    row = {"group": "a", "case": "baseline, shared", "strategy": "shared", "metric": "fork_bytes"}
    facts = {"written_by": "attune-sim", "history": 1, "commit": commit, "date": f"2026-01-{day:02}"}
    values = {str(repeat): value for repeat in range(3)}
    return (
        json.dumps({**facts, "surroundings": {}, "series": [{**row, "values": values}]}).replace(": ", ":")
        + "\n"
    )


@pytest.fixture
def history(folder: Path) -> Path:
    path = folder / "history.jsonl"
    path.write_text(line("aaa", 1, 72.0) + line("bbb", 2, 72.0) + line("ccc", 3, 136.0))
    return path


def test_a_history_is_a_row_a_series_and_a_line_a_change(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["history", "history.jsonl", "--markdown", "page.md"]) == 0

    seen = " ".join(capsys.readouterr().out.split())
    assert "3 commits, counts and ratios" in seen
    assert "a: shared.fork_bytes baseline, shared 3 72 B 136 B ▁▁█ 1" in seen
    assert (
        "2026-01-03 ccc: a: shared.fork_bytes: 72 B -> 136 B, 1.89 times (1.89 to 1.89 over 3 pairs), after bbb"
        in seen
    )
    assert "| fork_bytes | 3 | 72 B | 136 B | ▁▁█ | 1 |" in history.with_name("page.md").read_text()


def test_one_series_is_a_row_a_commit(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["history", "history.jsonl", "--series", "fork_bytes"]) == 0
    assert "2026-01-03 ccc 136 B changed" in " ".join(capsys.readouterr().out.split())
    assert exit_code(["history", "history.jsonl", "--series", "fork_us"]) == 2
    assert "there is no such series; choose from: a: shared.fork_bytes" in capsys.readouterr().err


def test_a_program_reads_points_and_changes(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["history", "history.jsonl", "--json"]) == 0

    [one] = json.loads(capsys.readouterr().out)
    assert [point["value"] for point in one["points"]] == [72.0, 72.0, 136.0]
    assert [(step["commit"], step["since"]) for step in one["changes"]] == [("ccc", "bbb")]


def test_a_history_in_which_nothing_changed_has_nothing_to_look_for(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history.write_text(line("aaa", 1, 72.0) + line("bbb", 2, 72.0))

    assert exit_code(["history", "history.jsonl", "--bisect"]) == 2
    assert (
        "nothing changed in this history; name what became worse: --rule, --good and --bad"
        in capsys.readouterr().err
    )
