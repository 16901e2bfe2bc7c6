from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune_sim.cli.app import GROUPS, exit_code, program
from attune_sim.cli.sweep import sizes
from attune_sim.errors import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100", [100]),
        ("100,1000, 10000", [100, 1000, 10000]),
        ("100..10000x10", [100, 1000, 10000]),
        ("1..10x2", [1, 2, 4, 8]),
        ("8,100..400x2", [8, 100, 200, 400]),
        ("1..4x1.2", [1, 2, 3, 4]),
    ],
)
def test_sizes_are_lists_and_ranges(text: str, expected: list[int]) -> None:
    assert list(sizes("--items", text, int)) == expected


@pytest.mark.parametrize("text", ["", "many", "1,,2", "1..10", "1..10x1", "1..10x0.5", "..10x2", "1..x2"])
def test_what_is_no_list_of_sizes_is_quoted_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=r"--items .* is no list of sizes; write for example 100,1000 or"):
        list(sizes("--items", text, int))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--items", "few"], "--items 'few' is no list of sizes"),
        (["--context-bytes", "10 parsecs"], "--context-bytes '10 parsecs' is no number of bytes"),
        (["--items", "10,20", "--payload", "blobs"], "payload 'blobs' does not exist"),
        (["--items", "10,20", "--dispatch", "eager,lazy"], "dispatch 'lazy' does not exist"),
        (["--items", "10"], "a sweep needs several sizes"),
        (["--budget", "1s"], "give more, or name fewer strategies"),
    ],
)
def test_what_cannot_be_used_is_one_message_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["sweep", "baseline", *arguments]) == 2

    seen = capsys.readouterr()
    assert message in seen.err
    assert len(seen.err.splitlines()) == 1
    assert seen.out == ""


@pytest.mark.slow
def test_a_sweep_is_printed_reported_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "sweep", "baseline", "--items", "4..16x2", "--context-bytes", "20KB", "--strategy", "shared", "--repeats", "1",
        "--store", "cells.jsonl", "--report", "swept.html",
    ]  # fmt: skip
    assert exit_code(command) == 0

    out = capsys.readouterr().out
    assert "context strategies over several sizes" in out
    assert "How each cost grows" in out
    assert "report: swept.html" in out
    assert "<svg" in (folder / "swept.html").read_text()

    assert exit_code([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"laws", "summary", "cells", "metrics", "design", "crossovers"} <= told.keys()
    assert [row["items"] for row in told["summary"]] == [4, 8, 16]


def test_help_shows_every_command_in_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--help"]) == 0

    out = capsys.readouterr().out
    grouped = [command.name for commands in GROUPS.values() for command in commands]
    assert grouped == list(program.commands)
    assert [out.index(f"\n{heading}:\n") for heading in GROUPS] == sorted(
        out.index(f"\n{heading}:\n") for heading in GROUPS
    )
    assert all(f"\n  {name} " in out for name in grouped)
