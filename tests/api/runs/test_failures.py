"""A failed action shows where, and failures are grouped by reason."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import attune_sim as at
from attune_sim.cli.app import exit_code

ACTIONS = """\
def inner(n):
    return {}["missing"] if n == 3 else n


def demo__square(n):
    if n > 6:
        raise OSError(f"disk full: db-{n:03}")
    return inner(n)
"""


@pytest.fixture
def folder(squares_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(squares_file.parent)
    Path("actions.py").write_text(ACTIONS)
    return squares_file.parent


def failed_run(executor: str = "inline", **options) -> at.Run:
    numbers = {"numbers": list(range(1, 11))}
    return at.run("squares.yaml", numbers, actions="actions.py", executor=executor, **options)


@pytest.mark.parametrize("executor", ["inline", "threads", "asyncio"])
def test_failures_are_grouped_by_reason_with_the_line_of_the_action(folder: Path, executor: str) -> None:
    failures = failed_run(executor).failures

    assert failures[["task", "outcome", "reason", "count", "where"]].values.tolist() == [
        ["square", "failed", "KeyError: 'missing'", 1, "actions.py:2 in inner"],
        ["square", "failed", "OSError: disk full: db-007 ...", 4, "actions.py:7 in demo__square"],
    ]
    assert failures["indexes"].tolist() == [[2], [6, 7, 8, 9]]


def test_the_traceback_of_the_first_of_a_group_is_kept_without_our_own_lines(folder: Path) -> None:
    missing, full = failed_run().failures["traceback"]

    assert missing.startswith("Traceback (most recent call last):\n")
    assert missing.endswith("KeyError: 'missing'\n")
    assert "in demo__square\n    return inner(n)" in missing
    assert "attempts.py" not in missing + full
    assert full.endswith("OSError: disk full: db-007\n")


def test_the_frame_has_file_and_line_of_each_item_that_failed(folder: Path) -> None:
    items = failed_run().items

    placed = items.loc[items["outcome"] == "failed", ["index", "file", "line"]]
    assert placed.values.tolist() == [[2, "actions.py", 2], *([n, "actions.py", 7] for n in range(6, 10))]
    assert items.loc[items["outcome"] == "succeeded", "line"].isna().all()
    assert items["line"].dtype == "Int64"


def test_a_task_without_items_has_file_and_line_too(folder: Path) -> None:
    text = "version: 1.0.0\ntasks: [{name: one, action: actions.inner, input: {n: 3}}]\n"
    run = at.run(text, actions="actions.py")

    assert run.tasks[["file", "line"]].values.tolist() == [["actions.py", 2]]
    assert run.failures[["task", "count", "indexes"]].values.tolist() == [["one", 1, []]]


def test_an_item_that_succeeds_at_a_retry_is_no_failure(folder: Path) -> None:
    text = (
        Path("squares.yaml").read_text().replace("    input:", "    retry: {count: 1, delay: 0}\n    input:")
    )
    seen: set[int] = set()

    def second_time(n: int) -> int:
        if n not in seen:
            seen.add(n)
            raise ValueError("not yet")
        return n

    run = at.run(text, actions={"demo.square": second_time})
    assert run.status == "succeeded"
    assert run.failures.empty
    assert list(run.failures.columns) == list(failed_run().failures.columns)


def test_an_error_of_an_action_that_comes_along_has_a_reason_and_no_place(folder: Path) -> None:
    text = "version: 1.0.0\ntasks: [{name: read, action: logs.aggregate, input: {file: nowhere.log}}]\n"

    [row] = at.run(text).failures.to_dict("records")
    assert row["reason"].startswith("nowhere.log: the log cannot be read")
    assert pd.isna(row["line"])


def test_many_failures_are_counted_though_not_each_reason_is_kept(folder: Path) -> None:
    def fails(n: int) -> None:
        raise ValueError(chr(0x4E00 + n))

    run = at.run("squares.yaml", {"numbers": list(range(1500))}, actions={"demo.square": fails})
    assert run.failures["count"].sum() == 1500
    assert run.failures["reason"].iloc[-1] == "other reasons"
    assert run.failures["traceback"].notna().sum() == 1


def test_a_secret_in_a_traceback_is_masked(folder: Path) -> None:
    def fails(n: int) -> None:
        raise ValueError("no entry with hunter22")

    run = at.run("squares.yaml", actions={"demo.square": fails}, keystore={"key": "hunter22"})
    assert run.failures["traceback"].iloc[0].endswith("ValueError: no entry with ***\n")
    assert "hunter22" not in run.failures.to_string()


def test_the_terminal_and_the_report_show_groups_and_places(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "squares.yaml", "--actions", "actions.py", "--param", "numbers=[3, 7, 8, 9, 10]"]
    assert exit_code([*arguments, "--report", "run.md"]) == 1

    for text in (capsys.readouterr().out, Path("run.md").read_text()):
        assert "actions.py:2 in inner: KeyError: 'missing'" in text
        assert "actions.py:7 in demo__square: OSError: disk full: db-007 ..." in text
        assert text.index("disk full") < text.index("KeyError: 'missing'", text.index("by cause"))
